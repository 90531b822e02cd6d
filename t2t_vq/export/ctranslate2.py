"""A Transformer as a model directory of CTranslate2."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

import numpy as np
from keras import ops

from t2t_vq.data.tokenizer import EOS_ID, PAD_ID, UNK_ID
from t2t_vq.decoding.options import GREEDY
from t2t_vq.errors import InvalidError
from t2t_vq.export.folder import filling
from t2t_vq.layers.positions import sinusoids
from t2t_vq.models.transformer import Transformer
from t2t_vq.paths import StrPath
from t2t_vq.translator import LENGTHS

if TYPE_CHECKING:
    from ctranslate2.specs import TransformerSpec

    from t2t_vq.translator import Translator


def export_ctranslate2(translator: Translator, export_dir: StrPath) -> None:
    """Writes a model that CTranslate2 runs, and its vocabulary as `sentencepiece.model`.

    Its greedy search (`beam_size=1`) gives the same tokens as the translator, in float32 and up to
    `max_decoding_length`. How to search is chosen when translating, not here. CTranslate2 divides
    the score of a beam by `length ** length_penalty`, not by `((5 + length) / 6) ** alpha`, so that
    its beams may differ. Weights are float32, and whoever loads them says what to compute in.

    Args:
        translator: a `t2t_vq.translator.Translator` of a `Transformer`, with the default search.
        export_dir: a folder that is not there yet, or empty.

    Raises:
        FileExistsError: when `export_dir` holds files.
        ValueError: when the translator cannot be converted, or ctranslate2 is not installed.

    Reference:
        https://opennmt.net/CTranslate2/.

    Example:
        >>> export_ctranslate2(t2t_vq.load("runs/teacher").translator, "export/ctranslate2")
        >>> # In another process:
        >>> import ctranslate2, sentencepiece
        >>> pieces = sentencepiece.SentencePieceProcessor(
        ...     model_file="export/ctranslate2/sentencepiece.model")
        >>> source = pieces.encode("The dog sleeps.", out_type=str)
        >>> translator = ctranslate2.Translator("export/ctranslate2")
        >>> (found,) = translator.translate_batch([source], beam_size=1)
        >>> translation = pieces.decode(found.hypotheses[0])
    """
    spec = converted(translator)
    spec.optimize()
    with filling(export_dir) as folder:
        spec.save(folder)
        vocabulary = pathlib.Path(folder) / "sentencepiece.model"
        vocabulary.write_bytes(translator.tokenizer.model_bytes)


def converted(translator: Translator) -> TransformerSpec:
    """Returns a model as CTranslate2 describes it, in float32, for `optimize` and `save`.

    Args:
        translator: as `export_ctranslate2` takes it.

    Raises:
        ValueError: when it cannot be converted, or ctranslate2 is not installed.

    Example:
        >>> spec = converted(t2t_vq.load("runs/teacher").translator)
        >>> spec.config.add_source_eos
        True
    """
    _check(translator)
    spec = _spec(translator.model)
    _describe_vocabulary(spec, translator.tokenizer)
    spec.validate()
    return spec


def _check(translator):
    # A subclass may compute something else.
    if type(translator.model) is not Transformer:
        raise InvalidError(
            f"CTranslate2 cannot run a {type(translator.model).__name__}, only the model "
            "transformer. Export this one with another --format: openvino or onnx are fastest."
        )
    if translator.search != GREEDY or translator.rescorer is not None:
        raise InvalidError(
            "A CTranslate2 model holds no search and no second model. Leave out the options of the "
            "search and rescore_with, and give beam_size to CTranslate2 when translating; or "
            "export with --format=saved_model."
        )


def _spec(model):
    try:
        from ctranslate2 import specs
    except ImportError as error:
        raise InvalidError(
            f"The library ctranslate2 cannot be imported ({error}). Install it: "
            'pip install "t2t-vq[bench]".'
        ) from error

    num_layers = (model.encoder.num_layers, model.decoder.num_layers)
    spec = specs.TransformerSpec.from_config(num_layers, model.encoder.num_heads)
    spec.config.layer_norm_epsilon = model.encoder.norm.epsilon
    table = ops.convert_to_numpy(model.embedding.table)
    # CTranslate2's own encodings are others.
    positions = sinusoids(ops.arange(model.target_length(LENGTHS[-1])), model.hidden_size)
    for side, stack in ((spec.encoder, model.encoder), (spec.decoder, model.decoder)):
        side.position_encodings.encodings = ops.convert_to_numpy(positions)
        _set_norm(side.layer_norm, stack.norm)
        for layer, block in zip(side.layer, stack.blocks, strict=True):
            _set_block(layer, block)
    spec.encoder.embeddings[0].weight = table
    spec.decoder.embeddings.weight = table
    spec.decoder.projection.weight = table
    spec.decoder.start_from_zero_embedding = True
    return spec


def _set_block(spec, block):
    attention = block.self_attention
    _set_norm(spec.self_attention.layer_norm, block.self_norm)
    _set_linear(spec.self_attention.linear[0], attention.query, attention.key, attention.value)
    _set_linear(spec.self_attention.linear[1], attention.combine)
    if block.attends_memory:
        attention = block.memory_attention
        _set_norm(spec.attention.layer_norm, block.memory_norm)
        _set_linear(spec.attention.linear[0], attention.query)
        _set_linear(spec.attention.linear[1], attention.key, attention.value)
        _set_linear(spec.attention.linear[2], attention.combine)
    _set_norm(spec.ffn.layer_norm, block.feed_norm)
    _set_linear(spec.ffn.linear_0, block.expand)
    _set_linear(spec.ffn.linear_1, block.contract)


def _set_norm(spec, norm):
    spec.gamma = ops.convert_to_numpy(norm.gamma)
    spec.beta = ops.convert_to_numpy(norm.beta)


def _set_linear(spec, *layers):
    """Sets one `[outputs, inputs]` map from layers of the same inputs, their heads flattened."""
    biases = [ops.convert_to_numpy(layer.bias).reshape(-1) for layer in layers]
    kernels = [ops.convert_to_numpy(layer.kernel) for layer in layers]
    spec.weight = np.concatenate(
        [kernel.reshape(-1, bias.size).T for kernel, bias in zip(kernels, biases, strict=True)]
    )
    spec.bias = np.concatenate(biases)


def _describe_vocabulary(spec, tokenizer):
    pieces = tokenizer.pieces
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.config.unk_token = pieces[UNK_ID]
    spec.config.eos_token = pieces[EOS_ID]
    spec.config.add_source_eos = True
    # A name that must be in the vocabulary; the first input of the decoder is zeros.
    spec.config.bos_token = spec.config.decoder_start_token = pieces[PAD_ID]
