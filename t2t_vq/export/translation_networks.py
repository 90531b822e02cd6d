"""A translation model as networks: what a search calls, one part after the other.

`encoder` is called once for each batch. `predictor` scores symbols: the next token of a
`transformer`, the first codes of positions of a `transformer_nat`, whose other codes `code_head_1`
and so on score. `decoder` turns codes into tokens, `compressor` tokens into codes, to decode from
them again. `rescorer` is another model, whole. How a search puts them together is in
`t2t_vq.runtime`.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import tensorflow as tf

from t2t_vq.data.tokenizer import PAD_ID
from t2t_vq.errors import InvalidError
from t2t_vq.export.network import Network
from t2t_vq.export.network_parts import code_heads, keys_and_values, named, pairs
from t2t_vq.formats.details import TranslationDetails
from t2t_vq.layers.attention import padding_mask
from t2t_vq.layers.causal_latent_predictor import CausalLatentPredictor
from t2t_vq.models.transformer import Transformer
from t2t_vq.models.transformer_nat import TransformerNat

if TYPE_CHECKING:
    from t2t_vq.translator import Translator

_IDS = tf.TensorSpec([None, None], tf.int32)
_NUMBER = tf.TensorSpec([], tf.int32)


def translation_networks(translator: Translator) -> list[Network]:
    """Returns the networks that a translator's search needs, a list of `Network`.

    Args:
        translator: a `t2t_vq.translator.Translator`.

    Raises:
        ValueError: when nothing here knows the parts of its model.
    """
    model = translator.model
    # A subclass may compute something else.
    if type(model) is Transformer:
        networks = [_stepwise_encoder(model, model.decoder), _token_predictor(model)]
    elif type(model) is TransformerNat:
        networks = _parallel(model, translator.search)
    else:
        raise InvalidError(
            f"Nothing says which networks a {type(model).__name__} consists of; only the models "
            "transformer and transformer_nat can be exported so. Export this one with "
            "--format=saved_model."
        )
    if translator.rescorer is not None:
        networks.append(_rescorer(translator.rescorer))
    return networks


def translation_details(translator: Translator) -> TranslationDetails:
    """Returns the `TranslationDetails` of a translator.

    Args:
        translator: a `t2t_vq.translator.Translator` of a model that `translation_networks` takes.
    """
    model = translator.model
    details = TranslationDetails(
        search=translator.search,
        is_rescored=translator.rescorer is not None,
        target_lengths=tuple((n, model.target_length(n)) for n in translator.lengths),
    )
    if isinstance(model, Transformer):
        return details
    return dataclasses.replace(
        details,
        predictor=model.predictor_name,
        num_codes=model.bottleneck.num_codes,
        num_codebooks=model.bottleneck.num_codebooks,
        compress_steps=model.compress_steps,
    )


def _parallel(model, search):
    predictor = model.predictor
    is_causal = isinstance(predictor, CausalLatentPredictor)
    if is_causal:
        networks = [_stepwise_encoder(model, predictor.stack, memory=True), _code_predictor(model)]
    else:
        networks = [_measuring_encoder(model), _hidden_code_predictor(model)]
    # A search step by step has one position a row, a parallel one all of them.
    num_free = 1 if is_causal else 2
    networks += code_heads(predictor.later_heads, predictor.project.units, num_free)
    networks.append(_decoder(model))
    if search.refinements:
        networks.append(_compressor(model))
    return networks


def _mask(source):
    return padding_mask(source != PAD_ID)


def _attention_inputs(stack):
    """Returns the specifications of projected memory and of the past."""
    return keys_and_values("memory_", stack) | keys_and_values("past_", stack)


def _stepwise_encoder(model, stack, memory=False):
    """An encoder that projects its output for the steps of a stack."""

    def encode(source):
        encoded, _ = model.encode(source)
        found = named("memory_", stack.project_memory(encoded))
        return {"memory": encoded, **found} if memory else found

    return Network("encoder", encode, {"source": _IDS})


def _measuring_encoder(model):
    """An encoder that scores numbers of latents, up to `most`."""

    def encode(source, most):
        memory, mask = model.encode(source)
        return {
            "memory": memory,
            "length_logits": model.predictor.length_logits(memory, mask, most),
        }

    return Network("encoder", encode, {"source": _IDS, "most": _NUMBER})


def _token_predictor(model):
    def predict(source, symbols, position, **tensors):
        layers = model.decoder.num_layers
        memory, past = pairs("memory_", tensors, layers), pairs("past_", tensors, layers)
        logits, past = model.grow(memory, _mask(source), symbols, position, past)
        return {"logits": logits, **named("next_", past)}

    symbols = tf.TensorSpec([None], tf.int32)
    own = {"source": _IDS, "symbols": symbols, "position": _NUMBER}
    return Network("predictor", predict, own | _attention_inputs(model.decoder))


def _code_predictor(model):
    predictor = model.predictor

    def predict(source, codes, position, **tensors):
        layers = predictor.num_layers
        memory, past = pairs("memory_", tensors, layers), pairs("past_", tensors, layers)
        logits, hidden, past = predictor.grow(
            model.bottleneck.embed, memory, _mask(source), codes, position, past
        )
        found = {"logits": logits, **named("next_", past)}
        return {"hidden": hidden, **found} if predictor.later_heads else found

    codes = tf.TensorSpec([None, predictor.num_codebooks], tf.int32)
    own = {"source": _IDS, "codes": codes, "position": _NUMBER}
    return Network("predictor", predict, own | _attention_inputs(predictor.stack))


def _hidden_code_predictor(model):
    predictor = model.predictor

    def predict(source, memory, codes, is_hidden, counts):
        mask = tf.range(tf.shape(codes)[1]) < counts
        logits, hidden = predictor.score_first(
            model.bottleneck.embed(codes), is_hidden, mask, memory, _mask(source)
        )
        found = {"logits": logits}
        return {"hidden": hidden, **found} if predictor.later_heads else found

    return Network(
        "predictor",
        predict,
        {
            "source": _IDS,
            "memory": _memory(model),
            "codes": _codes(model),
            "is_hidden": tf.TensorSpec([None, None], tf.bool),
            "counts": tf.TensorSpec([None, 1], tf.int32),
        },
    )


def _memory(model):
    return tf.TensorSpec([None, None, model.hidden_size], tf.float32)


def _codes(model):
    return tf.TensorSpec([None, None, model.bottleneck.num_codebooks], tf.int32)


def _decoder(model):
    def decode(source, memory, codes):
        return {"tokens": model.decode_symbols(codes, memory, _mask(source))}

    inputs = {"source": _IDS, "memory": _memory(model), "codes": _codes(model)}
    return Network("decoder", decode, inputs)


def _compressor(model):
    def compress(tokens):
        return {"codes": model.symbols_of(tokens)}

    return Network("compressor", compress, {"tokens": _IDS})


def _rescorer(model):
    def score(source, candidates):
        return {"likelihoods": model.log_likelihood(source, candidates)}

    candidates = tf.TensorSpec([None, None, None], tf.int32)
    return Network("rescorer", score, {"source": _IDS, "candidates": candidates})
