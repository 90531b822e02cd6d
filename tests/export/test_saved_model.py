import json
import random
import subprocess
import sys

import keras
import pytest

from t2t_vq.bottlenecks.soft_em import SoftEM
from t2t_vq.data import synthetic_ende
from t2t_vq.data.lines import encode_lines
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
# What bytes of UTF-8 may stand before and after, and what is cut short, too long or none; blanks.
HOSTILE = [
    *(
        "The dog ",
        "sees",
        "a",
        "ü",
        "€",
        "🐕",
        "\u0301",
        "\ufeff",
        "\ufffd",
        "\x00",
        "\x1c",
        "\x0b",
    ),
    *("\x85", "\u3000", " ", "\r", "\t"),
    *(b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x90", b"\xed\xa0\x80", b"\xc0\xaf", b"\x80"),
    *(b"\xf4\x90\x80\x80", b"\xfe", b"\xe0\x80\x80", b"\x85", b"\xa0"),
]


def hostile_lines(number):
    """Bytes without line feeds, most of which are no UTF-8."""
    rng = random.Random(1)
    parts = [part if isinstance(part, bytes) else part.encode("utf-8") for part in HOSTILE]
    return [b"".join(rng.choices(parts, k=rng.randint(1, 12))) for _ in range(number)]


# What serves a model: it must not need this package.
SERVE = """
import json, sys
import tensorflow as tf, tensorflow_text
signatures = tf.saved_model.load(sys.argv[1]).signatures
results = [signatures["warm_up"]()["tokens"].numpy().tolist()]
for lines in json.load(open("batches.json")):
    lines = [line.encode("latin-1") for line in lines]
    served = signatures["serving_default"](text=tf.constant(lines, tf.string))["translation"]
    results.append([line.decode("utf-8") for line in served.numpy()])
assert not any(name.startswith("t2t_vq") for name in sys.modules)
json.dump(results, open("results.json", "w"))
"""


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
        # Of one length: every shape is compiled, once here and once where it is served.
        "TransformerNat": Translator(student, tokenizer, max_length=16),
        "rescored": Translator(student, tokenizer, 16, Search(num_samples=3), rescorer=teacher),
    }


@pytest.fixture(
    scope="module",
    params=["Transformer", "TransformerNat", pytest.param("rescored", marks=pytest.mark.slow)],
)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def served(translators, name, tmp_path_factory):
    """What another process makes of each batch."""
    from t2t_vq.export.saved_model import export_saved_model

    folder = tmp_path_factory.mktemp("export")
    export_saved_model(translators[name], folder / name)
    batches = [[line.encode("utf-8") for line in lines] for lines in BATCHES]
    batches.append(hostile_lines(300))
    # JSON holds no bytes, but characters of the same numbers.
    as_text = [[line.decode("latin-1") for line in lines] for lines in batches]
    (folder / "batches.json").write_text(json.dumps(as_text))
    # Isolated, so that this package cannot be found in the working folder either.
    result = subprocess.run(
        [sys.executable, "-I", "-c", SERVE, name],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert result.returncode == 0, result.stderr
    return json.loads((folder / "results.json").read_text())


def test_it_gives_line_for_line_what_the_translator_gives(translators, served, name):
    expected = translators[name].translate(BATCHES[0])
    assert len(set(expected)) > 10
    assert served[1] == expected


def test_small_batches_are_served_too(translators, served, name):
    assert served[2] == translators[name].translate(BATCHES[1])
    assert served[3:5] == [[""], []]


def test_bytes_that_are_no_utf8_are_served_as_decoding_does(translators, served, name):
    lines = [line.decode("utf-8", "replace") for line in hostile_lines(300)]
    expected = translators[name].translate(lines)
    assert len(set(expected)) > 10
    assert served[5] == expected


def test_of_a_long_line_no_more_than_is_needed_is_tokenised(translators, tf):
    from t2t_vq.export.saved_model import TranslationModule

    translator = translators["Transformer"]
    # The second has characters without ids where its beginning ends.
    lines = ["The dog sleeps. " * 1_000, "\u200b" * 600 + " The dog sleeps. " * 20, "The dog."]
    found = TranslationModule(translator).tokenize(tf.constant(lines)).to_list()
    assert 32 < len(found[0]) < 16 * 32
    expected = encode_lines(translator.tokenizer, lines, 32)
    assert [ids[:33] for ids in found] == expected and len(expected[1]) == 33


def test_warming_up_runs_every_shape(translators, served, name):
    translator, counts = translators[name], served[0]
    sizes = [1, 4, 16, 21] if name == "rescored" else [1, 4, 16, 64]
    shapes = [(rows, n) for n in translator.lengths for rows in sizes]
    assert len(counts) == len(shapes)
    for count, (rows, length) in zip(counts, shapes, strict=True):
        assert 0 < count <= rows * translator.model.target_length(length)


class Echo:
    """Stands for a model: it translates a source into itself, and notes the shapes it is for."""

    variables, lengths, batch_size = (), [16, 32], 64

    def __init__(self, tokenizer):
        self.tokenizer, self.shapes = tokenizer, []

    def compiled(self, length):
        import tensorflow as tf

        def noted(tokens):
            self.shapes.append(tokens.shape)
            return tokens

        return lambda tokens: tf.ensure_shape(
            tf.numpy_function(noted, [tokens], tf.int32), [None, length]
        )


def test_a_call_is_made_of_few_shapes(translators):
    from t2t_vq.export.saved_model import TranslationModule

    tokenizer = translators["Transformer"].tokenizer
    echo = Echo(tokenizer)
    lines = [f"dog {i}" for i in range(41)] + ["house " * 20]
    module = TranslationModule(echo)
    found = module.translate(lines)["translation"].numpy()
    assert [line.decode() for line in found] == [line.strip() for line in lines]
    assert echo.shapes == [(16, 16), (16, 16), (16, 16), (1, 32)]


def test_a_server_is_told_to_warm_up(translators, tmp_path, tf):
    from t2t_vq.export.saved_model import export_saved_model

    export_saved_model(translators["Transformer"], tmp_path / "model")
    path = tmp_path / "model" / "assets.extra" / "tf_serving_warmup_requests"
    (record,) = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    # PredictionLog.predict_log (6), its request (1), whose model_spec (1) has signature_name (3).
    assert record == b"\x32\x0d\x0a\x0b\x0a\x09\x1a\x07warm_up"


def test_a_folder_with_files_is_not_written_to(translators, tmp_path):
    from t2t_vq.export.saved_model import export_saved_model

    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"is not empty. Choose another --export_dir"):
        export_saved_model(translators["Transformer"], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
