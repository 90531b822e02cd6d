#!/usr/bin/env python3
"""Writes models for each engine, in a process of its own, so that no other needs TensorFlow.

    python scripts/translation_models.py '{"models": {"softem_nat_tiny": null}, "vocab_size": 500,
        "lengths": [16], "engines": ["openvino-float32"], "folder": "models"}'

A model that has learned nothing is written as FOLDER/MODEL/weights.weights.h5; one that has stays
in its run's folder, which stands in the place of null. Beside it each engine has a folder, and
`about.json` says what there is.
"""

import json
import os
import pathlib
import shutil
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from sentencepiece import sentencepiece_model_pb2
from translation_rows import XLA, engines_of, hparams_of

from t2t_vq import registry
from t2t_vq.data.tokenizer import EOS_ID, PAD_ID, UNK_ID, Tokenizer
from t2t_vq.decoding.options import Search
from t2t_vq.export.ctranslate2 import converted, export_ctranslate2
from t2t_vq.export.networks import export_networks
from t2t_vq.formats.exported import ENGINES
from t2t_vq.models.transformer import Transformer
from t2t_vq.translator import Translator

IMPOSSIBLE = -1e9
WEIGHTS = "weights.weights.h5"
# Sentences that int8 is calibrated on, where a model has learned nothing: ten times as many are
# asked for, of which the export takes a tenth.
CALIBRATING = 4
# Beams whose arithmetic is counted.
BEAM_SIZES = (1, 4)


