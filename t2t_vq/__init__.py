"""Discrete latent bottlenecks for Keras, and fast translation and image models built on them."""

from t2t_vq import keras_names
from t2t_vq.registry import (
    register_bottleneck,
    register_hparams,
    register_model,
    register_problem,
)

__version__ = "0.1.0"

keras_names.register_stand_ins()

__all__ = ["register_bottleneck", "register_hparams", "register_model", "register_problem"]
