"""The script behind the translation table, as far as it goes without training."""

import argparse

import pytest

from t2t_vq import config, registry
from t2t_vq.bottlenecks import make_bottleneck


@pytest.fixture(scope="module")
def script(load_script):
    return load_script("reproduce_translation")


def test_every_row_is_a_set_that_can_be_made(script):
    for size in ("tiny", "small", "base", "big"):
        for overrides in script.ROWS.values():
            hparams = config.override(registry.hparams(script.sized("softem_nat", size)), overrides)
            assert make_bottleneck(config.to_dict(hparams.bottleneck)).has_codes


@pytest.fixture
def students(script):
    """A function from overrides and names of rows to the students that are to be trained."""

    def train(*rows, overrides=""):
        arguments = argparse.Namespace(
            problem="translate_ende_local", size="base", overrides=overrides, teacher_overrides=""
        )
        names = (script.TEACHER, *rows)
        sets = {name: script.hparams_of(name, arguments) for name in names}
        return script.different(sets, arguments)

    return train


def test_a_row_that_the_size_has_anyway_is_named_and_left_out(students, capsys):
    assert students("em", "em-nc3", "em-nc2", "em-raw", "em-nc3-raw") == ["em", "em-nc2", "em-raw"]
    assert capsys.readouterr().err.splitlines() == [
        "em-nc3 is em at this size.",
        "em-nc3-raw is em-raw at this size.",
    ]


def test_a_wrong_override_is_told_before_anything_is_trained(students):
    with pytest.raises(ValueError, match="Did you mean dropout"):
        students("em", overrides="dropuot=0.1")


def test_a_measurement_is_a_line_of_the_table(script):
    row = {
        **{"row": "em", "seed": 0, "updates": 5, "search": "greedy", "bleu": 31.26, "chrf": 50.0},
        **{"latency_ms": 2.0, "teacher_latency_ms": 7.0, "best_sentences_per_second": 99.6},
        **{"reconstruction_bleu": 40.0, "latent_accuracy": 0.416, "codebook_perplexity": 200.4},
    }
    *_, full = script.table([row]).splitlines()
    assert full == "| em | 0 | 5 | greedy | 31.3 | 50.0 | 2.0 | 3.5 | 100 | 40.0 | 0.42 | 200 |"
    del row["latent_accuracy"]
    assert "| 40.0 |  | 200 |" in script.table([row])
    for name in ("latency_ms", "teacher_latency_ms", "best_sentences_per_second"):
        del row[name]
    assert "| 31.3 | 50.0 |  |  |  | 40.0 |" in script.table([row])


def test_a_further_test_is_a_column_and_empty_where_a_row_has_none(script):
    row = {
        **{"row": "em", "seed": 0, "updates": 5, "search": "greedy", "bleu": 31.26, "chrf": 50.0},
        **{"latency_ms": 2.0, "teacher_latency_ms": 7.0, "best_sentences_per_second": 99.6},
    }
    scored = row | {"extra_tests": {"tier1": {"bleu": 20.04, "chrf": 45.0}}}
    head, line, first, second = script.table([row, scored]).splitlines()
    assert head.endswith("| perplexity | tier1, BLEU / chrF |")
    assert head.count("|") == line.count("|") == first.count("|") == second.count("|")
    assert first.endswith("|  |  |  |  |") and second.endswith("|  |  |  | 20.0 / 45.0 |")


def test_a_further_test_is_read_in_the_direction_of_the_problem(script, tmp_path, capsys):
    path = tmp_path / "tier1.tsv"
    path.write_text("a dog\tein Hund\t1\na cat\teine Katze\t1\nno German\n")
    name, found = script.named_file(f"tier1={path}")
    english, german = ("a dog", "a cat"), ("ein Hund", "eine Katze")
    assert name == "tier1"
    assert script.read_test(found, "translate_ende_local") == (english, german)
    assert script.read_test(found, "translate_ende_local_rev") == (german, english)
    assert "1 of 3 lines left out: no tab. The first: tier1.tsv:3" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text, message", [("tier1.tsv", "is not NAME=FILE.tsv"), ("a=none.tsv", "no file none.tsv")]
)
def test_a_further_test_that_is_not_there_is_refused(script, text, message):
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        script.named_file(text)


def test_parts_that_are_empty_leave_no_comma(script):
    assert script.joined("softem_nat", "", None, "beta=1") == "softem_nat,beta=1"
