"""Soft EM against hard EM on points of a mixture in two dimensions.

    python examples/soft_em_mixture.py

The points come from five round clouds that overlap. Hard EM (k-means) gives each point to its
nearest code, so codes settle at the means of what their cells hold, pushed away from neighbours.
Soft EM shares points by the posterior and finds the clouds' own centres, if its temperature is
twice their variance: then it is the EM algorithm for that mixture. A few seconds.
"""

import argparse

import keras
import numpy as np

from t2t_vq.bottlenecks import SoftEM, VectorQuantizer

CENTRES = np.array([[0.0, 0.0], [2.0, 0.0], [-2.0, 0.0], [0.0, 2.0], [0.0, -2.0]], "float32")
DEVIATION = 0.8
NUM_CODES = len(CENTRES)


def main(argv=None):
    """Learns a codebook by each rule; prints and returns how far codes lie from the centres."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=4_000)
    parser.add_argument("--updates", type=int, default=100)
    arguments = parser.parse_args(argv)
    points = mixture(arguments.points)
    distances = {}
    for name, layer in layers().items():
        *_, codebook = learn(layer, points, arguments.updates)
        distances[name] = distance_to_centres(codebook)
        print(f"{name:26} {distances[name]:.3f} from a centre to its nearest code")
    return distances


def layers():
    """Returns the rules by name; all start from the same codes."""
    # A decay of 0 makes an update a whole M-step, as all points are one batch.
    options = {"decay": 0.0, "restart_threshold": 0.0}
    temperature = 2 * DEVIATION**2
    return {
        "hard EM": VectorQuantizer(NUM_CODES, **options),
        "soft EM, 10 samples": SoftEM(
            NUM_CODES, num_samples=10, temperature=temperature, **options
        ),
        "soft EM, posterior's mean": SoftEM(
            NUM_CODES, num_samples=None, temperature=temperature, **options
        ),
    }


def mixture(number, seed=0):
    """Draws points of the mixture, `[number, 2]` float32."""
    rng = np.random.default_rng(seed)
    cloud = rng.integers(NUM_CODES, size=number)
    return CENTRES[cloud] + rng.normal(0, DEVIATION, (number, 2)).astype("float32")


def learn(layer, points, updates):
    """Yields the codebook at its start and after each update, `[NUM_CODES, 2]`."""
    batch = points[None]  # [batch, length, dim]
    layer.build(batch.shape)
    # Near the middle, so that there is a way to go.
    layer.start(0.3 * mixture(NUM_CODES, seed=2))
    yield keras.ops.convert_to_numpy(layer.codebook)
    for _ in range(updates):
        layer(batch, training=True)
        yield keras.ops.convert_to_numpy(layer.codebook)


def distance_to_centres(codebook):
    """Returns the mean distance from a centre to its nearest code."""
    distances = np.linalg.norm(CENTRES[:, None] - codebook[None], axis=-1)
    return float(np.mean(np.min(distances, axis=1)))


if __name__ == "__main__":
    main()
