"""The scripts behind the figures of decoding's speed: what they time, and what they show."""

import json
import sys

import numpy as np
import pytest

from t2t_vq.data.tokenizer import EOS_ID, Tokenizer
from t2t_vq.decoding.options import GREEDY

NARROW = "hidden_size=16,filter_size=32,num_heads=2"
VOCAB_SIZE, LENGTH = 500, 8
AUTOREGRESSIVE = f"transformer_tiny,{NARROW}"
PARALLEL = f"softem_nat_tiny,{NARROW}"


@pytest.fixture(scope="module")
def script(load_script):
    return load_script("benchmark_translation")


@pytest.fixture(scope="module")
def models(script, load_script):
    return load_script("translation_models")


@pytest.fixture(scope="module")
def tables(script, load_script):
    return load_script("translation_tables")


@pytest.fixture(scope="module")
def rows(script, load_script):
    return load_script("translation_rows")


@pytest.mark.parametrize("name", [AUTOREGRESSIVE, PARALLEL, f"{PARALLEL},predictor=masked"])
def test_every_translation_has_as_many_tokens_as_its_source(script, models, name):
    model = models.make_model(name, VOCAB_SIZE)
    model.target_length = lambda source_length: source_length
    source = np.array(script.random_sources(LENGTH, VOCAB_SIZE, 2), np.int32)
    if models.is_parallel(model):
        latents = model.search_latents(*model.encode(source), 2, GREEDY)
        assert (np.asarray(latents) < model.bottleneck.num_codes).all()
    else:
        assert (np.asarray(model.translate(source, GREEDY)) != EOS_ID).all()
    assert model.translate(source, GREEDY).shape == (2, LENGTH)


def test_no_weight_is_the_same_number_throughout(models):
    model = models.make_model(PARALLEL, VOCAB_SIZE)
    assert all(np.ptp(each) > 0 for each in model.trainable_variables if each.shape)


def test_the_weights_of_a_translation_are_all_but_compressor_and_codebook(models):
    model = models.make_model(AUTOREGRESSIVE, VOCAB_SIZE)
    assert models.weights_used(model) == model.count_params()
    model = models.make_model(PARALLEL, VOCAB_SIZE)
    trained = sum(int(np.prod(each.shape)) for each in model.trainable_variables)
    assert models.weights_used(model) == trained - model.compressor.count_params()


def test_operations_are_those_of_the_products_with_weights(models):
    # Two layers a stack: four products of attention, twice in a decoder, and two of filters.
    dim, attention, filters = 16, 4 * 16 * 16, 2 * 16 * 32
    encoder = 2 * LENGTH * (attention + filters)
    for beam_size in (1, 4):
        # Keys and values of the memory are found once, whatever the beam.
        own = 2 * LENGTH * beam_size * (1.5 * attention + filters)
        decoder = own + 2 * LENGTH * 0.5 * attention + beam_size * LENGTH * VOCAB_SIZE * dim
        model = models.make_model(AUTOREGRESSIVE, VOCAB_SIZE)
        assert models.operations(model, LENGTH, beam_size) == 2 * (encoder + decoder)


def test_a_word_of_the_vocabulary_is_its_number(models):
    tokenizer = Tokenizer(models.numbers_as_words(VOCAB_SIZE))
    assert tokenizer.encode("17 3 499") == [17, 3, 499, EOS_ID]
    assert tokenizer.decode([17, 3, 499, EOS_ID]) == "17 3 499"


def test_a_floor_is_reading_or_multiplying_whichever_takes_longer(script):
    measured = {"gb_per_second": 10.0, "gflop_per_second": {"float32": 100.0, "bfloat16": None}}
    # 4 MB at 10 GB a second, or 1 GFLOP at 100 a second.
    assert script.floor_ms(1e6, 0.0, "float32", measured) == pytest.approx(0.4)
    assert script.floor_ms(1e6, 1e9, "float32", measured) == pytest.approx(10.0)
    assert script.floor_ms(1e6, 1e9, "bfloat16", measured) == pytest.approx(0.2)


@pytest.mark.parametrize("length", [20, 0, -8])
def test_a_length_that_latents_do_not_fill_is_refused_in_a_sentence(rows, length):
    with pytest.raises(SystemExit, match="Give it multiples of 8"):
        rows.check_lengths([16, length], ["softem_nat_tiny,compress_steps=3"])


