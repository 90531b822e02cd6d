#!/usr/bin/env python3
"""Times an image model beside simpler ones: training with a bottleneck, sampling with caches.

    python scripts/benchmark_images.py
    python scripts/benchmark_images.py --hparams=vq_image_small,batch_size=64 --seconds=20

`step` is a whole update of random images, run in turn with the same autoencoder whose vectors pass
unquantised: with the bottleneck alone, and with the prior that learns its codes too. `sampling`
draws images from the prior with cached keys and values, in turn with a loop that goes over the
whole grid for each code. All are compiled as training and `t2t-vq-sample` compile them. Ratios are
medians over neighbours in time.
"""

import argparse
import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from provenance import provenance
from timing import compare

from t2t_vq import config, registry
from t2t_vq.bottlenecks import make_bottleneck
from t2t_vq.bottlenecks.base import Bottleneck, BottleneckOutput, Quantized
from t2t_vq.decoding.greedy import greedy_search
from t2t_vq.training.strategy import make_strategy
from t2t_vq.training.train_step import make_train_step
from t2t_vq.training.weight_ema import WeightEma

IMAGE = {"image_shape": (32, 32, 3), "num_classes": 10}


@registry.register_bottleneck("unquantised")
class Unquantised(Bottleneck):
    """Passes its input through."""

    def forward_pass(self, x, mask=None, training=False):
        return Quantized(BottleneckOutput(x, None, None), ops.zeros(()), {})


class WithoutPrior(Bottleneck):
    """Quantises as another bottleneck does, and shows no codes that a prior could learn."""

    def __init__(self, bottleneck):
        super().__init__()
        self.inner = bottleneck

    def build(self, shape):
        self.inner.build(shape)
        self.built = True

    def _quantize(self, x, mask, training):
        return self.inner.forward_pass(x, mask, training)

    def update(self, statistics):
        self.inner.update(statistics)

    def describe(self, statistics):
        return self.inner.describe(statistics)

    def started_share(self):
        return self.inner.started_share()

    def adapt(self, x, mask=None):
        self.inner.adapt(x, mask)


def main():
    arguments = parsed_arguments()
    name, overrides = config.split_set(arguments.hparams)
    hparams = config.override(registry.hparams(name), overrides)
    print(
        "\n".join(f"{key}: {value}" for key, value in provenance(["tensorflow", "keras"]).items())
    )
    print(f"hparams: {arguments.hparams}, batches of {hparams.batch_size} images")
    benchmark_step(hparams, arguments.seconds)
    benchmark_sampling(hparams, arguments.num, arguments.seconds)


def parsed_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--hparams", default="softem_image_tiny", help="set and overrides, as t2t-vq-train takes")
    add("--num", type=int, default=16, help="images to draw together")
    add("--seconds", type=float, default=10.0, help="to repeat each part for")
    return parser.parse_args()


def make_model(hparams, kind=None):
    """Returns the model of a set, with a bottleneck of another kind if that is given."""
    if kind:
        bottleneck = dataclasses.replace(hparams.bottleneck, kind=kind)
        hparams = dataclasses.replace(hparams, bottleneck=bottleneck)
    return registry.models[hparams.model].from_hparams(hparams, **IMAGE)


def benchmark_step(hparams, seconds):
    """Prints the time of an update, without a bottleneck, with it, and with the prior too."""

    @registry.register_bottleneck("without_prior")
    def without_prior():
        """The set's own bottleneck, for a model that has no prior."""

    own = config.to_dict(hparams.bottleneck)
    without_prior.from_options = lambda options: WithoutPrior(make_bottleneck(own))
    models = {
        "without a bottleneck": make_model(hparams, "unquantised"),
        "with the bottleneck": make_model(hparams, "without_prior"),
        "with bottleneck and prior": make_model(hparams),
    }
    number = hparams.batch_size
    batch = {"image": random_images(number), "label": tf.zeros(number, tf.int32)}
    steps = {}
    for name, model in models.items():
        # A codebook that has not started is transparent, and learns nothing.
        model.bottleneck.adapt(model.encode(random_images(100)))
        steps[name] = step_of(model)
    compare(
        "step",
        {name: lambda step=step: step(batch)["loss"] for name, step in steps.items()},
        seconds,
    )


def step_of(model):
    optimizer = keras.optimizers.Adam(1e-4)
    optimizer.build(model.trainable_variables)
    strategy, ema = make_strategy("one_device"), WeightEma(model, decay=0.0)
    return make_train_step(model, optimizer, ema, strategy, clip_norm=1.0)


def benchmark_sampling(hparams, num, seconds):
    """Prints the time of drawing the codes of images, with caches and without."""
    prior = make_model(hparams).prior
    draws = {"cached": prior.sample, "uncached": lambda num: uncached(prior, num)}
    functions = {
        name: tf.function(lambda draw=draw: draw(num), jit_compile=True, autograph=False)
        for name, draw in draws.items()
    }
    compare(f"sampling of {num}", functions, seconds)


def uncached(prior, num):
    """Finds the most probable codes one by one, each from a pass over the whole grid."""
    shape = (num, prior.num_positions, prior.num_codebooks)

    def step(symbols, index, codes):
        position, depth = index // prior.num_codebooks, index % prior.num_codebooks
        logits = ops.stack(prior(codes), axis=2)
        logits = ops.take(ops.take(logits, position, axis=1), depth, axis=1)
        chosen = ops.cast(ops.argmax(logits, axis=-1), "int32")
        codes = ops.slice_update(codes, (0, position, depth), chosen[:, None, None])
        return logits, codes

    length = prior.num_positions * prior.num_codebooks
    return greedy_search(step, ops.zeros(shape, "int32"), num, length, end=prior.num_codes)


def random_images(number):
    rng = np.random.default_rng(0)
    return tf.constant(rng.integers(256, size=(number, *IMAGE["image_shape"]), dtype=np.uint8))


if __name__ == "__main__":
    main()
