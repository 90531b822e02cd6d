"""The ten shapes that are the classes of the synthetic images, as signed distances.

A shape is a function of `x` and `y`, arrays of one form, in units of about its radius, `y` upwards.
It returns how far each point is outside the shape (negative inside), exact near the outline, which
is what anti-aliasing, shading and shadows need.
"""

import numpy as np


def circle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A disc."""
    return np.hypot(x, y) - 0.9


def ring(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A disc with a hole."""
    return np.abs(np.hypot(x, y) - 0.72) - 0.23


def crescent(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A disc with a bite of a disc."""
    return np.maximum(np.hypot(x, y) - 0.97, 1 - np.hypot(x - 0.7, y))


def heart(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A square on its corner, with a disc on each of its upper sides."""
    x, y, half = np.abs(x), y + 0.12, 0.53
    square = (x + np.abs(y)) / np.sqrt(2) - half
    middle = half / np.sqrt(2)
    return np.minimum(square, np.hypot(x - middle, y - middle) - half)


def triangle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A triangle of equal sides."""
    x = np.abs(x)
    return np.maximum(x * np.cos(np.pi / 6) + y * np.sin(np.pi / 6), -y) - 0.52


def square(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A square."""
    return np.maximum(np.abs(x), np.abs(y)) - 0.74


def star(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A star of five points."""
    outer, inner, half = 1.05, 0.46, np.pi / 5
    # Folded into half a point: from the tip, at angle 0, to the notch beside it.
    radius = np.hypot(x, y)
    angle = np.abs(np.mod(np.arctan2(x, y) + half, 2 * half) - half)
    notch = inner * np.cos(half), inner * np.sin(half)
    normal = np.array([notch[1], outer - notch[0]])
    normal = normal / np.hypot(*normal)
    return (radius * np.cos(angle) - outer) * normal[0] + radius * np.sin(angle) * normal[1]


def cross(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Two bars across each other."""
    x, y = np.abs(x), np.abs(y)
    return np.maximum(np.maximum(x, y) - 0.95, np.minimum(x, y) - 0.29)


def flower(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Five petals."""
    radius = np.hypot(x, y)
    # The outline's slope makes the difference of radii longer than the distance.
    return 0.66 * (radius - 0.72 - 0.25 * np.cos(5 * np.arctan2(x, y)))


def arrow(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A broad arrow that points up."""
    x = np.abs(x)
    head = np.maximum((x + y - 1.0) / np.sqrt(2), -y)
    shaft = np.maximum(x - 0.3, np.abs(y + 0.4) - 0.55)
    return np.minimum(head, shaft)


SHAPES = (circle, ring, crescent, heart, triangle, square, star, cross, flower, arrow)
NAMES = tuple(shape.__name__ for shape in SHAPES)


def distance(labels: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns the signed distance of each row's own shape.

    Args:
        labels: `[rows]`, numbers in `SHAPES`.
        x, y: `[rows, height, width]`.

    Returns:
        `[rows, height, width]`.
    """
    found = np.empty_like(x)
    for label, shape in enumerate(SHAPES):
        rows = labels == label
        found[rows] = shape(x[rows], y[rows])
    return found
