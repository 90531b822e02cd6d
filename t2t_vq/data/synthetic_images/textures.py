"""Textures: patterns of values in 0 to 1, a kind for each image."""

import numpy as np


def plain(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same everywhere."""
    return np.zeros_like(x)


def fade(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A smooth change from one side to the other."""
    return np.clip(0.5 + 0.5 * y, 0, 1)


def stripes(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Parallel bands."""
    frequency = _each(rng, x, 5, 11)
    return _sharp(np.sin(frequency * x + _each(rng, x, 0, 6.3)), frequency)


def waves(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bands that bend."""
    frequency = _each(rng, x, 4, 9)
    bend = _each(rng, x, 0.1, 0.35) * np.sin(_each(rng, x, 3, 6) * y)
    return _sharp(np.sin(frequency * (x + bend)), frequency)


def checks(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Squares in turn."""
    frequency = _each(rng, x, 4, 8)
    return _sharp(np.sin(frequency * x) * np.sin(frequency * y), frequency)


def dots(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Discs in rows."""
    frequency = _each(rng, x, 6, 10)
    return _sharp(np.cos(frequency * x) + np.cos(frequency * y) - 0.9, frequency)


def clouds(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random values, smooth at four scales, the coarse ones stronger; ignores `x` and `y`."""
    rows, size, _ = x.shape
    total, weights = np.zeros_like(x), 0.0
    for cells in (2, 4, 8, 16):
        total += _smooth(rng.random((rows, cells + 1, cells + 1), np.float32), size) / cells
        weights += 1 / cells
    return np.clip(0.5 + 1.6 * (total / weights - 0.5), 0, 1)


TEXTURES = (plain, fade, stripes, waves, checks, dots, clouds)


def pattern(
    kinds: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Returns each row's own texture.

    Args:
        kinds: `[rows]`, numbers in `TEXTURES`.
        x, y: `[rows, size, size]`, coordinates in about -1 to 1.
        rng: `numpy.random.Generator`.

    Returns:
        `[rows, size, size]` in 0 to 1.
    """
    found = np.empty_like(x)
    for kind, texture in enumerate(TEXTURES):
        rows = kinds == kind
        found[rows] = texture(x[rows], y[rows], rng)
    return found


def _each(rng, x, low, high):
    """One random number a row, `[rows, 1, 1]`."""
    return rng.uniform(low, high, (len(x), 1, 1)).astype(np.float32)


def _sharp(wave, frequency):
    """Makes bands of a wave, with edges about a pixel of a 32nd of the width wide."""
    return 0.5 + 0.5 * np.clip(wave * 16 / frequency, -1, 1)


def _smooth(grid, size):
    """Interpolates `[rows, cells + 1, cells + 1]` to `[rows, size, size]`."""
    cells = grid.shape[1] - 1
    place = (np.arange(size, dtype=np.float32) + 0.5) * cells / size
    step = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(cells + 1, dtype=np.float32)))
    return step @ grid @ step.T