def test_a_student_that_the_size_has_anyway_is_named_and_left_out(rows, capsys):
    found = rows.models_of("small", ["", "predictor_layers=1", "predictor=masked"])
    students = ["softem_nat_small", "softem_nat_small,predictor=masked"]
    assert found == ["transformer_small", "transformer_deep_small", *students]
    assert "predictor_layers=1 is softem_nat_small at this size" in capsys.readouterr().err


def test_an_engine_has_the_models_that_it_runs(rows):
    kinds = {"transformer_tiny": False, "softem_nat_tiny": True}
    found = rows.rows_of(kinds, ["ctranslate2-int8", "openvino-float32"], [1, 4], [2])
    assert found == [
        ("transformer_tiny", "ctranslate2-int8", 1, 2),
        ("transformer_tiny", "ctranslate2-int8", 4, 2),
        ("softem_nat_tiny", "openvino-float32", 1, 2),
    ]


@pytest.fixture(scope="module")
def written(models, tmp_path_factory):
    """A folder with both kinds of models for engines."""
    folder = tmp_path_factory.mktemp("models")
    engines = ["ctranslate2-float32", "ctranslate2-int8", "openvino-float32"]
    asked = {"lengths": [LENGTH], "vocab_size": VOCAB_SIZE, "engines": engines}
    for name in (AUTOREGRESSIVE, PARALLEL):
        (folder / name).mkdir()
        about = models.write_untrained(name, folder / name, asked)
        (folder / name / "about.json").write_text(json.dumps(about))
    return folder


@pytest.fixture(scope="module")
def opened(script, load_script, written):
    """A function that opens a model in an engine."""
    worker = load_script("translation_worker")

    def open_(name, engine):
        engines = {}
        assert worker._open(engines, 2, "key", str(written / name), engine, 1) is None
        return engines["key"]

    return open_


@pytest.mark.parametrize(
    ("name", "engine"), [(AUTOREGRESSIVE, "ctranslate2-float32"), (PARALLEL, "openvino-float32")]
)
def test_an_engine_gives_the_tokens_that_xla_gives(script, opened, name, engine):
    sources = script.random_sources(LENGTH, VOCAB_SIZE, 3)
    translations = []
    for each in (engine, "xla-float32"):
        translator = opened(name, each)
        # Two batches, so that each thread has one.
        translations.append(translator.translate(translator.prepared(sources), 2))
    found, expected = translations
    if engine == "ctranslate2-float32":
        found = [[int(piece.removeprefix("▁")) for piece in tokens] for tokens in found]
    assert found == expected
    assert np.shape(found) == (3, LENGTH)


def test_int8_weights_take_less_room_and_load(opened, models, written):
    sizes = {
        each: models.size_of(written / AUTOREGRESSIVE / f"ctranslate2-{each}" / "model.bin")
        for each in ("float32", "int8")
    }
    assert sizes["int8"] < 0.7 * sizes["float32"]
    translator = opened(AUTOREGRESSIVE, "ctranslate2-int8")
    assert len(translator.translate(translator.prepared([[17, 5, 9, EOS_ID]]), 1)) == 1


def test_ctranslate2_translates_lines_as_it_does_their_tokens(opened):
    translator = opened(AUTOREGRESSIVE, "ctranslate2-float32")
    translator._lengths = {LENGTH: LENGTH}
    (tokens,) = translator.translate(translator.prepared([[17, 5, 9, EOS_ID]]), 1)
    (line,) = translator.translate(["17 5 9"], 1)
    assert line.split()[: len(tokens)] == [piece.removeprefix("▁") for piece in tokens]


def test_what_an_export_refuses_is_told_when_it_is_opened(load_script, written, script):
    worker = load_script("translation_worker")
    path = written / AUTOREGRESSIVE / "about.json"
    about = json.loads(path.read_text()) | {"refused": {"ctranslate2-int8": "It is not there."}}
    path.write_text(json.dumps(about))
    found = worker._open({}, 1, "key", str(path.parent), "ctranslate2-int8", 1)
    assert found == "It is not there."


def test_a_process_that_fails_ends_the_script_in_a_sentence(load_script, tmp_path):
    turns = load_script("translation_turns")
    with (
        pytest.raises(SystemExit, match="asked to open ended"),
        turns.Worker(1) as worker,
    ):
        worker.ask("open", key="a", folder=str(tmp_path), engine="xla-float32", beam_size=1)


