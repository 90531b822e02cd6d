#!/usr/bin/env python3
"""Writes small files of every format, as this version writes them, for tests/golden.

    python scripts/write_golden.py tests/golden/v0.2.0

What is in them, and what comes of them, is compared by tests/golden for as long as there are
versions that promise to read them. Takes two minutes on two CPU cores.

The folder then holds

    text/, pictures/    what data was prepared from
    data/               data of translation and of images, and a distilled corpus
    runs/               a run of each model, with its checkpoints latest, best and average, of
                        the teacher the best alone
    exports/            networks of a student for OpenVINO, and of images for ONNX
    layers.keras        a Keras model of every kind of bottleneck
    expected.npz        what `outputs` finds in all of these
"""

import argparse
import itertools
import os
import pathlib
import shutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# What is compiled here runs for milliseconds: optimising it would take most of the time.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import keras
import numpy as np
from absl import logging

import t2t_vq
from t2t_vq import bottlenecks, registry
from t2t_vq.distillation import distill
from t2t_vq.training.averaging import average_checkpoints
from t2t_vq.training.checkpoints import checkpoints_in, load_weights

EXPECTED = "expected.npz"
CHECKPOINTS = ("latest", "best", "average")
EXPORTS = (("transformer_nat", "openvino"), ("vq_autoencoder", "onnx"))
_DATA, _RUNS, _EXPORTS = map(pathlib.Path, ("data", "runs", "exports"))
_LAYERS = "layers.keras"
_IMAGES = "image_cifar10_local"
_TRAINING = (
    "num_heads=2,encoder_layers=2,warmup_steps=4,learning_rate=0.02,hidden_size=8,filter_size=16,"
    "decoder_layers=1,batch_tokens=256,max_length=48,num_buckets=1"
)
# Run, problem and set, the first being the teacher of the second.
_SETS = {
    "transformer": (
        "translate_ende_local",
        # For so long that some translations have an end.
        f"transformer_tiny,{_TRAINING},train_steps=120,eval_frequency=60",
    ),
    "transformer_nat": (
        "translate_ende_local_distill",
        f"softem_nat_tiny,{_TRAINING},train_steps=12,eval_frequency=6,predictor_layers=1,"
        "startup_steps=2,weight_ema=0.9,bottleneck.num_codes=8",
    ),
    "vq_autoencoder": (
        _IMAGES,
        "softem_image_tiny,hidden_size=8,num_layers=1,downsample_steps=3,num_mixtures=2,"
        "batch_size=4,train_steps=12,eval_frequency=6,warmup_steps=4,prior_size=8,prior_layers=1,"
        "prior_filter_size=16,prior_heads=2,startup_steps=2,bottleneck.num_codes=8,"
        "bottleneck.num_blocks=2,bottleneck.num_samples=3",
    ),
}
_TRANSLATORS = ("transformer", "transformer_nat")
_LINES = ["the small dog sleeps .", "the old cat sings .", "the house", "dog dog cat ."]
_ANSWERS = ["der kleine Hund schläft .", "die alte Katze singt .", "das Haus", "Hund Katze ."]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=pathlib.Path, help="folder to write; new")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True)
    # From inside, so that no path tells where the folder once lay.
    os.chdir(folder)
    logging.set_verbosity(logging.ERROR)
    keras.utils.set_random_seed(0)
    _write_text(pathlib.Path("text"))
    _write_pictures(pathlib.Path("pictures"))
    registry.problem("translate_ende_local").generate_data(_DATA, "text")
    registry.problem(_IMAGES).generate_data(_DATA, "pictures")
    for name, (problem, hparams) in _SETS.items():
        if problem.endswith("_distill"):
            distill(_RUNS / "transformer", beam_size=1)
        t2t_vq.train(problem, hparams, _RUNS / name, _DATA, strategy="one_device")
        average_checkpoints(_RUNS / name)
        _keep_little(_RUNS / name)
    # The best of the teacher is enough.
    for checkpoint in ("latest", "average"):
        shutil.rmtree(_RUNS / "transformer" / checkpoint)
    for name, engine in EXPORTS:
        t2t_vq.load(_RUNS / name).export(_EXPORTS / f"{name}-{engine}", engine)
    _write_layers(_LAYERS)
    np.savez_compressed(EXPECTED, **outputs(pathlib.Path()))
    total = sum(path.stat().st_size for path in pathlib.Path().rglob("*") if path.is_file())
    print(f"{folder}: {total:,} bytes")


