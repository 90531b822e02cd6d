"""How every kind of bottleneck cuts the plane, and how often it takes each of its codes."""

import functools
import io

import keras
import numpy as np
import picture_learning
from matplotlib import colormaps, figure
from PIL import Image

from t2t_vq.bottlenecks import Plain, make_bottleneck

_UPDATES, _BATCH, _REACH, _SIDE = 400, 256, 3.6, 160
# Sixteen codes in all, or about as many; where there is no other way, more.
OPTIONS = {
    "vq": {"num_codes": 16},
    "em": {"num_codes": 16, "temperature": 0.05, "relative_temperature": True},
    "simvq": {"num_codes": 16},
    "dvq": {"num_codes": 4, "num_blocks": 2},
    "residual-vq": {"num_codes": 4, "num_quantizers": 2},
    "grouped-residual-vq": {"num_codes": 2, "num_blocks": 2, "num_quantizers": 2},
    "gumbel-softmax": {"num_codes": 16},
    "gumbel-softmax-dvq": {"num_codes": 4, "num_blocks": 2},
    "semhash": {"num_codes": 16},
    "isemhash": {"num_codes": 16, "discrete_share": 0.5},
    "tanh": {"num_codes": 16, "discrete_share": 0.5},
    "fsq": {"levels": (4, 4)},
    "lfq": {"num_codes": 16},
    "bsq": {"num_codes": 16},
    "vae": {"own": {"latent_dim": 1}, "kl_weight": 0.001},
    "dense": {"own": {"latent_dim": 1}},
}


@functools.cache
def learned(kind):
    """Returns a bottleneck of a kind that has learned the points, `[4000, 2]`, and the points."""
    keras.utils.set_random_seed(0)
    points = picture_learning.example().mixture(4_000)
    layer = make_bottleneck({"kind": kind, "decay": 0.95, **OPTIONS[kind]})
    model = keras.Sequential([keras.Input((1, 2)), Plain(layer)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    layer.adapt(points[:, None])
    drawn = np.random.default_rng(0).integers(len(points), size=(_UPDATES * _BATCH, 1))
    model.fit(points[drawn], points[drawn], batch_size=_BATCH, epochs=1, verbose=0)
    return layer, points


def numbers(layer, codes):
    """Returns codes `[N, 1, num_codebooks]` as one number each."""
    places = layer.num_codes ** np.arange(layer.num_codebooks)
    return np.sum(np.asarray(codes)[:, 0] * places, axis=-1)


def drawn(kind):
    """Returns a picture of the plane, in which each code has a colour."""
    layer, points = learned(kind)
    axis = np.linspace(-_REACH, _REACH, _SIDE, dtype="float32")
    plane = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 1, 2)
    output = layer(plane)
    dense = np.asarray(output.dense)[:, 0]
    if layer.has_codes:
        _, region = np.unique(numbers(layer, output.codes), return_inverse=True)
        shades = colormaps["tab20"](region * 7 % 20)
    else:
        # A line through the plane: where on it a vector comes out.
        along = dense[:, np.argmax(np.ptp(dense, axis=0))]
        shades = colormaps["viridis"]((along - along.min()) / np.ptp(along))
    picture = figure.Figure(figsize=(3, 3), dpi=110)
    axes = picture.add_axes((0, 0, 1, 1))
    extent = (-_REACH, _REACH, -_REACH, _REACH)
    axes.imshow(shades.reshape(_SIDE, _SIDE, 4), origin="lower", extent=extent, alpha=0.6)
    axes.scatter(*points[:500].T, s=1.5, color="0.25", linewidths=0)
    if layer.has_codes:
        centres = np.unique(np.round(dense, 3), axis=0)
        axes.scatter(*centres.T, s=36, color="white", edgecolors="black", zorder=3)
    axes.set(xlim=extent[:2], ylim=extent[2:], xticks=(), yticks=())
    buffer = io.BytesIO()
    picture.savefig(buffer)
    return Image.open(buffer).convert("RGB").quantize(64)


def use_drawn():
    """Returns a figure of each kind's codes, the most frequent first, by share of the points."""
    kinds = [kind for kind in OPTIONS if learned(kind)[0].has_codes]
    picture = figure.Figure(figsize=(8, 5))
    for number, kind in enumerate(kinds):
        layer, points = learned(kind)
        codes = numbers(layer, layer(points[:, None]).codes)
        shares = np.bincount(codes, minlength=layer.num_codes**layer.num_codebooks) / len(points)
        axes = picture.add_subplot(3, 5, number + 1)
        axes.bar(np.arange(len(shares)), np.sort(shares)[::-1], width=0.8, color="C0")
        used, entropy = np.sum(shares > 0), -np.sum(shares * np.log(np.maximum(shares, 1e-12)))
        axes.set_title(f"{kind}\n{used} of {len(shares)}, effective {np.exp(entropy):.1f}", size=7)
        axes.set(ylim=(0, 0.4), xticks=())
        axes.tick_params(labelsize=6)
        if number % 5:
            axes.set_yticks(())
    picture.subplots_adjust(hspace=0.5, wspace=0.15)
    return picture
