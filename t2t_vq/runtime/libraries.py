"""Libraries that an export needs, imported or told to be missing."""

import importlib
from typing import Any

from t2t_vq.errors import InvalidError

# What pip installs with all else that exports in a format take.
_EXTRAS = {"openvino": "openvino", "onnxruntime": "onnx"}


def library(name: str) -> Any:
    """Returns a library.

    Args:
        name: that it is imported by.

    Raises:
        ValueError: when it cannot be imported.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        together = ""
        if name in _EXTRAS:
            together = f', or, with all that exporting takes, pip install "t2t-vq[{_EXTRAS[name]}]"'
        raise InvalidError(
            f"The library {name} cannot be imported ({error}). Install it: pip install "
            f"{name}{together}."
        ) from error
