"""Discrete latent bottlenecks: ordinary Keras layers, usable without the rest."""

from t2t_vq.bottlenecks.assignment import GumbelAssignment, HardAssignment, SoftAssignment
from t2t_vq.bottlenecks.base import Bottleneck, BottleneckOutput, Draw, NormalPrior, Quantized
from t2t_vq.bottlenecks.bsq import BinarySphericalQuantizer
from t2t_vq.bottlenecks.codebook import CodebookBottleneck
from t2t_vq.bottlenecks.decomposed import DecomposedVectorQuantizer
from t2t_vq.bottlenecks.dense import DenseBottleneck
from t2t_vq.bottlenecks.factory import make_bottleneck
from t2t_vq.bottlenecks.fsq import FiniteScalarQuantizer
from t2t_vq.bottlenecks.grouped_residual import GroupedResidualVectorQuantizer
from t2t_vq.bottlenecks.gumbel_softmax import GumbelSoftmax
from t2t_vq.bottlenecks.gumbel_softmax_dvq import GumbelSoftmaxDVQ
from t2t_vq.bottlenecks.isemhash import ImprovedSemanticHashing
from t2t_vq.bottlenecks.lfq import LookupFreeQuantizer
from t2t_vq.bottlenecks.plain import Plain
from t2t_vq.bottlenecks.projected import Projected
from t2t_vq.bottlenecks.regularizers import Diversity, Orthogonality
from t2t_vq.bottlenecks.residual import ResidualVectorQuantizer
from t2t_vq.bottlenecks.semhash import SemanticHashing
from t2t_vq.bottlenecks.simvq import SimVQ
from t2t_vq.bottlenecks.soft_em import SoftEM
from t2t_vq.bottlenecks.tanh import TanhBottleneck
from t2t_vq.bottlenecks.vae import VariationalBottleneck
from t2t_vq.bottlenecks.vector_quantizer import VectorQuantizer

__all__ = [
    "BinarySphericalQuantizer",
    "Bottleneck",
    "BottleneckOutput",
    "CodebookBottleneck",
    "DecomposedVectorQuantizer",
    "DenseBottleneck",
    "Diversity",
    "Draw",
    "FiniteScalarQuantizer",
    "GroupedResidualVectorQuantizer",
    "GumbelAssignment",
    "GumbelSoftmax",
    "GumbelSoftmaxDVQ",
    "HardAssignment",
    "ImprovedSemanticHashing",
    "LookupFreeQuantizer",
    "NormalPrior",
    "Orthogonality",
    "Plain",
    "Projected",
    "Quantized",
    "ResidualVectorQuantizer",
    "SemanticHashing",
    "SimVQ",
    "SoftAssignment",
    "SoftEM",
    "TanhBottleneck",
    "VariationalBottleneck",
    "VectorQuantizer",
    "make_bottleneck",
]
