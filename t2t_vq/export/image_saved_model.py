"""An image model as a SavedModel from images to codes and back."""

import tensorflow as tf

from t2t_vq.export import reproducible
from t2t_vq.export.folder import filling

_DRAWN = 16


class ImageModule(tf.Module):
    """Encodes, decodes and draws images inside TensorFlow graphs.

    Args:
        model: a `t2t_vq.models.vq_autoencoder.VqAutoencoder`.
    """

    def __init__(self, model):
        super().__init__()
        self._model = model
        # TensorFlow's walk over a Keras model misses layers in lists.
        self._model_variables = [variable.value for variable in model.variables]

    def signatures(self):
        """Returns the functions to export, by name."""
        model = self._model
        image = tf.TensorSpec([None, *model.image_shape], tf.uint8, name="image")
        found = {"serving_default": _function(self._rebuild, image)}
        if model.has_prior:
            shape = [None, model.grid[0] * model.grid[1], model.bottleneck.num_codebooks]
            codes = tf.TensorSpec(shape, tf.int32, name="codes")
            found["decode"] = _function(self._decode, codes)
        if model.has_bound:
            drawn_by = [tf.TensorSpec([], tf.int64, name="seed")]
            if model.num_classes:
                drawn_by.append(tf.TensorSpec([_DRAWN], tf.int32, name="label"))
            found["sample"] = _function(self._sample, *drawn_by)
        return found

    def _rebuild(self, image):
        found = {"reconstruction": self._model.reconstruct(image)}
        return {**found, "codes": self._model.to_codes(image)} if self._model.has_prior else found

    def _decode(self, codes):
        return {"image": self._model.from_codes(codes)}

    def _sample(self, seed, label=None):
        return {"image": self._model.sample(_DRAWN, label, seed=seed)}


def _function(method, *specifications):
    return tf.function(
        method, input_signature=specifications, jit_compile=True, autograph=False
    ).get_concrete_function()


def export_image_saved_model(model, export_dir):
    """Writes a SavedModel of an image model; who serves it needs TensorFlow alone.

    `serving_default` takes `image`, uint8 `[n, height, width, channels]`, and gives its
    `reconstruction` and, for a kind that has them, `codes`, int32 `[n, positions, codebooks]`.
    `decode` takes `codes` and gives `image`. `sample` takes `seed`, int64, and gives 16 images;
    where the prior is told classes, it takes their numbers too, `label`, int32 `[16]`. A kind
    without codes has no `decode`, and one whose latents have no prior no `sample`.

    Args:
        model: a `t2t_vq.models.vq_autoencoder.VqAutoencoder`.
        export_dir: a folder that is not there yet, or empty.

    Returns:
        The names of the signatures.

    Raises:
        FileExistsError: when `export_dir` holds files.

    Example:
        export_image_saved_model(model, "export/images")
        # In another process:
        serve = tf.saved_model.load("export/images").signatures["serving_default"]
        serve(image=images)["codes"]
    """
    module = ImageModule(model)
    signatures = module.signatures()
    with filling(export_dir) as folder:
        reproducible.save(module, folder, signatures)
    return list(signatures)
