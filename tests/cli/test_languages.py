"""A pair of languages is given once: data, runs and exports remember it."""

import json
import pathlib
import types

import pytest

import t2t_vq

USR_DIR = pathlib.Path(__file__).parent.parent / "usr_dir"
PAIRS = [(f"the {a} {b} sleeps", f"{b}ё {a}й спит") for a in "abcdefghij" for b in "клмнопрсту"]
OPTIONS = "train_steps=2,eval_frequency=2,max_length=64"


@pytest.fixture(scope="module")
def pair(command, tmp_path_factory):
    """A folder with English and Russian text, its data, and a run that was told no languages."""
    folder = tmp_path_factory.mktemp("pair")
    for split, pairs in {"train": PAIRS, "dev": PAIRS[:9], "test": PAIRS[:5]}.items():
        for side, code in enumerate(("en", "ru")):
            text = "".join(f"{pair[side]}\n" for pair in pairs)
            (folder / f"{split}.{code}").write_text(text, encoding="utf-8")
    result = command(
        *("datagen", "--problem=translate_local", f"--source_dir={folder}"),
        *("--source_language=en", "--target_language=ru", f"--data_dir={folder / 'data'}"),
    )
    assert result.returncode == 0, result.stderr
    flags = [f"--usr_dir={USR_DIR}", f"--data_dir={folder / 'data'}"]
    train = ["train", "--problem=translate_local", f"--hparams=transformer_test,{OPTIONS}"]
    result = command(*train, *flags, cwd=folder)
    assert result.returncode == 0, result.stderr
    run = f"t2t_vq_runs/translate_local-en-ru-transformer_test-{OPTIONS.replace(',', '-')}"
    return types.SimpleNamespace(folder=folder, flags=flags, output_dir=folder / run)


def test_a_run_remembers_the_languages_of_its_data(pair):
    model = t2t_vq.load(pair.output_dir)
    assert model.about["languages"] == ["en", "ru"]
    scores = model.score("test")
    assert scores["sentences"] == 5 and "tok:13a" in scores["bleu_signature"]


def test_its_commands_need_no_languages(command, pair):
    result = command("eval", f"--output_dir={pair.output_dir}")
    assert json.loads(result.stdout.splitlines()[-1])["languages"] == ["en", "ru"]
    result = command("runs", f"--runs_dir={pair.folder}")
    assert "translate_local en-ru " in result.stdout


def test_a_student_is_told_the_languages(command, pair):
    result = command("distill", f"--teacher_dir={pair.output_dir}", "--beam_size=1")
    assert result.returncode == 0, result.stderr
    assert "--problem=translate_local_distill --source_language=en --target_lan" in result.stdout
    names = {path.name for path in (pair.folder / "data").glob("*.json")}
    assert names == {"translate_local.en.ru.json", "translate_local_distill.en.ru.json"}


def test_an_export_is_scored_on_the_data_of_its_languages(pair, tmp_path):
    t2t_vq.load(pair.output_dir).export(tmp_path / "export", format="openvino")
    loaded = t2t_vq.load(tmp_path / "export", data_dir=pair.folder / "data")
    assert loaded.about["languages"] == ["en", "ru"]
    assert loaded.score("test")["sentences"] == 5


def test_another_pair_is_another_run(command, pair):
    flags = [f"--output_dir={pair.output_dir}", f"--hparams=transformer_test,{OPTIONS}"]
    languages = ["--source_language=ru", "--target_language=en"]
    result = command("train", "--problem=translate_local", *languages, *flags, *pair.flags)
    assert "languages was ('en', 'ru') and is now ('ru', 'en')" in result.stderr
    assert result.stderr.endswith("--source_language=en --target_language=ru\n")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--problem=translate_local", "--source_language=en"], "A target_language is missing"),
        (["--problem=translate_local"], "translate_local needs two languages"),
        (
            ["--problem=translate_ende", "--source_language=en", "--target_language=fr"],
            "The problem translate_ende has languages of its own",
        ),
    ],
)
def test_languages_that_are_missing_or_in_vain_are_a_sentence(command, tmp_path, flags, message):
    result = command("datagen", *flags, f"--data_dir={tmp_path}")
    assert result.returncode == 1 and result.stderr.count("\n") == 1
    assert result.stderr.startswith(message)
