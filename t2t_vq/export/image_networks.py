"""An image model as networks: from images to codes, from codes to images, and the prior's steps.

`encoder` turns images into codes and `decoder` codes into images. `prior` scores the first code of
a position, given the codes of those before, and `code_head_1` and so on its other codes. A kind
without codes has a `reconstructor` instead of an encoder, and where its latents have a prior of
their own, a `decoder` of such latents. How they are put together is in `t2t_vq.runtime.images`.
"""

import math

import tensorflow as tf

from t2t_vq.errors import InvalidError
from t2t_vq.export.network import Network
from t2t_vq.export.network_parts import code_heads, keys_and_values, named, pairs
from t2t_vq.formats.details import ImageDetails
from t2t_vq.models.vq_autoencoder import VqAutoencoder


def image_networks(model: VqAutoencoder) -> list[Network]:
    """Returns the networks that an image model consists of, a list of `Network`.

    Args:
        model: a `t2t_vq.models.vq_autoencoder.VqAutoencoder`.

    Raises:
        ValueError: when nothing here knows the parts of the model.
    """
    # A subclass may compute something else.
    if type(model) is not VqAutoencoder:
        raise InvalidError(
            f"Nothing says which networks a {type(model).__name__} consists of; of image models, "
            "only vq_autoencoder can be exported so. Export this one with --format=saved_model."
        )
    if model.has_prior:
        heads = code_heads(model.prior.later_heads, model.prior.hidden_size)
        return [_encoder(model), _decoder(model), _prior(model.prior), *heads]
    if model.bottleneck.normal_prior:
        return [_reconstructor(model), _latent_decoder(model)]
    if model.bottleneck.has_own_prior:
        raise InvalidError(
            f"The latents of the bottleneck {type(model.bottleneck).__name__} have a prior that is "
            "no standard normal one, and only that can be drawn from without the model. Export "
            "with --format=saved_model."
        )
    return [_reconstructor(model)]


def image_details(model: VqAutoencoder) -> ImageDetails:
    """Returns the `ImageDetails` of an image model.

    Args:
        model: a `t2t_vq.models.vq_autoencoder.VqAutoencoder`.
    """
    bottleneck = model.bottleneck
    prior = bottleneck.normal_prior
    return ImageDetails(
        image_shape=tuple(model.image_shape),
        grid=tuple(model.grid),
        num_classes=model.num_classes,
        has_prior=model.has_prior,
        has_own_prior=bottleneck.has_own_prior,
        num_codes=bottleneck.num_codes,
        num_codebooks=bottleneck.num_codebooks,
        **(prior._asdict() if prior else {}),
    )


def _image(model):
    return {"image": tf.TensorSpec([None, *model.image_shape], tf.uint8)}


def _latents(model, width, dtype):
    return tf.TensorSpec([None, math.prod(model.grid), width], dtype)


def _encoder(model):
    def encode(image):
        return {"codes": model.to_codes(image)}

    return Network("encoder", encode, _image(model))


def _decoder(model):
    def decode(codes):
        return {"image": model.from_codes(codes)}

    codes = _latents(model, model.bottleneck.num_codebooks, tf.int32)
    return Network("decoder", decode, {"codes": codes})


def _reconstructor(model):
    def reconstruct(image):
        return {"reconstruction": model.reconstruct(image)}

    return Network("reconstructor", reconstruct, _image(model))


def _latent_decoder(model):
    def decode(latents):
        return {"image": model.expected(model.bottleneck.from_latents(latents))}

    latents = _latents(model, model.bottleneck.normal_prior.latent_dim, tf.float32)
    return Network("decoder", decode, {"latents": latents})


def _prior(prior):
    def predict(codes, position, labels=None, **tensors):
        start = prior.start(labels, tf.shape(codes)[0])
        past = pairs("past_", tensors, prior.num_layers)
        logits, hidden, past = prior.grow(start, codes, position, past)
        found = {"logits": logits, **named("next_", past)}
        return {"hidden": hidden, **found} if prior.later_heads else found

    inputs = {
        "codes": tf.TensorSpec([None, prior.num_codebooks], tf.int32),
        "position": tf.TensorSpec([], tf.int32),
    }
    if prior.num_classes:
        inputs["labels"] = tf.TensorSpec([None], tf.int32)
    return Network("prior", predict, inputs | keys_and_values("past_", prior.stack))
