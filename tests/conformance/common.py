"""Data and steps that the tests of the table share; written for any backend of Keras."""

import keras
import numpy as np
from keras import ops

BATCH, LENGTH, DIM = 4, 6, 8
# Each half of the batch holds nine valid vectors, so that two replicas weigh the same.
MASK = np.arange(LENGTH) < np.array([[6], [3], [5], [4]])
# Statistics for the replacement of dead codes, which every codebook draws at random.
DRAWN = ("candidates", "available")


def vectors(seed, *shape):
    """Normal numbers, `[batch, length, dim]` by default."""
    shape = shape or (BATCH, LENGTH, DIM)
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def padded(x, value=np.nan):
    """`x` with its padding overwritten."""
    return np.where(MASK[..., None], x, np.float32(value))


def built(layer):
    """The layer, with its weights."""
    layer.build((None, None, DIM))
    return layer


def start(layer):
    """The layer, started from more vectors than it has codes."""
    built(layer).adapt(vectors(1, 8, LENGTH, DIM))
    return layer


_STARTED = {}


def started(kind):
    """A new layer of a kind, started from data, and the same each time."""
    keras.utils.set_random_seed(0)
    if kind not in _STARTED:
        _STARTED[kind] = start(kind.make()).get_weights()
        keras.utils.set_random_seed(0)
    layer = built(kind.make())
    layer.set_weights(_STARTED[kind])
    return layer


def remade(layer, **options):
    """A new layer with the options of another but for those given, at any depth."""

    def replace(config):
        if not isinstance(config, dict):
            return config
        return {name: options.get(name, replace(value)) for name, value in config.items()}

    return type(layer).from_config(replace(layer.get_config()))


def with_weights(layer, weights, **options):
    """A new layer with the options of another but for those given, and with the weights given."""
    twin = built(remade(layer, **options))
    twin.set_weights(weights)
    return twin


def updated(kind):
    """A new layer of a kind, none of whose variables is as they start."""
    layer = started(kind)
    layer.set_weights([weights + 1 for weights in layer.get_weights()])
    return layer


def state(layer):
    """Every variable as NumPy, by its number."""
    return dict(enumerate(layer.get_weights()))


def arrays(result, mask=MASK):
    """A `Quantized` as one dict of NumPy arrays, bar what is at random: padding, and `DRAWN`."""
    valid = {
        name: ops.convert_to_numpy(part)[mask] for name, part in result.output._asdict().items()
    }
    tensors = {"loss": result.loss, **result.statistics}
    kept = {name: tensor for name, tensor in tensors.items() if not name.endswith(DRAWN)}
    return {**valid, **{name: ops.convert_to_numpy(tensor) for name, tensor in kept.items()}}


def assert_close(actual, expected, rtol=1e-4, atol=1e-5):
    """Asserts that two dicts hold arrays of the same names and nearly the same values."""
    assert set(actual) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(actual[name], value, rtol, atol, err_msg=name)


def assert_equal(actual, expected):
    """Asserts that two dicts hold arrays of the same names and values, to the last bit."""
    assert_close(actual, expected, rtol=0, atol=0)


def objective(result, mask):
    """A loss that depends on every valid output: its mean product with a fixed vector."""
    products = ops.sum(ops.cast(result.output.dense, "float32") * vectors(3, DIM), axis=-1)
    num_valid = ops.maximum(ops.sum(ops.cast(mask, "float32")), 1.0)
    return result.loss + ops.sum(ops.where(mask, products, 0.0)) / num_valid


def gradients(tf, layer, x, mask, training=True):
    """One forward pass, and back.

    Returns:
        The `Quantized`, the gradient of `objective` by `x`, and those by the trainable variables.
    """
    variables = layer.trainable_variables
    with tf.GradientTape() as tape:
        tape.watch(x)
        result = layer.forward_pass(x, mask, training)
        loss = objective(result, mask)
    of_input, *of_variables = tape.gradient(loss, [x, *(variable.value for variable in variables)])
    return result, of_input, [tf.convert_to_tensor(gradient) for gradient in of_variables]


def apply(layer, of_variables, statistics):
    """Moves the trainable variables by gradient descent, and then the rest of the state."""
    for variable, gradient in zip(layer.trainable_variables, of_variables, strict=True):
        variable.assign(variable - 0.1 * gradient)
    layer.update(statistics)


def models_with(layer):
    """Functional models around a bottleneck: one rebuilds its input, one shows all outputs."""
    x = keras.Input((LENGTH, DIM))
    output = layer(keras.layers.Dense(DIM)(x))
    return keras.Model(x, keras.layers.Dense(DIM)(output.dense)), keras.Model(x, output._asdict())


def model_of(layer):
    """A compiled model that shows a bottleneck its input as it is."""
    x = keras.Input((LENGTH, DIM))
    model = keras.Model(x, layer(x).dense)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def described(layer, batches, training=False):
    """The mean over batches of what a layer describes, under the names that Keras reports."""
    summaries = [layer.describe(layer.forward_pass(x, None, training).statistics) for x in batches]
    return {
        f"{layer.name}_{name}": np.mean([float(summary[name]) for summary in summaries])
        for name in layer.metric_names
    }


def fit(layer):
    """What plain Keras training of a small autoencoder of eight clusters reports of each epoch."""
    keras.utils.set_random_seed(0)
    model, _ = models_with(layer)
    model.compile(keras.optimizers.Adam(0.02), "mse")
    clusters = np.random.default_rng(2).integers(8, size=(16, LENGTH))
    x = vectors(4, 8, DIM)[clusters] + 0.1 * vectors(5, 16, LENGTH, DIM)
    return model.fit(x, x, batch_size=8, epochs=10, verbose=0).history
