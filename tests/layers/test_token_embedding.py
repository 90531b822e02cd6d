import numpy as np
import pytest
from keras import ops

from t2t_vq.layers.token_embedding import TokenEmbedding

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


def test_logits_are_float32_under_half_precision():
    layer = TokenEmbedding(vocab_size=7, dim=4, dtype="mixed_bfloat16")
    hidden = layer(np.array([[1, 2]]))
    assert "bfloat16" in str(hidden.dtype)
    assert "float32" in str(layer.logits(hidden).dtype)
