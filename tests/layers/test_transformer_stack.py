import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq.layers.attention import causal_mask, padding_mask
from t2t_vq.layers.transformer_block import TransformerBlock
from t2t_vq.layers.transformer_stack import TransformerStack

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def randomised(layer, shape):
    """Builds a layer and gives all its weights, biases and scales too, values of their own."""
    layer.build(shape)
    for weight in layer.weights:
        weight.assign(weight + 0.1 * normal(*weight.shape))
    return layer


def layer_norm(layer, x):
    normed = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
    return normed * ops.convert_to_numpy(layer.gamma) + ops.convert_to_numpy(layer.beta)


def feed_forward(block, x):
    (expand, expand_bias), (contract, contract_bias) = (
        layer.get_weights() for layer in (block.expand, block.contract)
    )
    hidden = np.maximum(layer_norm(block.feed_norm, x) @ expand + expand_bias, 0)
    return x + hidden @ contract + contract_bias


def attended(attention, queries, memory, mask):
    return ops.convert_to_numpy(attention(queries, memory, mask))


def test_a_block_without_memory_is_attention_then_feed_forward():
    block = randomised(TransformerBlock(filter_size=12, num_heads=2), (None, None, 8))
    x, mask = normal(2, 5, 8), causal_mask(5)
    normed = layer_norm(block.self_norm, x)
    expected = feed_forward(block, x + attended(block.self_attention, normed, normed, mask))
    np.testing.assert_allclose(block(x, mask), expected, rtol=1e-4, atol=1e-5)


def test_a_block_with_memory_attends_to_it_in_between():
    block = TransformerBlock(filter_size=12, num_heads=2, attends_memory=True)
    randomised(block, (None, None, 8))
    x, memory = normal(2, 5, 8), normal(2, 3, 8)
    memory_mask = padding_mask(np.array([[1, 1, 1], [1, 0, 0]], bool))
    normed = layer_norm(block.self_norm, x)
    hidden = x + attended(block.self_attention, normed, normed, None)
    queries = layer_norm(block.memory_norm, hidden)
    hidden = hidden + attended(block.memory_attention, queries, memory, memory_mask)
    output = block(x, memory=memory, memory_mask=memory_mask)
    np.testing.assert_allclose(output, feed_forward(block, hidden), rtol=1e-4, atol=1e-5)


def test_a_width_that_the_heads_do_not_divide_is_an_error():
    block = TransformerBlock(filter_size=12, num_heads=3)
    with pytest.raises(ValueError, match="hidden_size=8 is not a multiple of num_heads=3"):
        block.build((None, None, 8))


def test_a_stack_runs_its_blocks_and_normalises():
    stack = randomised(TransformerStack(3, 12, 2), (None, None, 8))
    x = normal(2, 5, 8)
    hidden = x
    for block in stack.blocks:
        hidden = block(hidden)
    expected = layer_norm(stack.norm, ops.convert_to_numpy(hidden))
    np.testing.assert_allclose(stack(x), expected, rtol=1e-4, atol=1e-5)
    assert len(stack.blocks) == 3


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("rows", [2, 6])
def test_steps_with_caches_equal_the_causal_pass_at_every_position(precision, rows):
    stack = TransformerStack(2, 12, 2, dropout=0.1, attends_memory=True, dtype=precision)
    randomised(stack, (None, None, 8))
    x, memory = normal(rows, 5, 8), normal(2, 3, 8)
    memory_mask = padding_mask(np.array([[1, 1, 1], [1, 0, 0]], bool))
    causal = ops.cast(stack.causal(x, memory, memory_mask), "float32")
    past, projected = stack.empty_past(rows, 5), stack.project_memory(memory)
    tolerance = 1e-5 if precision == "float32" else 0.1
    for index in range(5):
        inputs = x[:, index : index + 1]
        output, past = stack.step(inputs, past, index, projected, memory_mask)
        np.testing.assert_allclose(
            ops.cast(output[:, 0], "float32"), causal[:, index], rtol=1e-4, atol=tolerance
        )


