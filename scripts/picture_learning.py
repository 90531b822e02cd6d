"""Hard and soft EM learning a codebook from the points of `examples/soft_em_mixture.py`."""

import importlib.util
import pathlib

_EXAMPLE = pathlib.Path(__file__).parents[1] / "examples" / "soft_em_mixture.py"
_SIZE, _GAP, _TOP = 300, 20, 40
# What is drawn of the plane, from the middle to each side.
_REACH = 3.6
_SHOWN_POINTS, _UPDATES, _SECONDS = 350, 100, 6
_COLORS = ("#d62728", "#1f77b4")


def example():
    """Returns the module of the example."""
    spec = importlib.util.spec_from_file_location(_EXAMPLE.stem, _EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def drawn():
    """Returns an animated SVG: the same points and the same start beside each other."""
    mixture = example()
    points, layers = mixture.mixture(4_000), mixture.layers()
    width, height = 2 * _SIZE + _GAP, _SIZE + _TOP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for number, name in enumerate(("hard EM", "soft EM, 10 samples")):
        frames = list(mixture.learn(layers[name], points, _UPDATES))
        distance = mixture.distance_to_centres(frames[-1])
        title = f"{name}: {distance:.2f} off in the end"
        parts.append(f'<g transform="translate({number * (_SIZE + _GAP)} {_TOP})">')
        parts.append(f'<text x="4" y="-14" font-size="14">{title}</text>')
        parts += _panel(mixture.CENTRES, points[:_SHOWN_POINTS], frames, _COLORS[number])
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _panel(centres, points, frames, color):
    """Yields what is in one half of the picture."""
    yield f'<rect width="{_SIZE}" height="{_SIZE}" fill="none" stroke="#bbbbbb"/>'
    for point in points:
        x, y = _place(point)
        if 0 < x < _SIZE and 0 < y < _SIZE:
            yield f'<circle cx="{x:.0f}" cy="{y:.0f}" r="1.5" fill="#cccccc"/>'
    for centre in centres:
        x, y = _place(centre)
        yield (
            f'<path d="M{x - 7:.0f} {y:.0f}h14M{x:.0f} {y - 7:.0f}v14" stroke="black" '
            'stroke-width="2"/>'
        )
    for code in range(len(centres)):
        places = [_place(frame[code]) for frame in frames]
        # The last frame is shown for a while.
        places += [places[-1]] * (len(places) // 3)
        x, y = places[-1]
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{color}" fill-opacity="0.8">'
        for axis, name in enumerate(("cx", "cy")):
            values = ";".join(f"{place[axis]:.1f}" for place in places)
            yield (
                f'<animate attributeName="{name}" dur="{_SECONDS}s" repeatCount="indefinite" '
                f'values="{values}"/>'
            )
        yield "</circle>"


def _place(point):
    """Returns where a point of the plane is in the panel."""
    x, y = point
    return _SIZE * (1 + x / _REACH) / 2, _SIZE * (1 - y / _REACH) / 2