def _keep_little(run):
    """Deletes curves, and all checkpoints but the newest."""
    for split in ("train", "dev"):
        shutil.rmtree(run / split)
    for path in checkpoints_in(run / "latest")[:-1]:
        for file in pathlib.Path().glob(f"{path}.*"):
            file.unlink()


def outputs(folder):
    """Returns what comes of the files in a folder: `{name: array}`.

    Args:
        folder: that this script has written, of this version or of another.
    """
    folder = pathlib.Path(folder)
    return {
        **_data_outputs(folder / _DATA),
        **_translator_outputs(folder),
        **_codec_outputs(folder),
        **_export_outputs(folder),
        **_layer_outputs(folder / _LAYERS),
    }


def _data_outputs(data_dir):
    found = {}
    for name in ("translate_ende_local", "translate_ende_local_distill"):
        problem = registry.problem(name)
        batching = {"batch_tokens": 256, "max_length": 64, "num_buckets": 1}
        for side in ("source", "target"):
            batches = problem.batches(data_dir, "train", **batching)
            tokens = [np.asarray(batch[side]) for batch in batches]
            found[f"data/{name}/train/{side}"] = np.concatenate(tokens)
        found[f"data/{name}/dev"] = np.array(problem.text(data_dir, "dev"))
    for split in ("train", "dev", "test"):
        images, labels = registry.problem(_IMAGES).arrays(data_dir, split)
        found[f"data/{_IMAGES}/{split}/sums"] = images.sum(axis=(1, 2), dtype=np.int64)
        found[f"data/{_IMAGES}/{split}/labels"] = labels
    return found


def _translator_outputs(folder):
    found = {}
    for name in _TRANSLATORS:
        for place, model in _loaded(folder, name):
            found[f"{place}/log_probabilities"] = np.array(
                model.log_probabilities(_LINES, _ANSWERS)
            )
            found[f"{place}/translations"] = np.array(model.translate(_LINES))
            if name == "transformer_nat":
                found[f"{place}/codes"] = np.concatenate(model.codes.encode(_ANSWERS))
    return found


def _codec_outputs(folder):
    images, labels = registry.problem(_IMAGES).arrays(folder / _DATA, "test")
    found = {}
    for place, model in _loaded(folder, "vq_autoencoder"):
        found[f"{place}/codes"] = model.encode(images)
        found[f"{place}/reconstructions"] = model.reconstruct(images)
        found[f"{place}/bits"] = np.array(model.codec.bits(images, labels))
    return found


def _loaded(folder, name):
    """Yields what each checkpoint of a run is called, and the model with its weights."""
    run = folder / _RUNS / name
    model = t2t_vq.load(run)
    for checkpoint in filter(lambda name: (run / name).is_dir(), CHECKPOINTS):
        # Into the same model, which then is compiled once.
        load_weights(model.model, run, checkpoint)
        yield f"{name}/{checkpoint}", model


def _export_outputs(folder):
    images, _ = registry.problem(_IMAGES).arrays(folder / _DATA, "test")
    found = {}
    for path in sorted((folder / _EXPORTS).iterdir()):
        model = t2t_vq.load(path)
        if model.task == "translation":
            found[f"{path.name}/translations"] = np.array(model.translate(_LINES))
        else:
            found[f"{path.name}/codes"] = model.encode(images)
            found[f"{path.name}/reconstructions"] = model.reconstruct(images)
    return found


def _layer_outputs(path):
    model = keras.saving.load_model(path)
    found = model(_vectors(1)[:2])
    return {f"layers/{name}": keras.ops.convert_to_numpy(found[name]) for name in found}