def grown(layer, x, memory, memory_mask):
    """Outputs at positions one after the other, after a past that begins without any."""
    head = (len(x), 2, 0, 4)
    empty = ops.zeros(head, layer.compute_dtype), ops.zeros(head, layer.compute_dtype)
    past = [empty] * 2 if isinstance(layer, TransformerStack) else empty
    outputs = []
    for index in range(x.shape[1]):
        output, past = layer.grow(x[:, index : index + 1], past, memory, memory_mask)
        outputs.append(ops.convert_to_numpy(ops.cast(output[:, 0], "float32")))
    assert {item.shape[2] for item in keras.tree.flatten(past)} == {x.shape[1]}
    return np.stack(outputs, axis=1)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("rows", [2, 6])
def test_a_growing_past_gives_what_steps_give_at_every_position(precision, rows):
    stack = TransformerStack(2, 12, 2, dropout=0.1, attends_memory=True, dtype=precision)
    randomised(stack, (None, None, 8))
    x, memory = normal(rows, 5, 8), normal(2, 3, 8)
    memory_mask = padding_mask(np.array([[1, 1, 1], [1, 0, 0]], bool))
    past, projected = stack.empty_past(rows, 5), stack.project_memory(memory)
    found = grown(stack, x, projected, memory_mask)
    tolerance = 1e-5 if precision == "float32" else 0.1
    for index in range(5):
        inputs = x[:, index : index + 1]
        output, past = stack.step(inputs, past, index, projected, memory_mask)
        np.testing.assert_allclose(
            found[:, index], ops.cast(output[:, 0], "float32"), rtol=1e-4, atol=tolerance
        )


@pytest.mark.parametrize("attends_memory", [False, True])
def test_a_growing_past_of_a_block_gives_what_its_steps_give(attends_memory):
    block = TransformerBlock(filter_size=12, num_heads=2, attends_memory=attends_memory)
    randomised(block, (None, None, 8))
    x, mask = normal(2, 5, 8), padding_mask(np.array([[1, 1, 1], [1, 0, 0]], bool))
    memory = block.project_memory(normal(2, 3, 8)) if attends_memory else None
    past, found = block.empty_past(2, 5), grown(block, x, memory, mask)
    for index in range(5):
        seen = (np.arange(5) <= index)[None, None, None]
        inputs = x[:, index : index + 1]
        output, past = block.step(inputs, past, index, seen, memory, mask)
        np.testing.assert_allclose(found[:, index], output[:, 0], rtol=1e-4, atol=1e-5)


def test_rows_that_follow_each_other_share_a_memory():
    stack = randomised(TransformerStack(2, 12, 2, attends_memory=True), (None, None, 8))
    x, memory = normal(6, 5, 8), normal(2, 3, 8)
    mask = padding_mask(np.array([[1, 1, 1], [1, 0, 0]], bool))
    repeated = (item.repeat(3, axis=0) for item in (memory, ops.convert_to_numpy(mask)))
    expected = stack.causal(x, *repeated)
    np.testing.assert_allclose(stack.causal(x, memory, mask), expected, rtol=1e-5, atol=1e-6)


def test_the_causal_pass_never_looks_ahead():
    stack = randomised(TransformerStack(2, 12, 2, attends_memory=True), (None, None, 8))
    x, memory, mask = normal(1, 5, 8), normal(1, 3, 8), np.ones((1, 1, 1, 3), bool)
    changed = x.copy()
    changed[:, 3:] = normal(1, 2, 8)
    before, after = (stack.causal(item, memory, mask) for item in (x, changed))
    np.testing.assert_allclose(before[:, :3], after[:, :3], atol=1e-6)
    assert not np.allclose(before[:, 3:], after[:, 3:], atol=1e-2)


@pytest.mark.parametrize(
    "layer",
    [
        TransformerBlock(12, 2, dropout=0.2, attends_memory=True),
        TransformerStack(2, 12, 2, dropout=0.2, attends_memory=True),
    ],
)
def test_configurations_survive_serialisation(layer):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(copy) is type(layer)
    assert copy.get_config() == layer.get_config()
