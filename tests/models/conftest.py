"""A copy task, and a training loop without a trainer."""

import keras
import numpy as np
import pytest

from t2t_vq.decoding.options import Search


@pytest.fixture(scope="session")
def copy_batch():
    """A function that draws sequences, each ended by 1 and padded with 0, to be copied."""

    def draw(rows, length, vocab_size=12, seed=0):
        rng = np.random.default_rng(seed)
        tokens = np.zeros((rows, length), "int32")
        for row in tokens:
            size = rng.integers(1, length)
            row[:size] = rng.integers(2, vocab_size, size)
            row[size] = 1
        return {"source": tokens, "target": tokens.copy()}

    return draw


@pytest.fixture(scope="session")
def cut():
    """A function that returns the rows of tokens as lists, each cut after its first 1."""

    def cut(tokens):
        rows = np.asarray(tokens).tolist()
        return [row[: row.index(1) + 1] if 1 in row else row for row in rows]

    return cut


@pytest.fixture(scope="session")
def fit(tf):
    """A function that trains a model on one batch, and starts its codebook, if any, at a step."""

    def fit(model, batch, steps, start_step=None):
        batch = {name: tf.constant(tokens) for name, tokens in batch.items()}
        variables = model.trainable_variables
        optimizer = keras.optimizers.Adam(3e-3)
        optimizer.build(variables)

        @tf.function
        def update():
            with tf.GradientTape() as tape:
                output = model.training_output(batch, optimizer.iterations, training=True)
                loss = sum(output.losses.values())
            optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)
            model.update(output.statistics)

        for step in range(steps):
            if step == start_step:
                model.adapt([batch])
            update()

    return fit


@pytest.fixture(
    params=[Search(), Search(beam_size=2), Search(num_samples=1, temperature=0.1)],
    ids=["greedy", "beam", "sample"],
)
def search(request):
    """Every way to search, such that a sure model gives what it is sure of."""
    return request.param


@pytest.fixture
def half_precision():
    """Makes the models of a test mixed_bfloat16, unless they name another precision."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")
