"""A codec for sound-like signals: residual vector quantization, more levels for more bits.

    python examples/audio_codec.py

A small convolutional encoder turns each 32 samples of a signal into a vector, residual levels
quantize it, and a decoder makes samples of it again. `quantizer_dropout` trains the decoder on
fewer levels too, so that one model serves several bit rates: the example prints the signal-to-noise
ratio that each number of levels reaches.

The signals are plucked chords, written by code: a few decaying tones with overtones.
"""

import argparse
import math

import keras
import numpy as np

from t2t_vq.bottlenecks import Plain, ResidualVectorQuantizer, VectorQuantizer

RATE = 8_000  # samples a second
LENGTH = 1_024  # samples of a signal
STRIDE = 32  # samples that a vector stands for


def main(argv=None):
    """Trains the codec and prints a line for each number of levels; returns their ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--signals", type=int, default=4_000, help="to train on")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--levels", type=int, default=4)
    parser.add_argument("--num_codes", type=int, default=64, help="of each level")
    arguments = parser.parse_args(argv)
    keras.utils.set_random_seed(0)

    train, test = chords(arguments.signals, seed=0), chords(128, seed=1)
    codec = make_codec(arguments.levels, arguments.num_codes)
    codec.fit(train, train, batch_size=64, epochs=arguments.epochs, verbose=2)

    place = [layer.name for layer in codec.layers].index("latents")
    encoder = keras.Sequential(codec.layers[:place])
    decoder = keras.Sequential(codec.layers[place + 1 :])
    quantizer = codec.get_layer("latents").bottleneck
    codes = quantizer(encoder(test)).codes  # [signals, LENGTH / STRIDE, levels]
    bits = math.log2(arguments.num_codes) * RATE / STRIDE
    ratios = []
    for number in range(1, arguments.levels + 1):
        # What the first levels stand for is the sum of their codes' vectors.
        latents = sum(
            quantizer.parts[level].embed(codes[..., level : level + 1]) for level in range(number)
        )
        ratios.append(signal_to_noise(test, np.asarray(decoder(latents))))
        print(f"{number} levels, {number * bits:6,.0f} bits a second: {ratios[-1]:5.2f} dB")
    return ratios


def chords(number, seed):
    """Returns plucked chords, float32 `[number, LENGTH, 1]`."""
    rng = np.random.default_rng(seed)
    time = np.arange(LENGTH) / RATE
    signals = np.zeros((number, LENGTH))
    for _ in range(3):
        pitch = 110 * 2 ** (rng.integers(0, 24, (number, 1)) / 12)
        onset = rng.uniform(0, 0.06, (number, 1))
        sounding = np.maximum(time - onset, 0)
        for overtone in (1, 2, 3):
            wave = np.sin(2 * np.pi * overtone * pitch * sounding) / overtone**2
            signals += wave * np.exp(-12 * overtone * sounding)
    return (signals / 3)[..., None].astype("float32")


def make_codec(levels, num_codes):
    """Returns encoder, residual quantizer and decoder as one model."""
    layers = keras.layers
    convolution = {"padding": "same", "activation": "gelu"}
    level = VectorQuantizer(num_codes, decay=0.99)
    model = keras.Sequential(
        [
            keras.Input((LENGTH, 1)),
            layers.Conv1D(32, 16, strides=8, **convolution),
            layers.Conv1D(64, 8, strides=4, **convolution),
            layers.Conv1D(16, 1),
            Plain(
                ResidualVectorQuantizer(
                    level, num_quantizers=levels, quantizer_dropout=0.5, name="latents"
                ),
                name="latents",
            ),
            layers.Conv1D(64, 3, **convolution),
            layers.Conv1DTranspose(32, 8, strides=4, **convolution),
            layers.Conv1DTranspose(1, 16, strides=8, padding="same"),
        ]
    )
    model.compile(keras.optimizers.Adam(2e-3), "mse")
    return model


def signal_to_noise(signals, decoded):
    """Returns the ratio of the signals' power to that of the error, in dB."""
    noise = np.mean(np.square(signals - decoded))
    return float(10 * np.log10(np.mean(np.square(signals)) / noise))


if __name__ == "__main__":
    main()
