import json
import subprocess
import sys

import keras
import pytest

from t2t_vq.bottlenecks.soft_em import SoftEM
from t2t_vq.data import synthetic_ende
from t2t_vq.data.tokenizer import Tokenizer, train_vocabulary
from t2t_vq.decoding.options import Search
from t2t_vq.models.transformer import Transformer
from t2t_vq.models.transformer_nat import TransformerNat
from t2t_vq.translator import Translator

SIZE = {"hidden_size": 16, "filter_size": 32, "num_heads": 2}
DEPTH = {"encoder_layers": 1, "decoder_layers": 1}
# Each number of lines of a length is compiled, so the lengths of these batches repeat.
BATCHES = [
    [
        *("", "The dog sleeps.", " ", "A\u2028cat\u00a0sees.", "\t", "dog 🐕‍🦺", "漢字", "x\x00y"),
        *(english for english, _ in synthetic_ende.pairs("test", 0, 24)),
        *("Ａ ﬁne dog", "The dog " * 40, "", "a\tb", "house " * 15, "\ufffd", "line\r", " dog "),
    ],
    ["We are very happy."],
    [""],
    [],
]
# What serves a model: it must not need this package.
SERVE = """
import json, sys
import tensorflow as tf, tensorflow_text
results = []
for folder in sys.argv[1:]:
    serve = tf.saved_model.load(folder).signatures["serving_default"]
    results.append([])
    for lines in json.load(open("batches.json")):
        served = serve(text=tf.constant(lines, tf.string))["translation"].numpy()
        results[-1].append([line.decode("utf-8") for line in served])
assert not any(name.startswith("t2t_vq") for name in sys.modules)
json.dump(results, open("results.json", "w"))
"""

EXPORTED = pytest.mark.parametrize("name", ["Transformer", "TransformerNat", "rescored"])


def models(vocab_size):
    keras.utils.set_random_seed(1)
    yield Transformer(vocab_size, **SIZE, **DEPTH)
    bottleneck = SoftEM(num_codes=16)
    yield TransformerNat(vocab_size, bottleneck, predictor_layers=1, **SIZE, **DEPTH)


@pytest.fixture(scope="module")
def translators(tf):
    pairs = synthetic_ende.pairs("train", 0, 200)
    tokenizer = Tokenizer(train_vocabulary([side for pair in pairs for side in pair], 700))
    teacher, student = models(tokenizer.vocab_size)
    return {
        "Transformer": Translator(teacher, tokenizer, max_length=32),
        "TransformerNat": Translator(student, tokenizer, max_length=32),
        "rescored": Translator(student, tokenizer, 16, Search(num_samples=3), rescorer=teacher),
    }


@pytest.fixture(scope="module")
def served(translators, tmp_path_factory):
    """What another process makes of each batch, by model."""
    from t2t_vq.export.saved_model import export_saved_model

    folder = tmp_path_factory.mktemp("export")
    for name, translator in translators.items():
        export_saved_model(translator, folder / name)
    (folder / "batches.json").write_text(json.dumps(BATCHES))
    # Isolated, so that this package cannot be found in the working folder either.
    result = subprocess.run(
        [sys.executable, "-I", "-c", SERVE, *translators],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return dict(zip(translators, json.loads((folder / "results.json").read_text()), strict=True))


@EXPORTED
def test_it_gives_line_for_line_what_the_translator_gives(translators, served, name):
    expected = translators[name].translate(BATCHES[0])
    assert len(set(expected)) > 10
    assert served[name][0] == expected


@EXPORTED
def test_small_batches_are_served_too(translators, served, name):
    assert served[name][1] == translators[name].translate(BATCHES[1])
    assert served[name][2:] == [[""], []]


def test_a_folder_with_files_is_not_written_to(translators, tmp_path):
    from t2t_vq.export.saved_model import export_saved_model

    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"is not empty. Choose another --export_dir"):
        export_saved_model(translators["Transformer"], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
