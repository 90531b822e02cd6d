"""A VQ-VAE on images in plain Keras: an autoencoder with a codebook, then a prior over its codes.

    python examples/vqvae_images.py --output=vqvae

Needs nothing of t2t_vq but its layer: encoder, decoder and training are ordinary Keras. The images
are drawn by code (32 x 32 pixels, one of ten shapes on a textured ground), so nothing is
downloaded. For images of your own, replace `pictures`.

Writes the autoencoder as `autoencoder.keras`, and `reconstructions.png` and `samples.png`: images
beside what the codes keep of them, and images that the prior draws.
So little training makes shapes, not beauties.
"""

import argparse
import pathlib

import keras
import numpy as np
from PIL import Image

from t2t_vq.bottlenecks import Plain, VectorQuantizer
from t2t_vq.data import synthetic_images


def main(argv=None):
    """Trains both models, writes the files, and returns what was measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", default="vqvae", help="folder to write")
    parser.add_argument("--images", type=int, default=4_000, help="to train on")
    parser.add_argument("--epochs", type=int, default=6, help="of the autoencoder")
    parser.add_argument("--prior_epochs", type=int, default=10)
    parser.add_argument("--num_codes", type=int, default=128)
    arguments = parser.parse_args(argv)
    output = pathlib.Path(arguments.output)
    output.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(0)

    train, test = pictures("train", arguments.images), pictures("test", 256)
    autoencoder = make_autoencoder(arguments.num_codes)
    # The layer tells how many codes are in use (perplexity) beside the loss.
    history = autoencoder.fit(
        train,
        train,
        batch_size=64,
        epochs=arguments.epochs,
        validation_data=(test, test),
        verbose=2,
    ).history
    autoencoder.save(output / "autoencoder.keras")

    place = [layer.name for layer in autoencoder.layers].index("latents")
    encoder = keras.Sequential(autoencoder.layers[:place])
    decoder = keras.Sequential(autoencoder.layers[place + 1 :])
    quantizer = autoencoder.get_layer("latents").bottleneck
    codes = quantizer(encoder.predict(train, verbose=0)).codes  # [images, 8, 8, 1]
    codes = np.reshape(codes, (len(train), -1))

    prior = make_prior(arguments.num_codes, codes.shape[1])
    # A code is predicted from those before it; the first from a code of its own, the last number.
    start = np.full((len(codes), 1), arguments.num_codes)
    seen = np.concatenate([start, codes[:, :-1]], axis=1)
    prior.fit(seen, codes, batch_size=64, epochs=arguments.prior_epochs, verbose=2)

    drawn = draw_codes(prior, 16, arguments.num_codes, codes.shape[1])
    samples = np.asarray(decoder(quantizer.embed(drawn.reshape(-1, 8, 8, 1))))
    kept = autoencoder.predict(test[:16], verbose=0)
    write(output / "samples.png", samples, side=8)
    write(output / "reconstructions.png", np.concatenate([test[:16], kept], axis=2), side=4)
    return {
        "squared_error": history["val_loss"][-1],
        "perplexity": history["latents_codebook_perplexity"][-1],
    }


def pictures(split, number):
    """Returns images as float32 `[number, 32, 32, 3]` in [0, 1]."""
    blocks = [images for images, _ in synthetic_images.images(split, number)]
    return np.concatenate(blocks).astype("float32") / 255


def make_autoencoder(num_codes):
    """Returns a convolutional autoencoder with 8 x 8 codes an image."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 4, strides=2, padding="same", activation="relu"),
            layers.Conv2D(64, 4, strides=2, padding="same", activation="relu"),
            layers.Conv2D(16, 1),
            # The codebook starts from the first batch, follows moving averages, and puts dead codes
            # at current vectors.
            Plain(VectorQuantizer(num_codes, decay=0.99, name="latents"), name="latents"),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(3, 4, strides=2, padding="same"),
        ]
    )
    model.compile(keras.optimizers.Adam(1e-3), "mse")
    return model


def make_prior(num_codes, length):
    """Returns a model that predicts each code of an image from those before it."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((length,), dtype="int32"),
            layers.Embedding(num_codes + 1, 64),
            layers.GRU(128, return_sequences=True),
            layers.Dense(num_codes),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-3), loss)
    return model


def draw_codes(prior, number, num_codes, length, seed=0):
    """Draws codes `[number, length]` one after the other."""
    rng = np.random.default_rng(seed)
    seen = np.full((number, length), num_codes)
    drawn = np.zeros((number, length), "int32")
    for place in range(length):
        logits = np.asarray(prior(seen))[:, place]
        # The largest of logits with Gumbel noise is a draw from their softmax.
        drawn[:, place] = np.argmax(logits + rng.gumbel(size=logits.shape), axis=-1)
        if place + 1 < length:
            seen[:, place + 1] = drawn[:, place]
    return drawn


def write(path, images, side):
    """Writes images `[number, height, width, 3]` as rows of `side` each."""
    images = (np.clip(images, 0, 1) * 255).astype("uint8")
    rows = [np.concatenate(images[i : i + side], axis=1) for i in range(0, len(images), side)]
    Image.fromarray(np.concatenate(rows, axis=0)).save(path)


if __name__ == "__main__":
    print(main())