def _write_text(folder):
    sizes = {"small": "klein", "big": "groß", "old": "alt", "young": "jung"}
    nouns = {"dog": "der Hund", "cat": "die Katze", "child": "das Kind", "bird": "der Vogel"}
    verbs = {"sleeps": "schläft", "sings": "singt", "plays": "spielt"}
    pairs = []
    for size, noun, verb in itertools.product(sizes, nouns, verbs):
        article, word = nouns[noun].split()
        german = f"{article} {sizes[size]}e {word} {verbs[verb]} ."
        pairs.append(f"the {size} {noun} {verb} .\t{german}\n")
    folder.mkdir()
    for split, part in {"dev": slice(0, 3), "test": slice(3, 6), "train": slice(6, None)}.items():
        (folder / f"{split}.tsv").write_text("".join(pairs[part]), encoding="utf-8")


def _write_pictures(folder):
    """Writes squares of two colours, a class for each."""
    folder.mkdir()
    for split, count in {"train": 11, "test": 4}.items():
        labels = np.arange(count) % 2
        images = np.full((count, 32, 32, 3), 40, np.uint8)
        for i, label in enumerate(labels):
            place = 2 * i + 2
            images[i, place : place + 8, 6:20] = [(220, 60, 30), (30, 90, 200)][label]
        np.savez_compressed(folder / f"{split}.npz", images=images, labels=labels)


def _write_layers(path):
    """Writes a model whose outputs are those of each kind for the same vectors."""
    inputs = keras.Input((4, 8))
    outputs = {}
    for name, layer in _kinds().items():
        output = layer(inputs)
        layer.adapt(_vectors(2))
        outputs[f"{name}/dense"] = output.dense
        if layer.has_codes:
            outputs[f"{name}/codes"] = output.codes
    dense = [output for name, output in outputs.items() if name.endswith("dense")]
    trainee = keras.Model(inputs, keras.layers.Average()(dense))
    trainee.compile(keras.optimizers.Adam(0.05), "mse")
    trainee.fit(_vectors(3), _vectors(3), batch_size=16, epochs=2, verbose=0)
    keras.Model(inputs, outputs).save(path)


def _kinds():
    codebook = {"num_codes": 8, "decay": 0.9}

    def vq(**options):
        return bottlenecks.VectorQuantizer(**codebook, **options)

    soft = bottlenecks.SoftEM(**codebook, num_samples=3)
    return {
        "vq": vq(),
        "vq-gradient": vq(learning="gradient"),
        "vq-cosine": vq(similarity="cosine"),
        "vq-regularized": vq(
            learning="gradient",
            regularizers=[bottlenecks.Orthogonality(0.1), bottlenecks.Diversity(0.1)],
        ),
        "em": soft,
        "dvq": bottlenecks.DecomposedVectorQuantizer(vq(), num_blocks=2, projection="random"),
        "residual-vq": bottlenecks.ResidualVectorQuantizer(vq(), num_quantizers=2),
        "grouped-residual-vq": bottlenecks.GroupedResidualVectorQuantizer(vq()),
        "gumbel-softmax": bottlenecks.GumbelSoftmax(8, num_blocks=2),
        "gumbel-softmax-dvq": bottlenecks.GumbelSoftmaxDVQ(vq()),
        "simvq": bottlenecks.SimVQ(8),
        "projected": bottlenecks.Projected(vq(), dim=4),
        "semhash": bottlenecks.SemanticHashing(8),
        "isemhash": bottlenecks.ImprovedSemanticHashing(8),
        "tanh": bottlenecks.TanhBottleneck(8),
        "fsq": bottlenecks.FiniteScalarQuantizer((4, 3), num_blocks=2),
        "lfq": bottlenecks.LookupFreeQuantizer(8),
        "bsq": bottlenecks.BinarySphericalQuantizer(8),
        "vae": bottlenecks.VariationalBottleneck(4),
        "dense": bottlenecks.DenseBottleneck(4),
    }


def _vectors(seed):
    """Returns vectors to quantize, `[32, 4, 8]` float32, which nothing random makes."""
    return np.sin(seed + np.arange(32 * 4 * 8) ** 1.3).reshape(32, 4, 8).astype(np.float32)


if __name__ == "__main__":
    main()
