"""Hyper-parameters: typed dataclasses, overrides in one string, and a JSON round trip.

A set is a frozen dataclass that a registered function returns; `override` changes fields of it.

Example:
    >>> from t2t_vq import registry
    >>> hparams = override(registry.hparams("softem_nat"), "hidden_size=256,bottleneck.kind=vq")
    >>> hparams.hidden_size, hparams.bottleneck.kind
    (256, 'vq')
"""

from t2t_vq.config.bottleneck import BottleneckConfig
from t2t_vq.config.checks import check
from t2t_vq.config.hparams import HParams
from t2t_vq.config.images import ImageHParams
from t2t_vq.config.overrides import from_dict, override, overrides_of, split_set, to_dict
from t2t_vq.config.translation import TransformerHParams, TransformerNatHParams

__all__ = [
    "BottleneckConfig",
    "HParams",
    "ImageHParams",
    "TransformerHParams",
    "TransformerNatHParams",
    "check",
    "from_dict",
    "override",
    "overrides_of",
    "split_set",
    "to_dict",
]
