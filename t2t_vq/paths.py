"""Paths as people write them."""

import os
from typing import overload

StrPath = str | os.PathLike[str]


@overload
def expanded(path: StrPath) -> str: ...
@overload
def expanded(path: None) -> None: ...
def expanded(path: StrPath | None) -> str | None:
    """Returns a path with the home that a ~ at its beginning stands for; none for none.

    Example:
        >>> expanded("runs/mine")
        'runs/mine'
    """
    return None if path is None else os.path.expanduser(path)
