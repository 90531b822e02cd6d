import numpy as np
import pytest
from keras import ops

from t2t_vq.layers.token_embedding import TokenEmbedding
from t2t_vq.models.cross_entropy import is_best

RNG = np.random.default_rng(0)


@pytest.fixture
def embedding():
    layer = TokenEmbedding(vocab_size=7, dim=4)
    layer.build()
    return layer


def test_embeddings_are_rows_of_the_table_times_the_root_of_the_width(embedding):
    table = ops.convert_to_numpy(embedding.table)
    tokens = np.array([[1, 6, 0], [3, 3, 5]], "int32")
    np.testing.assert_allclose(embedding(tokens), 2.0 * table[tokens], rtol=1e-6)


def test_logits_score_with_the_same_table(embedding):
    table, x = ops.convert_to_numpy(embedding.table), RNG.normal(size=(2, 3, 4)).astype("float32")
    np.testing.assert_allclose(embedding.logits(x), x @ table.T, rtol=1e-5, atol=1e-6)
    assert len(embedding.weights) == 1


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_logits_of_half_precision_are_not_rounded_to_it(policy):
    layer = TokenEmbedding(vocab_size=500, dim=64, dtype=policy)
    hidden = layer(np.arange(500)[None, :40])
    assert layer.compute_dtype in str(hidden.dtype)
    table = ops.cast(ops.cast(layer.table, layer.compute_dtype), "float32")
    exact = ops.convert_to_numpy(hidden).astype("float64") @ ops.convert_to_numpy(table).T
    logits = ops.convert_to_numpy(layer.logits(hidden))
    assert logits.dtype == "float32"
    np.testing.assert_allclose(logits, exact, rtol=1e-5, atol=1e-4)


def test_logits_that_half_precision_would_take_for_equal_differ():
    layer = TokenEmbedding(vocab_size=2, dim=2, dtype="mixed_bfloat16")
    layer.build()
    # 256 + 1 and 256 + 0: bfloat16 has 8 bits.
    layer.table.assign([[256.0, 1.0], [256.0, 0.0]])
    logits = layer.logits(ops.ones((1, 1, 2)))
    np.testing.assert_array_equal(logits, [[[257.0, 256.0]]])
    assert not is_best(logits, np.array([[1]]))[0, 0]


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_gradients_of_logits_are_the_products_of_the_other_factor(policy, tf):
    layer = TokenEmbedding(vocab_size=7, dim=4, dtype=policy)
    layer.build()
    x = tf.constant(RNG.normal(size=(2, 3, 4)).astype("float32"))
    factor = RNG.normal(size=(2, 3, 7)).astype("float32")
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(factor * layer.logits(x))
    of_x, of_table = tape.gradient(total, [x, layer.table.value])
    table, tolerance = ops.convert_to_numpy(layer.table), 1e-5 if policy == "float32" else 0.05
    np.testing.assert_allclose(of_x, factor @ table, tolerance, tolerance)
    expected = np.einsum("blk,bld->kd", factor, x)
    np.testing.assert_allclose(of_table, expected, tolerance, tolerance)
