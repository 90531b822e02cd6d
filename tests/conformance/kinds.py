"""The table of bottlenecks: a new kind joins by one line, and every test here runs over it."""

import dataclasses
from collections.abc import Callable

import keras
import pytest

from t2t_vq.bottlenecks import (
    DecomposedVectorQuantizer,
    Diversity,
    GroupedResidualVectorQuantizer,
    GumbelSoftmaxDVQ,
    Orthogonality,
    Projected,
    ResidualVectorQuantizer,
    SimVQ,
    SoftEM,
    VectorQuantizer,
)
from t2t_vq.bottlenecks.bsq import BinarySphericalQuantizer
from t2t_vq.bottlenecks.dense import DenseBottleneck
from t2t_vq.bottlenecks.fsq import FiniteScalarQuantizer
from t2t_vq.bottlenecks.gumbel_softmax import GumbelSoftmax
from t2t_vq.bottlenecks.isemhash import ImprovedSemanticHashing
from t2t_vq.bottlenecks.lfq import LookupFreeQuantizer
from t2t_vq.bottlenecks.semhash import SemanticHashing
from t2t_vq.bottlenecks.tanh import TanhBottleneck
from t2t_vq.bottlenecks.vae import VariationalBottleneck


@dataclasses.dataclass(frozen=True, eq=False)
class Kind:
    """One row: a bottleneck for vectors of width 8, and what does not hold for it.

    Attributes:
        make: returns a new layer.
        draws: whether its output in training depends on random numbers. Then only statistics and
            updates of two replicas can be compared with one device, and not outputs.
        batch_loss: whether its loss is no mean over vectors, so that replicas have losses of their
            own.
        fewest: the options of its smallest codebooks.
        needs_start_on_jax: whether Keras's `fit` on JAX undoes its start, so that it needs one
            before.
    """

    make: Callable
    draws: bool = False
    batch_loss: bool = False
    fewest: dict = dataclasses.field(default_factory=lambda: {"num_codes": 1})
    needs_start_on_jax: bool = False


def vq(**options):
    return VectorQuantizer(8, decay=0.9, **options)


def em(num_samples=3, temperature=2.0, **options):
    return SoftEM(8, num_samples=num_samples, temperature=temperature, decay=0.9, **options)


FALLING = keras.optimizers.schedules.PolynomialDecay(4.0, 4, end_learning_rate=1.0)

# A name, and what else its line tries after a slash.
KINDS = {
    "vq": Kind(lambda: vq()),
    "vq/gradient": Kind(lambda: vq(learning="gradient"), needs_start_on_jax=True),
    "vq/cosine": Kind(lambda: vq(similarity="cosine")),
    "vq/rotation": Kind(lambda: vq(estimator="rotation")),
    "vq/orthogonality": Kind(
        lambda: vq(learning="gradient", regularizers=[Orthogonality(0.1)]), needs_start_on_jax=True
    ),
    "vq/diversity": Kind(lambda: vq(regularizers=[Diversity(0.1)]), batch_loss=True),
    "em": Kind(lambda: em(), draws=True),
    "em/gradient": Kind(lambda: em(learning="gradient"), draws=True, needs_start_on_jax=True),
    "em/exact": Kind(lambda: em(num_samples=None)),
    "em/through-posterior": Kind(lambda: em(through_posterior=True), draws=True),
    "em/schedule": Kind(lambda: em(temperature=FALLING), draws=True),
    "dvq": Kind(lambda: DecomposedVectorQuantizer(vq(), num_blocks=2)),
    "dvq/gradient": Kind(
        lambda: DecomposedVectorQuantizer(vq(learning="gradient")), needs_start_on_jax=True
    ),
    "dvq/em": Kind(lambda: DecomposedVectorQuantizer(em(), projection="random"), draws=True),
    "dvq/through-posterior": Kind(
        lambda: DecomposedVectorQuantizer(em(through_posterior=True)), draws=True
    ),
    "residual-vq": Kind(lambda: ResidualVectorQuantizer(vq())),
    "residual-vq/gradient": Kind(
        lambda: ResidualVectorQuantizer(vq(learning="gradient")), needs_start_on_jax=True
    ),
    "residual-vq/through-posterior": Kind(
        lambda: ResidualVectorQuantizer(em(num_samples=None, through_posterior=True))
    ),
    "residual-vq/dropout": Kind(
        lambda: ResidualVectorQuantizer(em(), quantizer_dropout=0.5), draws=True
    ),
    "grouped-residual-vq": Kind(lambda: GroupedResidualVectorQuantizer(vq())),
    "grouped-residual-vq/gradient": Kind(
        lambda: GroupedResidualVectorQuantizer(vq(learning="gradient"), projection="random"),
        needs_start_on_jax=True,
    ),
    "gumbel-softmax-dvq": Kind(lambda: GumbelSoftmaxDVQ(vq()), draws=True),
    "simvq": Kind(lambda: SimVQ(8)),
    "projected": Kind(lambda: Projected(vq(), dim=4)),
    "projected/gradient": Kind(
        lambda: Projected(vq(learning="gradient"), dim=4), needs_start_on_jax=True
    ),
    "gumbel-softmax": Kind(lambda: GumbelSoftmax(8, num_blocks=2), draws=True),
    "gumbel-softmax/hard": Kind(lambda: GumbelSoftmax(8, hard=True), draws=True),
    "semhash": Kind(lambda: SemanticHashing(8), draws=True, fewest={"num_codes": 2}),
    "isemhash": Kind(
        lambda: ImprovedSemanticHashing(8, num_blocks=2), draws=True, fewest={"num_codes": 2}
    ),
    "tanh": Kind(lambda: TanhBottleneck(8), draws=True, fewest={"num_codes": 2}),
    "fsq": Kind(lambda: FiniteScalarQuantizer((4, 3), num_blocks=2), fewest={"levels": (2,)}),
    "lfq": Kind(lambda: LookupFreeQuantizer(8), batch_loss=True, fewest={"num_codes": 2}),
    "bsq": Kind(
        lambda: BinarySphericalQuantizer(8, num_blocks=2), batch_loss=True, fewest={"num_codes": 4}
    ),
    "vae": Kind(lambda: VariationalBottleneck(4), draws=True, fewest={"latent_dim": 1}),
    "dense": Kind(lambda: DenseBottleneck(4), fewest={"latent_dim": 1}),
}


# One of each way to be built, updated and saved. What depends on how Keras does these is tested for
# them; the others repeat it, and are left to `scripts/test --all`.
COVERING = {
    *("vq", "vq/gradient", "em/schedule", "dvq/em", "grouped-residual-vq/gradient"),
    *("residual-vq/dropout", "simvq", "projected", "gumbel-softmax/hard", "isemhash", "lfq", "fsq"),
    *("vae", "dense"),
}


def over(kinds, slow=()):
    """Runs a test for each of the kinds given, a part of the table.

    Args:
        kinds: dict of kinds by name.
        slow: names of those that `scripts/test --all` alone runs.
    """
    cases = [
        pytest.param(kind, id=name, marks=[pytest.mark.slow] if name in slow else [])
        for name, kind in kinds.items()
    ]
    return pytest.mark.parametrize("kind", cases)


every_kind = over(KINDS)
covering_kinds = over(KINDS, slow=KINDS.keys() - COVERING)
every_kind_with_codes = over({name: kind for name, kind in KINDS.items() if kind.make().has_codes})
