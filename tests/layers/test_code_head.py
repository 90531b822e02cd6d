import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq.layers.code_head import CodeHead

RNG = np.random.default_rng(0)


def test_scores_and_hidden_state_take_in_the_code_before():
    head = CodeHead(num_codes=3)
    head.build((None, 4))
    kernel, bias = RNG.normal(size=(4, 3)), RNG.normal(size=3)
    head.scores.set_weights([kernel, bias])
    hidden, codes = RNG.normal(size=(2, 5, 4)).astype("float32"), RNG.integers(0, 3, (2, 5))
    expected = hidden + ops.convert_to_numpy(head.table)[codes]
    logits, after = head(hidden, codes)
    np.testing.assert_allclose(after, expected, rtol=1e-6)
    np.testing.assert_allclose(logits, np.maximum(expected, 0) @ kernel + bias, rtol=1e-4)


def test_what_a_code_means_may_depend_on_the_hidden_state(tf):
    keras.utils.set_random_seed(0)
    head = CodeHead(num_codes=2)
    hidden, codes = np.repeat(np.eye(2, 8, dtype="float32"), 2, axis=0), np.array([0, 1, 0, 1])
    labels = np.array([0, 1, 1, 0])
    head(hidden, codes)
    optimizer = keras.optimizers.Adam(0.05)
    for _ in range(150):
        with tf.GradientTape() as tape:
            loss = ops.mean(
                ops.sparse_categorical_crossentropy(labels, head(hidden, codes)[0], True)
            )
        optimizer.apply(tape.gradient(loss, head.trainable_variables), head.trainable_variables)
    # A sum of what the two say scores all four alike at best.
    assert float(loss) < 0.2 * np.log(2)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_logits_are_float32(precision):
    head = CodeHead(num_codes=3, dtype=precision)
    logits, hidden = head(np.ones((2, 4), "float32"), np.array([0, 2]))
    assert "float32" in str(logits.dtype)
    assert precision.removeprefix("mixed_") in str(hidden.dtype)


def test_its_configuration_survives_serialisation():
    head = CodeHead(num_codes=3)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(head))
    assert copy.get_config() == head.get_config()
