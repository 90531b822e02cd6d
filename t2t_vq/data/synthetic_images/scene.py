"""Draws scenes: a textured ground, a shaded object with a shadow, and bars in front of it.

All images of a call are drawn at once, in single precision. Coordinates are -1 to 1 over the
image, `y` upwards; colours are 0 to 1.
"""

import numpy as np

from t2t_vq.data.synthetic_images import shapes, textures

SIZE = 32
_PIXEL = 2 / SIZE


def draw(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws one image a label.

    Args:
        labels: `[images]`, numbers in `shapes.SHAPES`.
        rng: `numpy.random.Generator`.

    Returns:
        uint8 `[images, 32, 32, 3]`.
    """
    rows = len(labels)
    place = ((np.arange(SIZE) + 0.5) * _PIXEL - 1).astype(np.float32)
    x = np.broadcast_to(place, (rows, SIZE, SIZE))
    y = np.broadcast_to(-place[:, None], (rows, SIZE, SIZE))
    ground_colours, object_colours = _palettes(rows, rng)
    light = rng.uniform(0, 2 * np.pi, (rows, 1, 1)).astype(np.float32)
    towards = np.cos(light), np.sin(light)

    image = _surface(x, y, ground_colours, rng)
    for _ in range(2):
        image = _blur_spot(image, x, y, rng)
    image = _object(image, x, y, labels, object_colours, towards, rng)
    for _ in range(2):
        image = _bar(image, x, y, rng)
    # The light falls off across the scene, and the camera adds a little grain.
    falloff = _uniform(rng, rows, 0, 0.25) * (x * towards[0] + y * towards[1])
    grain = _uniform(rng, rows, 0, 0.015)[..., None] * rng.standard_normal(image.shape, np.float32)
    image = image * (1 + falloff)[..., None] + grain
    return np.round(255 * np.clip(image, 0, 1)).astype(np.uint8)


def _object(image, x, y, labels, colours, towards, rng):
    rows = len(labels)
    radius = _uniform(rng, rows, 0.46, 0.8)
    # A larger object has less room to move.
    room = 1 - radius
    centre = _uniform(rng, rows, -1, 1) * room, _uniform(rng, rows, -1, 1) * room
    turn = _uniform(rng, rows, 0, 2 * np.pi)
    stretch = _uniform(rng, rows, 0.86, 1.16)

    def local(shift_x=0, shift_y=0):
        dx, dy = (x - shift_x - centre[0]) / radius, (y - shift_y - centre[1]) / radius
        along = np.cos(turn) * dx + np.sin(turn) * dy
        return along * stretch, (np.cos(turn) * dy - np.sin(turn) * dx) / stretch

    # The shadow falls away from the light, softer the further the object is above the ground.
    height = _uniform(rng, rows, 0.04, 0.18)
    fallen = shapes.distance(labels, *local(-height * towards[0], -height * towards[1]))
    shade = _uniform(rng, rows, 0.2, 0.65) * _cover(fallen * radius, 2 * height + _PIXEL)
    image = image * (1 - shade)[..., None]

    inside = local()
    distance = shapes.distance(labels, *inside) * radius
    surface = _surface(*inside, colours, rng)
    surface = surface * _relief(distance, towards, rng)[..., None]
    # Some objects have a dark outline.
    outlined = _uniform(rng, rows, 0, 1) < 0.3
    line = np.where(outlined, _cover(np.abs(distance + _PIXEL) - 0.75 * _PIXEL), 0)
    surface = surface * (1 - 0.75 * line)[..., None]
    return _over(image, surface, _cover(distance))


def _relief(distance, towards, rng):
    """Brightness of a body with a rounded rim: lit on the side of the light, dark on the other."""
    rows = len(distance)
    width = _uniform(rng, rows, 0.1, 0.45)
    steepness = np.clip(1 + distance / width, 0, 1)
    down, right = np.gradient(distance, _PIXEL, axis=(1, 2))
    facing = np.clip(right * towards[0] - down * towards[1], -1, 1)
    strength = _uniform(rng, rows, 0, 0.55)
    return 1 + strength * steepness * facing


def _blur_spot(image, x, y, rng):
    """Lays a blurred spot of light or dark on the ground of half the images."""
    rows = len(image)
    centre = _uniform(rng, rows, -1, 1), _uniform(rng, rows, -1, 1)
    distance = np.hypot(x - centre[0], y - centre[1]) - _uniform(rng, rows, 0.1, 0.5)
    cover = _cover(distance, _uniform(rng, rows, 0.05, 0.6)) * _uniform(rng, rows, 0, 0.6)
    cover = np.where(_uniform(rng, rows, 0, 1) < 0.5, cover, 0)
    return _over(image, rng.random((rows, 1, 1, 3), np.float32), cover)


def _bar(image, x, y, rng):
    """Puts a thin bar in front of a third of the images."""
    rows = len(image)
    turn, place = _uniform(rng, rows, 0, np.pi), _uniform(rng, rows, -0.7, 0.7)
    across = np.cos(turn) * x + np.sin(turn) * y - place
    half = _uniform(rng, rows, 0.04, 0.13)
    colour = rng.random((rows, 1, 1, 3), np.float32)
    rounded = np.sqrt(np.clip(1 - (across / half) ** 2, 0, 1))
    there = _uniform(rng, rows, 0, 1) < 0.35
    cover = np.where(there, _cover(np.abs(across) - half), 0)
    return _over(image, colour * (0.45 + 0.55 * rounded)[..., None], cover)


def _surface(x, y, colours, rng):
    """A texture of two colours, `[rows, size, size, 3]`, turned at random."""
    rows = len(x)
    turn = _uniform(rng, rows, 0, 2 * np.pi)
    along, across = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    kinds = rng.integers(len(textures.TEXTURES), size=rows)
    mixed = textures.pattern(kinds, along, across, rng)[..., None]
    first, second = colours
    return first + mixed * (second - first)


def _palettes(rows, rng):
    """Two colours for the ground and two for the object, which differ in hue and lightness."""
    hue, dark = rng.random(rows), rng.random(rows) < 0.5
    ground_value = np.where(dark, rng.uniform(0.15, 0.5, rows), rng.uniform(0.6, 0.95, rows))
    object_value = np.where(dark, rng.uniform(0.65, 1.0, rows), rng.uniform(0.2, 0.7, rows))
    ground = _pair(hue, ground_value, 0.15, 0.65, rng)
    return ground, _pair(hue + rng.uniform(0.2, 0.8, rows), object_value, 0.4, 1.0, rng)


def _pair(hue, value, least, most, rng):
    rows = len(hue)
    saturation = rng.uniform(least, most, rows)
    first = _rgb(hue, saturation, value)
    second = _rgb(
        hue + rng.uniform(-0.12, 0.12, rows),
        saturation * rng.uniform(0.5, 1, rows),
        value * rng.uniform(0.55, 0.9, rows),
    )
    return first, second


def _rgb(hue, saturation, value):
    """Colours `[rows, 1, 1, 3]` of hue, saturation and value, `[rows]` each."""
    sector = (hue[:, None] * 6 + np.array([0, 4, 2])) % 6
    pure = np.clip(np.abs(sector - 3) - 1, 0, 1)
    colours = value[:, None] * (1 + saturation[:, None] * (pure - 1))
    return colours.astype(np.float32)[:, None, None, :]


def _cover(distance, width=_PIXEL):
    """How much of a pixel is inside an outline that is `width` wide: anti-aliasing, or blur."""
    return np.clip(0.5 - distance / width, 0, 1)


def _over(below, above, cover):
    return below + cover[..., None] * (above - below)


def _uniform(rng, rows, low, high):
    return rng.uniform(low, high, (rows, 1, 1)).astype(np.float32)
