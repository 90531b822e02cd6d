"""The commands that use a trained model: decode, eval and export."""

import json
import shutil

import pytest

LINES = "The dog sleeps.\n\n \nA\u2028cat.\nWho reads the long book"


def test_a_file_is_translated_line_by_line(command, trained, tmp_path):
    source, target = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_bytes(LINES.encode("utf-8") + b"\nbad \xff\xfe\n" + b"long " * 50)
    flags = [f"--output_dir={trained.output_dir}", f"--inputs={source}", f"--outputs={target}"]
    result = command("decode", *flags)
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    written = target.read_bytes()
    assert written.endswith(b"\n") and written.count(b"\n") == 7
    lines = written.decode("utf-8").split("\n")
    assert lines[1:3] == ["", ""] and any(lines)
    assert "Lines with bytes that are no UTF-8, replaced: 1." in result.stderr
    assert "Lines cut, being longer than 16 tokens: 1." in result.stderr
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []

    again = command("decode", *flags[:1], "--checkpoint=best", stdin=LINES)
    assert again.returncode == 0, again.stderr
    assert again.stdout.split("\n") == [*lines[:5], ""]


def test_the_best_are_listed_and_given_translations_are_scored(command, trained, tmp_path):
    run = f"--output_dir={trained.output_dir}"
    source, target = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text("The dog sleeps.\n\n")
    result = command("decode", run, "--beam_size=2", "--n_best=2", f"--inputs={source}")
    assert result.returncode == 0, result.stderr
    lines = [line.split(" ||| ") for line in result.stdout.splitlines()]
    assert [number for number, *_ in lines] == ["0", "0", "1"] and lines[2] == ["1", "", "0.0000"]
    assert float(lines[0][2]) >= float(lines[1][2])
    target.write_text("Der Hund schläft.\nDer Hund.\n")
    given = command("score", run, f"--sources={source}", f"--targets={target}")
    assert given.returncode == 0, given.stderr
    for line in given.stdout.splitlines():
        total, mean = map(float, line.split("\t"))
        assert total < 0 and total / mean == pytest.approx(round(total / mean), abs=0.01)
    target.write_text("Der Hund schläft.\n")
    uneven = command("score", run, f"--sources={source}", f"--targets={target}")
    assert uneven.returncode == 1 and uneven.stdout == ""
    assert uneven.stderr.splitlines()[-1].startswith(
        f"{target} ends after 1 of the lines of {source}."
    )


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--output_dir=nowhere"], "nowhere holds no training run: nowhere/run.json is missing."),
        ([], "--output_dir is missing."),
    ],
)
@pytest.mark.parametrize("name", ["decode", "eval", "average"])
def test_a_missing_run_is_one_sentence(command, name, flags, message):
    result = command(name, *flags)
    assert result.returncode == 1
    assert result.stderr.startswith(message) and result.stderr.count("\n") == 1


def test_flags_that_cannot_be_used_are_one_sentence(command, trained, tmp_path):
    run = f"--output_dir={trained.output_dir}"
    for name, flags, message in (
        ("decode", ["--inputs=none.txt"], "There is no file none.txt to read"),
        ("decode", [f"--outputs={tmp_path}/no/out"], "no/out would be in a folder that is missing"),
        ("decode", [f"--outputs={tmp_path}"], f"{tmp_path} is a folder, so it can be no file"),
        *[
            ("decode", [f"--{name}="], f"--{name} is empty. Give it a value, or leave it out.")
            for name in ("inputs", "outputs", "output_dir", "checkpoint", "rescore_with")
        ],
        ("eval", ["--export_dir="], "--export_dir is empty."),
        ("score", ["--sources=none.txt", "--targets=x"], "There is no file none.txt to read"),
        ("score", [f"--sources={__file__}"], "--targets is missing."),
        ("decode", ["--rescore_with=self"], "There is only one candidate"),
        ("decode", ["--n_best=5"], "n_best=5 translations cannot be given, as the search finds 1."),
        ("eval", ["--num_samples=3"], "Give rescore_with too: another run, or self."),
        ("eval", ["--beam_size=2", "--num_samples=3"], "Choose one of the two."),
        ("eval", ["--beam_size=2", "--rescore_with=none"], "none holds no training run"),
        ("export", [], "--export_dir is missing."),
    ):
        result = command(name, run, *flags)
        assert result.returncode == 1, flags
        assert message in result.stderr
        assert result.stderr.count("\n") == 1, result.stderr


