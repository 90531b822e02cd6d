"""Whatever the input, everything is finite and every code exists."""

import common
import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from keras import ops
from kinds import COVERING, KINDS

INPUTS = {
    "normal": lambda shape: common.vectors(0, *shape),
    "zeros": lambda shape: np.zeros(shape, "float32"),
    "large": lambda shape: 1e4 * common.vectors(0, *shape),
    "all equal": lambda shape: np.full(shape, 0.7, "float32"),
    "tiny": lambda shape: 1e-30 * common.vectors(0, *shape),
}


@st.composite
def batches(draw):
    """An input and its mask, with NaN where that is false."""
    shape = draw(st.integers(1, 3)), draw(st.integers(1, 5)), common.DIM
    x = INPUTS[draw(st.sampled_from(list(INPUTS)))](shape)
    rows = st.lists(st.booleans(), min_size=shape[1], max_size=shape[1])
    mask = np.array(draw(st.lists(rows, min_size=shape[0], max_size=shape[0])))
    return np.where(mask[..., None], x, np.float32("nan")), mask


def few_codes(kind):
    return common.start(common.remade(kind.make(), **kind.fewest))


LAYERS = {
    "started": common.started,
    "not started": lambda kind: common.built(kind.make()),
    "fewest codes": few_codes,
}


CASES = [
    pytest.param(
        *(kind, make),
        id=f"{name}-{state}",
        marks=[] if state == "started" or name in COVERING else [pytest.mark.slow],
    )
    for name, kind in KINDS.items()
    for state, make in LAYERS.items()
]


@pytest.mark.parametrize(("kind", "make"), CASES)
def test_all_is_finite_and_all_codes_exist(kind, make, tf):
    layer = make(kind)
    weights = layer.get_weights()

    @hypothesis.settings(max_examples=8, deadline=None, derandomize=True, database=None)
    @hypothesis.given(batches())
    def check(batch):
        layer.set_weights(weights)
        for training in (True, False):
            check_pass(tf, layer, *batch, training)

    check()


def check_pass(tf, layer, x, mask, training):
    result, of_input, _ = common.gradients(tf, layer, tf.constant(x), mask, training)
    dense, *numbers = map(ops.convert_to_numpy, result.output)
    assert np.isfinite(dense[mask]).all()
    for codes in numbers:
        assert ((codes >= 0) & (codes < max(layer.num_codes, 1))).all()
    described = layer.describe(result.statistics)
    tensors = (of_input, result.loss, *result.statistics.values(), *described.values())
    if training:
        layer.update(result.statistics)
    for tensor in (*tensors, *layer.weights):
        assert np.isfinite(tensor).all()
