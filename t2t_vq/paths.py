"""The type of a path, for hints."""

import os

StrPath = str | os.PathLike[str]
