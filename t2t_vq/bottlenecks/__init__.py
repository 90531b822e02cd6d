"""Discrete latent bottlenecks: ordinary Keras layers, usable without the rest."""

from t2t_vq.bottlenecks.assignment import GumbelAssignment, HardAssignment, SoftAssignment
from t2t_vq.bottlenecks.base import Bottleneck, BottleneckOutput, Quantized
from t2t_vq.bottlenecks.codebook import CodebookBottleneck
from t2t_vq.bottlenecks.decomposed import DecomposedVectorQuantizer
from t2t_vq.bottlenecks.factory import make_bottleneck
from t2t_vq.bottlenecks.grouped_residual import GroupedResidualVectorQuantizer
from t2t_vq.bottlenecks.gumbel_softmax_dvq import GumbelSoftmaxDVQ
from t2t_vq.bottlenecks.projected import Projected
from t2t_vq.bottlenecks.regularizers import Diversity, Orthogonality
from t2t_vq.bottlenecks.residual import ResidualVectorQuantizer
from t2t_vq.bottlenecks.simvq import SimVQ
from t2t_vq.bottlenecks.soft_em import SoftEM
from t2t_vq.bottlenecks.vector_quantizer import VectorQuantizer

__all__ = [
    "Bottleneck",
    "BottleneckOutput",
    "CodebookBottleneck",
    "DecomposedVectorQuantizer",
    "Diversity",
    "GroupedResidualVectorQuantizer",
    "GumbelAssignment",
    "GumbelSoftmaxDVQ",
    "HardAssignment",
    "Orthogonality",
    "Projected",
    "Quantized",
    "ResidualVectorQuantizer",
    "SimVQ",
    "SoftAssignment",
    "SoftEM",
    "VectorQuantizer",
    "make_bottleneck",
]
