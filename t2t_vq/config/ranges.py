"""What a hyper-parameter may be, as part of its type.

Each of them has `in`, and prints as what must hold of a value.

Example:
    >>> rate: Annotated[float, Within(0, 1, below=True)] = 0.1
    >>> 1.0 in Within(0, 1, below=True), str(OneOf("rsqrt", "cosine"))
    (False, 'one of rsqrt, cosine')
"""

import math
from typing import Annotated, Any

# What TensorFlow counts in int32, and more than anybody waits for.
_MOST = 2**31 - 1
# Beyond that, float32 keeps nothing of what is added.
_LARGEST = 1e9


class Within:
    """The finite numbers between two ends.

    Args:
        least, most: the ends.
        above: whether a number must be more than `least`.
        below: whether it must be less than `most`.
    """

    def __init__(
        self, least: float, most: float = math.inf, *, above: bool = False, below: bool = False
    ) -> None:
        self._least = least
        self._most = most
        self._above = above
        self._below = below

    def __contains__(self, value: Any) -> bool:
        # A whole number may be too large for a float to hold.
        if isinstance(value, float) and not math.isfinite(value):
            return False
        starts = value > self._least if self._above else value >= self._least
        return starts and (value < self._most if self._below else value <= self._most)

    def __str__(self) -> str:
        least = f"{'more than' if self._above else 'at least'} {self._least:,}"
        if self is FINITE:
            return "finite"
        if self._most == math.inf:
            return least
        return f"{least} and {'less than' if self._below else 'at most'} {self._most:,}"


class OneOf:
    """Some texts.

    Args:
        *names: the texts.
    """

    def __init__(self, *names: str) -> None:
        self._names = names

    def __contains__(self, value: Any) -> bool:
        return value in self._names

    def __str__(self) -> str:
        return f"one of {', '.join(self._names)}"


class _Path:
    """The texts that can name a file."""

    def __contains__(self, value: Any) -> bool:
        try:
            return b"\0" not in value.encode("utf-8")
        except UnicodeEncodeError:
            return False

    def __str__(self) -> str:
        return "a path"


FINITE = Within(-math.inf)
# A part of a whole, which may be all of it, and one that may not.
SHARE = Within(0, 1)
RATE = Within(0, 1, below=True)

SCHEDULE = OneOf("rsqrt", "cosine")
LEARNING = OneOf("ema", "gradient")
SIMILARITY = OneOf("euclidean", "cosine")
ESTIMATOR = OneOf("straight_through", "rotation")
PROJECTION = OneOf("slice", "random")
PREDICTOR = OneOf("causal", "masked")
ENCODER = OneOf("convolutional", "transformer")
LIKELIHOOD = OneOf("logistic_mixture", "categorical")

Count = Annotated[int, Within(1, _MOST)]
Number = Annotated[int, Within(0, _MOST)]
Width = Annotated[int, Within(1, 2**20)]
# Codebooks side by side, each a layer.
Blocks = Annotated[int, Within(1, 2_048)]
# Layers one on another, each of which takes a moment to build.
Depth = Annotated[int, Within(1, 256)]
DepthOrNone = Annotated[int, Within(0, 256)]
PathName = Annotated[str, _Path()]
Positive = Annotated[float, Within(1 / _LARGEST, _LARGEST)]
Weight = Annotated[float, Within(0, _LARGEST)]
Share = Annotated[float, SHARE]
Rate = Annotated[float, RATE]