def test_an_average_that_is_missing_or_cannot_be_made_is_told(command, trained):
    run = f"--output_dir={trained.output_dir}"
    for name, flags, message in (
        ("eval", ["--checkpoint=average"], "Make it with t2t-vq-average --output_dir="),
        ("average", [], "holds 1 of the 2 checkpoints from after update"),
    ):
        result = command(name, run, *flags)
        assert result.returncode == 1
        assert message in result.stderr.splitlines()[-1]
        assert "Traceback" not in result.stderr


def test_eval_ends_in_json(command, trained):
    result = command("eval", f"--output_dir={trained.output_dir}", "--split=dev")
    assert result.returncode == 0, result.stderr
    *text, last = result.stdout.splitlines()
    found = json.loads(last)
    assert set(found) == {
        *("problem", "hparams", "overrides", "seed", "precision", "split", "checkpoint"),
        *("updates", "best_validation_score", "beam_size", "alpha"),
        *("num_samples", "temperature", "passes", "refinements"),
        *("rescore_with", "rescore_checkpoint"),
        *("bleu", "bleu_signature", "chrf", "chrf_signature"),
        *("sentences", "sources_cut", "sentences_per_second"),
    }
    assert (found["problem"], found["hparams"]) == ("translate_tiny", "softem_nat_test")
    assert (found["split"], found["sentences"], found["beam_size"]) == ("dev", 12, 1)
    assert found["checkpoint"].endswith("best/ckpt-4") and found["updates"] == 4
    assert (found["overrides"], found["seed"]) == ("train_steps=4", 0)
    assert text[0].startswith("bleu ") and found["bleu_signature"] in text[0]
    # The same sentences gave the validation's score, which the run ended with.
    assert f"Best validation BLEU {found['bleu']:.2f}." in trained.result.stdout


def test_export_writes_a_saved_model(command, trained, tmp_path):
    flags = [f"--output_dir={trained.output_dir}", f"--export_dir={tmp_path / 'model'}"]
    result = command("export", *flags)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"Wrote {tmp_path / 'model'}")
    assert (tmp_path / "model" / "saved_model.pb").exists()
    assert "Assets written" not in result.stderr
    again = command("export", *flags)
    assert again.returncode == 1
    assert again.stderr.splitlines()[-1].startswith(f"{tmp_path / 'model'} is not empty.")


def test_distill_makes_what_a_student_trains_on(command, train_flags, trained, tmp_path):
    teacher = shutil.copytree(trained.output_dir, tmp_path / "and" / "much" / "deeper" / "teacher")
    flags = [f"--teacher_dir={teacher}", f"--data_dir={tmp_path / 'data'}"]
    lost = command("distill", train_flags[0], *flags)
    assert lost.returncode == 1 and "--teacher_data_dir" in lost.stderr.splitlines()[-1]
    data_dir = train_flags[2].partition("=")[2]
    moved = [train_flags[0], f"--teacher_data_dir={data_dir}"]
    result = command("distill", *moved, *flags, "--beam_size=1")
    assert result.returncode == 0, result.stderr
    # 49 of the sources are longer than the 16 tokens that the teacher takes.
    assert "Translating, sentences: 150 of 150 (100%)" in result.stderr
    assert "train: 49 of 150 lines left out: longer than 16 tokens" in result.stderr
    following = result.stdout.split()[2:4]
    assert following == ["--problem=translate_tiny_distill", flags[1]]
    student = command(
        *("train", train_flags[0], *following, f"--output_dir={tmp_path / 'student'}"),
        "--hparams=softem_nat_test,startup_steps=0,train_steps=1",
    )
    assert student.returncode == 0, student.stderr


def test_a_model_that_ctranslate2_cannot_run_is_told(command, trained, tmp_path):
    folder = tmp_path / "model"
    flags = [f"--output_dir={trained.output_dir}", f"--export_dir={folder}", "--format=ctranslate2"]
    result = command("export", *flags)
    assert result.returncode == 1
    last = result.stderr.splitlines()[-1]
    assert last.startswith("CTranslate2 cannot run a TransformerNat") and not folder.exists()
