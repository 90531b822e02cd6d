"""Discrete latent bottlenecks: ordinary Keras layers, usable without the rest."""

from t2t_vq.bottlenecks.base import Bottleneck, BottleneckOutput, Quantized
from t2t_vq.bottlenecks.codebook import CodebookBottleneck
from t2t_vq.bottlenecks.soft_em import SoftEM
from t2t_vq.bottlenecks.vector_quantizer import VectorQuantizer

__all__ = [
    "Bottleneck",
    "BottleneckOutput",
    "CodebookBottleneck",
    "Quantized",
    "SoftEM",
    "VectorQuantizer",
]