def main():
    asked = json.loads(sys.argv[1])
    for name, run in asked["models"].items():
        folder = pathlib.Path(asked["folder"]) / name
        folder.mkdir(parents=True, exist_ok=True)
        if run is None:
            about = write_untrained(name, folder, asked)
        else:
            about = write_trained(run, folder, asked)
        (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
        keras.backend.clear_session()


def write_untrained(name, folder, asked):
    """Writes a model that has learned nothing, and returns what there is to know of it."""
    lengths, vocab_size = asked["lengths"], asked["vocab_size"]
    model = make_model(name, vocab_size)
    model.save_weights(folder / WEIGHTS)
    translator = untrained_translator(model, vocab_size, lengths)
    lines = random_lines(10 * CALIBRATING, lengths, vocab_size)
    about = {
        "hparams": name,
        "vocab_size": vocab_size,
        "lengths": lengths,
        "is_parallel": is_parallel(model),
        "weights": weights_used(model),
        "operations": {
            length: {beam: operations(model, length, beam) for beam in BEAM_SIZES}
            for length in lengths
        },
    }
    disk, refused = write_engines(translator, folder, asked["engines"], (lines, lines))
    disk |= dict.fromkeys(XLA, size_of(folder / WEIGHTS))
    return {**about, "disk": disk, "refused": refused}


def write_trained(run_dir, folder, asked):
    """Writes a run's best checkpoint, and returns what there is to know of it."""
    from t2t_vq import load

    model = load(run_dir)
    run, translator, path = model.run, model.translator, model.checkpoint
    about = {
        "run": str(run_dir),
        "hparams": run.hparams_set,
        "is_parallel": is_parallel(translator.model),
        "target_lengths": {n: translator.model.target_length(n) for n in translator.lengths},
    }
    text = run.make_problem().text(run.data_dir, "dev")
    disk, refused = write_engines(translator, folder, asked["engines"], text)
    files = pathlib.Path(path).parent.glob(f"{pathlib.Path(path).name}.*")
    disk |= dict.fromkeys(XLA, sum(map(size_of, files)))
    kind = run.precision.removeprefix("mixed_")
    for engine in set(XLA) - {f"xla-{kind}"}:
        refused[engine] = f"It was trained in {kind}, and so decodes."
    return {**about, "disk": disk, "refused": refused}


def write_engines(translator, folder, engines, text):
    """Writes a folder for each engine that takes the model.

    Args:
        translator: a `t2t_vq.translator.Translator`.
        folder: to write them in, each under the engine's name; what was there is replaced.
        engines: names of them.
        text: lines and their translations, to calibrate int8 on.

    Returns:
        A dict of the folders' sizes in bytes and a dict of why there is none, by engine.
    """
    takes = set(engines_of(is_parallel(translator.model))) - set(XLA)
    disk, refused = {}, {}
    for engine in filter(takes.__contains__, engines):
        library, _, precision = engine.partition("-")
        path = folder / engine
        shutil.rmtree(path, ignore_errors=True)
        try:
            if library in ENGINES:
                # How much int8 loses is measured here, whatever it is.
                export_networks(translator, path, library, precision, text=text, max_bleu_loss=100)
            else:
                export_ctranslate2(translator, path)
                if precision != "float32":
                    _quantize(translator, path, precision)
        except ValueError as error:
            refused[engine] = str(error)
            continue
        disk[engine] = size_of(path)
    return disk, refused


def _quantize(translator, path, precision):
    """Writes the weights of a CTranslate2 export anew, in fewer bits."""
    spec = converted(translator)
    spec.optimize(precision)
    spec.save(str(path))


def size_of(path):
    """Returns the bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def is_parallel(model):
    return type(model) is not Transformer


def make_model(name, vocab_size):
    """Returns a model that never ends a sentence, and whose every weight counts."""
    keras.utils.set_random_seed(0)
    hparams = hparams_of(name)
    model = registry.models[hparams.model].from_hparams(hparams, vocab_size=vocab_size)
    _disturb(model)
    if hparams.model == "transformer":
        # Among thousands of random scores, one is above 0.
        table = model.embedding.table
        table.assign(np.where(np.arange(vocab_size)[:, None] == EOS_ID, 0.0, table))
    elif hparams.predictor == "masked":
        # More latents than there may be, so that it takes the most; the nearest number wins.
        model.predictor.latents_taken.bias.assign([10.0])
    else:
        model.predictor.first_head.bias.assign(
            IMPOSSIBLE * (np.arange(model.bottleneck.num_codes + 1) == model.bottleneck.num_codes)
        )
    return model


def _disturb(model):
    """Adds noise to biases and gains, which start as zeros and ones that a compiler may drop."""
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        if np.ptp(variable) == 0.0:
            noise = 0.02 * random.standard_normal(variable.shape)
            variable.assign(np.asarray(variable) + noise)


def untrained_translator(model, vocab_size, lengths, search=None):
    """Returns a `Translator` that translates sources of these lengths into as many tokens."""
    model.target_length = lambda source_length: source_length
    tokenizer = Tokenizer(numbers_as_words(vocab_size))
    translator = Translator(model, tokenizer, max(lengths), search or Search())
    translator.lengths = sorted(lengths)
    return translator


def numbers_as_words(vocab_size):
    """Returns a SentencePiece vocabulary, serialised, in which the word 17 is token 17."""
    kinds = sentencepiece_model_pb2.ModelProto.SentencePiece
    special = {PAD_ID: "<pad>", EOS_ID: "</s>", UNK_ID: "<unk>"}
    model = sentencepiece_model_pb2.ModelProto()
    for token in range(vocab_size):
        kind = kinds.CONTROL if token in special else kinds.NORMAL
        kind = kinds.UNKNOWN if token == UNK_ID else kind
        model.pieces.add(piece=special.get(token, f"▁{token}"), score=0.0, type=kind)
    model.normalizer_spec.name = "identity"
    trained = model.trainer_spec
    trained.pad_id, trained.eos_id, trained.unk_id, trained.bos_id = PAD_ID, EOS_ID, UNK_ID, -1
    return model.SerializeToString()


def random_lines(number, lengths, vocab_size):
    """Returns lines of so many tokens each, their ends included, in `numbers_as_words`."""
    random = np.random.default_rng(0)
    words = [
        random.integers(UNK_ID + 1, vocab_size, lengths[i % len(lengths)] - 1)
        for i in range(number)
    ]
    return [" ".join(map(str, line)) for line in words]


def weights_used(model):
    """Returns the number of weights that a translation needs, each counted once.

    The embeddings are, as scoring the tokens takes all of them; the compressor is not.
    """
    parts = [model.embedding, model.encoder, model.decoder]
    if is_parallel(model):
        parts += [model.predictor, model.decompressor]
    return sum(_size(variable) for part in parts for variable in part.trainable_variables)


def operations(model, length, beam_size):
    """Returns the multiplications and additions of products with weights in one translation.

    Attention's own products and all else are left out, so this is less than what is needed.

    Args:
        model: an untrained one.
        length: tokens of source and translation each.
        beam_size: sequences at a time.
    """
    multiplied = _stack(model.encoder, length)
    multiplied += length * beam_size * _size(model.embedding.table)
    multiplied += _stack(model.decoder, length * beam_size, length)
    if is_parallel(model):
        predictor, decompressor = model.predictor, model.decompressor
        latents = length >> model.compress_steps
        multiplied += _stack(predictor.stack, latents, length)
        multiplied += latents * _size(predictor.project.kernel, predictor.first_head.kernel)
        for step, (residual, double) in enumerate(
            zip(decompressor.residual, decompressor.double, strict=True)
        ):
            multiplied += (latents << step) * _size(residual.convolution.kernel, double.kernel)
    return 2 * multiplied


def _stack(stack, positions, of_memory=0):
    """Returns the multiplications of a stack's weights with so many positions."""
    total = 0
    for block in stack.blocks:
        kernels = [each for each in block.trainable_variables if each.name == "kernel"]
        total += positions * _size(*kernels)
        if block.attends_memory:
            attention = block.memory_attention
            once = _size(attention.key.kernel, attention.value.kernel)
            total += (of_memory - positions) * once
    return total


def _size(*variables):
    return sum(int(np.prod(variable.shape)) for variable in variables)


if __name__ == "__main__":
    main()
