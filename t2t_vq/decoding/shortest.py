"""Computing on no more positions than a batch needs, where shapes are static."""

import functools
import math
from collections.abc import Callable
from typing import Any

from keras import ops

from t2t_vq.tensors import Tensor

# Of the longest. Each is one more program to compile, so there are few, where most sequences are.
_SHARES = (0.5, 0.75, 1.0)


def at_shortest(function: Callable[[int], Any], length: int, needed: Tensor) -> Any:
    """Calls a function of a length with the shortest of a few lengths that is long enough.

    Shapes that a compiler sees are static, so an array has the length that the longest possible
    sequence takes, and most are much shorter. The lengths to choose from are a half, three
    quarters and all of `length`, rounded up; each is compiled, and one runs.

    Args:
        function: of a Python integer. Its result has the same shape for all.
        length: the longest, a Python integer.
        needed: scalar int32, at most `length`.

    Returns:
        What the function returns.

    Example:
        >>> found = at_shortest(lambda n: ops.sum(ops.arange(8)[:n]), length=8, needed=ops.array(3))
        >>> int(found)  # of the first four
        6
    """
    lengths = sorted({math.ceil(length * share) for share in _SHARES})
    too_short = [ops.cast(needed > shorter, "int32") for shorter in lengths[:-1]]
    index = sum(too_short, ops.zeros((), "int32"))
    return ops.switch(index, [functools.partial(function, each) for each in lengths])
