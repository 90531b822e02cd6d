"""Discrete latent bottlenecks for Keras, and fast translation and image models built on them.

Example:
    >>> model = t2t_vq.load("runs/mine")
    >>> translations = model.translate(["The dog sleeps."])
"""

import importlib
import typing

from t2t_vq import keras_names
from t2t_vq.errors import UserError
from t2t_vq.registry import (
    register_bottleneck,
    register_hparams,
    register_model,
    register_problem,
)

__version__ = "0.2.0"

if typing.TYPE_CHECKING:
    from t2t_vq.loading import load
    from t2t_vq.training.start import train

# What takes long to import is so when it is first used.
_LAZY = {"load": "t2t_vq.loading", "train": "t2t_vq.training.start"}

keras_names.register_stand_ins()

__all__ = [
    "UserError",
    "load",
    "register_bottleneck",
    "register_hparams",
    "register_model",
    "register_problem",
    "train",
]


def __getattr__(name: str) -> typing.Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"The module {__name__} has no attribute {name!r}.")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