@pytest.mark.slow
def test_a_comparison_of_shapes_writes_lines_and_prints_tables(
    script, tmp_path, monkeypatch, capsys
):
    results = tmp_path / "speed.jsonl"
    flags = f"--size=tiny --vocab_size=300 --lengths {LENGTH} --threads 1 --beam_sizes 1 --rounds 2"
    flags += f" --batch_rounds 1 --batch_sizes 32 --seconds 0.01 --starts 1 --results={results}"
    engines = ["--engines", "ctranslate2-float32", "openvino-float32"]
    monkeypatch.setattr(sys, "argv", ["script", *flags.split(), *engines, "--students", ""])
    rates = {"gb_per_second": 1.0, "gflop_per_second": {"float32": 1.0}}
    monkeypatch.setattr(script, "measured_floor", lambda threads: rates)
    script.main()
    printed = capsys.readouterr().out
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["floor", *["time"] * 6, *["process"] * 3]
    assert {len(line["ms"]) for line in lines if line.get("sentences") == 1} == {2}
    assert "| `softem_nat_tiny` | OpenVINO, float32 | greedy |" in printed

    monkeypatch.setattr(sys, "argv", ["script", "--print", f"--results={results}"])
    script.main()
    assert printed.endswith(capsys.readouterr().out)


ABOUT = {"machine": "a", "versions": "b", "commit": "c", "date": "d"}
SMALL = {"kind": "time", "size": "small", "vocab_size": 8_000, "beam_size": 1, **ABOUT}
ALONE = {"length": 16, "sentences": 1, "batch_size": 1, "floor_ms": 0.5}


def test_a_row_is_shown_with_the_number_of_threads_it_is_fastest_with(tables):
    row = {**SMALL, "model": "m", "engine": "openvino-int8", **ALONE}
    slow, fast = {"threads": 1, "ms": [[4.0], [6.0]]}, {"threads": 2, "ms": [[2.0, 3.0], [4.0]]}
    _, first, second = tables.tables([row | slow, row | fast]).split("\n\n")
    assert first.splitlines()[-1] == "| `m` | OpenVINO, int8 | greedy | 3.00 / 3.90 (2) | 0.50 |"
    assert second.splitlines()[-1] == "| `m` | OpenVINO, int8 | greedy | 5.00 | 3.00 |"


def test_a_ratio_is_between_what_was_measured_in_the_same_round(tables):
    slow = {"model": "transformer_small", "engine": "ctranslate2-int8", "ms": [[10.0], [90.0]]}
    fast = {"model": "softem_nat_small", "engine": "openvino-int8", "ms": [[5.0], [30.0]]}
    lines = [{**SMALL, "threads": 1, **ALONE, **row} for row in (slow, fast)]
    last = tables.tables(lines).splitlines()[-1]
    assert "| 1 | `transformer_small`, CTranslate2, int8 | 2.5 x (OpenVINO, int8, 1 thr.) |" in last
    assert last.endswith("| 2.5 x at 16, 4 x at 32 |")


TEXT = {"beam_size": 1, "threads": 1, **ABOUT}


def text_lines(model, engine, ms, score):
    row = {"model": model, "engine": engine, **TEXT}
    return [
        {**row, "kind": "time", "sentences": 1, "batch_size": 1, "ms": [[ms]]},
        {**row, "kind": "time", "sentences": 100, "batch_size": 64, "ms": [[500.0]]},
        {**row, "kind": "score", "sentences": 100, "bleu": score, "chrf": 60.0},
    ]


def test_trained_models_are_shown_against_the_first_in_ctranslate2(tables):
    lines = text_lines("teacher", "ctranslate2-int8", 6.0, 36.0)
    lines += text_lines("student", "openvino-int8", 2.0, 33.0)
    last = tables.tables(lines).splitlines()[-1]
    expected = "| 33.0 | 60.0 | 2.00 / 2.00 (1) | 3.0 x | 200.0 (64, 1) |  |  |  |  |"
    assert last.endswith(expected)


def test_a_picture_has_a_point_for_each_score_and_a_line_through_the_best(load_script, tmp_path):
    plot = load_script("plot_translation")
    lines = text_lines("teacher", "ctranslate2-int8", 6.0, 36.0)
    lines += text_lines("teacher", "xla-float32", 9.0, 35.0)
    lines += text_lines("student", "openvino-int8", 2.0, 33.0)
    points = plot.points_of(lines)
    assert plot.front(points) == [
        (2.0, 33.0, "student", "openvino-int8", 1),
        (6.0, 36.0, "teacher", "ctranslate2-int8", 1),
    ]
    plot.drawn(points).savefig(tmp_path / "picture.svg")
    assert (tmp_path / "picture.svg").stat().st_size
