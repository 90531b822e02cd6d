"""What was scored and how, as text."""

import json
import math
from collections.abc import Mapping
from typing import Any


def as_json(values: Mapping[str, Any]) -> str:
    """Returns a dict as a line of JSON; what is infinite or NaN becomes null.

    Example:
        >>> as_json({"bleu": 30.5, "psnr": float("inf")})
        '{"bleu": 30.5, "psnr": null}'
    """
    return json.dumps(
        {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in values.items()
        }
    )


def as_table(values: Mapping[str, float]) -> str:
    """Returns a dict of integers and floats as lines of text, decimal points below each other.

    Example:
        >>> print(as_table({"images": 10, "psnr": 21.5}))
        images        10
        psnr          21.5000
    """
    width = max(map(len, values))
    # Four decimals and their point stand where an integer has nothing.
    numbers = [
        f"{value:14,.4f}" if isinstance(value, float) else f"{value:9,}"
        for value in values.values()
    ]
    return "\n".join(
        f"{name:{width}} {number}" for name, number in zip(values, numbers, strict=True)
    )
