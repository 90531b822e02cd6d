import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq.layers.attention import MultiHeadAttention, causal_mask, padding_mask

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def copy_weights(ours, theirs):
    mine = [ours.query, ours.key, ours.value, ours.combine]
    dense = [theirs.query_dense, theirs.key_dense, theirs.value_dense, theirs.output_dense]
    for source, target in zip(mine, dense, strict=True):
        target.kernel.assign(source.kernel)
        target.bias.assign(ops.reshape(source.bias, target.bias.shape))


@pytest.fixture
def ours_and_keras():
    """Our attention and Keras's, with the same weights; queries are 6 wide, memory 10."""
    ours = MultiHeadAttention(num_heads=3, head_size=4)
    theirs = keras.layers.MultiHeadAttention(num_heads=3, key_dim=4)
    ours.build((None, None, 6), (None, None, 10))
    theirs.build((None, None, 6), (None, None, 10), (None, None, 10))
    for layer in (ours.query, ours.key, ours.value, ours.combine):
        layer.bias.assign(normal(*layer.bias.shape))
    copy_weights(ours, theirs)
    return ours, theirs


def test_equals_kerass_attention_to_a_memory(ours_and_keras):
    ours, theirs = ours_and_keras
    queries, memory = normal(2, 5, 6), normal(2, 7, 10)
    expected = theirs(queries, memory)
    np.testing.assert_allclose(ours(queries, memory), expected, rtol=1e-4, atol=1e-5)


def test_equals_kerass_attention_with_padding(ours_and_keras):
    ours, theirs = ours_and_keras
    queries, memory = normal(2, 5, 6), normal(2, 7, 10)
    mask = np.arange(7) < np.array([[7], [3]])
    expected = theirs(queries, memory, attention_mask=mask[:, None])
    output = ours(queries, memory, padding_mask(mask))
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)


def test_equals_kerass_causal_self_attention():
    ours = MultiHeadAttention(num_heads=2, head_size=3)
    theirs = keras.layers.MultiHeadAttention(num_heads=2, key_dim=3)
    x = normal(2, 5, 6)
    ours(x, x), theirs(x, x)
    copy_weights(ours, theirs)
    expected = theirs(x, x, use_causal_mask=True)
    output = ours(x, x, causal_mask(5))
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)


def test_projected_keys_and_values_give_the_same_as_a_call(ours_and_keras):
    ours, _ = ours_and_keras
    queries, memory = normal(2, 5, 6), normal(2, 7, 10)
    keys, values = ours.keys_values(memory)
    assert tuple(keys.shape) == tuple(values.shape) == (2, 3, 7, 4)
    np.testing.assert_allclose(ours.attend(queries, keys, values), ours(queries, memory))


def test_padding_mask_by_hand():
    mask = ops.convert_to_numpy(padding_mask(np.array([[True, False], [True, True]])))
    np.testing.assert_array_equal(mask, [[[[True, False]]], [[[True, True]]]])


def test_causal_mask_by_hand():
    mask = ops.convert_to_numpy(causal_mask(3))
    np.testing.assert_array_equal(mask, np.tri(3, dtype=bool)[None, None])


def test_padding_without_any_token_gives_finite_numbers(ours_and_keras):
    ours, _ = ours_and_keras
    mask = padding_mask(np.zeros((2, 7), bool))
    assert np.isfinite(ours(normal(2, 5, 6), normal(2, 7, 10), mask)).all()


def test_half_precision_stays_close(ours_and_keras):
    ours, _ = ours_and_keras
    half = MultiHeadAttention(num_heads=3, head_size=4, dtype="mixed_bfloat16")
    half.build((None, None, 6), (None, None, 10))
    half.set_weights(ours.get_weights())
    queries, memory = normal(2, 5, 6), normal(2, 7, 10)
    mask = padding_mask(np.arange(7) < np.array([[7], [3]]))
    output = half(queries, memory, mask)
    assert keras.backend.standardize_dtype(output.dtype) == "bfloat16"
    np.testing.assert_allclose(
        ops.cast(output, "float32"), ours(queries, memory, mask), rtol=0.1, atol=0.05
    )


def test_dropout_acts_in_training_only():
    layer, x = MultiHeadAttention(num_heads=2, head_size=3, dropout=0.5), normal(1, 4, 6)
    evaluated = layer(x, x)
    np.testing.assert_array_equal(layer(x, x, training=False), evaluated)
    assert not np.allclose(layer(x, x, training=True), evaluated)
