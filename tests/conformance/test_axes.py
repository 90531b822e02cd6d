"""Vectors may have any axes between batch and features: images, or none at all."""

import common
import numpy as np
import pytest
from keras import ops
from kinds import covering_kinds, every_kind, every_kind_with_codes

# Two examples of six positions each, as one line and as a grid.
LINE, GRID = (2, 6), (2, 3, 2)
MASK = np.arange(6) < [[4], [6]]


def reshaped(result, axes):
    """A `Quantized` as arrays, those of its output with other axes in place of its own."""
    arrays = common.arrays(result, ...)
    return {
        name: array.reshape(*axes, *array.shape[number:])
        for name, array in arrays.items()
        if (number := len(result.output.dense.shape) - 1) and name in result.output._fields
    } | {name: array for name, array in arrays.items() if name not in result.output._fields}


@every_kind
@pytest.mark.parametrize("training", [True, False])
def test_an_image_is_quantized_as_the_line_of_its_pixels(kind, training):
    layer, x = common.started(kind), common.vectors(0, *LINE, common.DIM)
    line = layer.forward_pass(x, MASK, training)
    grid = layer.forward_pass(x.reshape(*GRID, common.DIM), MASK.reshape(GRID), training)
    assert tuple(grid.output.codes.shape) == (*GRID, layer.num_codebooks)
    common.assert_close(reshaped(grid, LINE), reshaped(line, LINE))


@every_kind
def test_vectors_may_have_a_batch_axis_alone(kind):
    layer, x = common.started(kind), common.vectors(0, 5, common.DIM)
    alone, line = layer.forward_pass(x), layer.forward_pass(x[:, None])
    assert tuple(alone.output.codes.shape) == (5, layer.num_codebooks)
    common.assert_close(reshaped(alone, (5, 1)), reshaped(line, (5, 1)))


@every_kind_with_codes
def test_codes_of_images_embed_to_images(kind):
    layer, x = common.started(kind), common.vectors(0, *GRID, common.DIM)
    output = layer.forward_pass(x).output
    np.testing.assert_allclose(layer.embed(output.codes), output.dense, rtol=1e-5, atol=1e-6)


@covering_kinds
def test_a_codebook_starts_from_images_as_from_lines(kind):
    layer, other = (common.built(kind.make()) for _ in range(2))
    other.set_weights(layer.get_weights())
    x = common.vectors(1, *LINE, common.DIM)
    layer.adapt(x)
    other.adapt(x.reshape(*GRID, common.DIM))
    common.assert_close(common.state(other), common.state(layer))


@covering_kinds
def test_draws_for_images_are_those_for_lines(kind):
    layer, x = common.started(kind), common.vectors(0, *LINE, common.DIM)
    try:
        line = layer.draw(x)
    except ValueError as error:
        pytest.skip(str(error))
    grid = layer.draw(x.reshape(*GRID, common.DIM))
    assert tuple(grid.log_ratio.shape) == GRID
    for one, other in zip(grid, line, strict=True):
        np.testing.assert_allclose(ops.reshape(one, ops.shape(other)), other, 1e-5, 1e-6)
