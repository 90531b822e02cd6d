"""An image model as a SavedModel from images to codes and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import tensorflow as tf

from t2t_vq.export import reproducible, serving_warmup
from t2t_vq.export.folder import filling
from t2t_vq.export.pieces import SIZES, filled_up, in_pieces
from t2t_vq.paths import StrPath

if TYPE_CHECKING:
    from t2t_vq.models.vq_autoencoder import VqAutoencoder

_DRAWN = 16


class ImageModule(tf.Module):
    """Encodes, decodes and draws images inside TensorFlow graphs.

    Args:
        model: a `t2t_vq.models.vq_autoencoder.VqAutoencoder`.
    """

    def __init__(self, model: VqAutoencoder) -> None:
        super().__init__()
        self._model = model
        # TensorFlow's walk over a Keras model misses layers in lists.
        self._model_variables = [variable.value for variable in model.variables]
        self._programs = self._compile()

    def signatures(self) -> dict[str, Callable]:
        """Returns the functions to export, by name."""
        found = {"serving_default": self._of_any_number(self._serve, "rebuild")}
        if self._model.has_prior:
            found["decode"] = self._of_any_number(self._decode_all, "decode")
        if self._model.has_bound:
            found["sample"] = self._programs["sample"]
        return {**found, "warm_up": tf.function(self._warm_up, input_signature=[])}

    def _of_any_number(self, method, name):
        (specification,) = self._programs[name].structured_input_signature[0]
        return tf.function(method, input_signature=[specification])

    def _serve(self, image):
        return self._in_pieces("rebuild", image)

    def _decode_all(self, codes):
        return self._in_pieces("decode", codes)

    def _in_pieces(self, name, rows):
        """Returns what a program gives for any number of rows."""
        program, number = self._programs[name], tf.shape(rows)[0]
        results = {
            name: tf.zeros([number, *each.shape[1:]], each.dtype)
            for name, each in program.structured_outputs.items()
        }

        def piece(here, size):
            return program(filled_up(tf.gather(rows, here), size))

        return in_pieces(piece, tf.range(number), SIZES, results)

    def _compile(self):
        """Returns the compiled functions, of shapes that are free in their rows."""
        model = self._model
        image = tf.TensorSpec([None, *model.image_shape], tf.uint8, name="image")
        found = {"rebuild": _program(self._rebuild, image)}
        if model.has_prior:
            shape = [None, model.grid[0] * model.grid[1], model.bottleneck.num_codebooks]
            codes = tf.TensorSpec(shape, tf.int32, name="codes")
            found["decode"] = _program(self._decode, codes)
        if model.has_bound:
            drawn_by = [tf.TensorSpec([], tf.int64, name="seed")]
            if model.num_classes:
                drawn_by.append(tf.TensorSpec([_DRAWN], tf.int32, name="label"))
            found["sample"] = _program(self._sample, *drawn_by)
        return found

    def _warm_up(self):
        """Compiles for all shapes; returns `{"sums": [shapes] int32}`, of what each gives."""
        sums = []
        for program in self._programs.values():
            # Where there are no classes, the place of a label holds none.
            specifications = [each for each in program.structured_input_signature[0] if each]
            dtypes = [each.dtype for each in specifications]
            # A seed stands for images as many as are drawn.
            for rows in SIZES if specifications[0].shape.rank else [_DRAWN]:
                shapes = [[rows, *each.shape[1:]][: each.shape.rank] for each in specifications]
                found = program(*(tf.zeros(*each) for each in zip(shapes, dtypes, strict=True)))
                sums += [tf.reduce_sum(tf.cast(part, tf.int32)) for part in found.values()]
        return {"sums": tf.stack(sums)}

    def _rebuild(self, image):
        found = {"reconstruction": self._model.reconstruct(image)}
        return {**found, "codes": self._model.to_codes(image)} if self._model.has_prior else found

    def _decode(self, codes):
        return {"image": self._model.from_codes(codes)}

    def _sample(self, seed, label=None):
        return {"image": self._model.sample(_DRAWN, label, seed=seed)}


def _program(method, *specifications):
    return tf.function(
        method, input_signature=specifications, jit_compile=True, autograph=False
    ).get_concrete_function()


def export_image_saved_model(model: VqAutoencoder, export_dir: StrPath) -> list[str]:
    """Writes a SavedModel of an image model; who serves it needs TensorFlow alone.

    `serving_default` takes `image`, uint8 `[n, height, width, channels]`, and gives its
    `reconstruction` and, for a kind that has them, `codes`, int32 `[n, positions, codebooks]`.
    `decode` takes `codes` and gives `image`. `sample` takes `seed`, int64, and gives 16 images;
    where the prior is told classes, it takes their numbers too, `label`, int32 `[16]`. A kind
    without codes has no `decode`, and one whose latents have no prior no `sample`. `warm_up`
    compiles all that these need where they run, and TensorFlow Serving calls it by itself.

    Args:
        model: a `t2t_vq.models.vq_autoencoder.VqAutoencoder`.
        export_dir: a folder that is not there yet, or empty.

    Returns:
        The names of the signatures.

    Raises:
        FileExistsError: when `export_dir` holds files.

    Example:
        >>> export_image_saved_model(t2t_vq.load("runs/images").model, "export/image_saved_model")
        ['serving_default', 'decode', 'sample', 'warm_up']
        >>> # In another process:
        >>> model = tf.saved_model.load("export/image_saved_model")
        >>> images = np.zeros((2, 32, 32, 3), np.uint8)
        >>> codes = model.signatures["serving_default"](image=images)["codes"]
    """
    module = ImageModule(model)
    signatures = module.signatures()
    with filling(export_dir) as folder:
        reproducible.save(module, folder, signatures)
        serving_warmup.write(folder, "warm_up")
    return list(signatures)
