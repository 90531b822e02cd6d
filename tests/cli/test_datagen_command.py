import subprocess
import sys

COMMAND = "from t2t_vq.cli.datagen import run; run()"

PROBLEM_WITH_A_DEFECT = """
from t2t_vq.problems.translation import TranslationProblem
from t2t_vq.registry import register_problem

@register_problem
class WithADefect(TranslationProblem):
    "Raises where its pairs are read."
    source_language, target_language = "en", "de"

    def source(self, source_dir):
        return "nowhere"

    def pairs(self, split, source_dir, report):
        raise ValueError("a defect")
"""


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments], capture_output=True, text=True, timeout=120
    )


def assert_one_sentence(result, start):
    assert result.returncode == 1
    assert result.stderr.startswith(start)
    assert result.stderr.count("\n") == 1


def test_help_lists_the_flags_of_the_command():
    result = run("--help")
    assert "Prepares the data of a problem" in result.stdout
    for flag in ("problem", "data_dir", "source_dir", "usr_dir", "[no]registry_help"):
        assert f"--{flag}:" in result.stdout


def test_registry_help_needs_no_other_flag():
    result = run("--registry_help")
    assert result.returncode == 0
    assert "translate_ende_local_rev" in result.stdout


def test_a_missing_problem_is_one_sentence():
    assert_one_sentence(run(), "--problem is missing.")


def test_an_unknown_problem_is_one_sentence_with_close_names():
    result = run("--problem=translate_ende_loca")
    assert_one_sentence(result, "No problem is called 'translate_ende_loca'. Did you mean")


def test_words_that_are_no_flags_are_refused():
    assert_one_sentence(run("translate_ende"), "'translate_ende' is not a flag.")


def test_a_missing_folder_is_one_sentence(tmp_path):
    result = run("--problem=translate_ende_local", f"--source_dir={tmp_path / 'none'}")
    assert_one_sentence(result, f"--source_dir={tmp_path / 'none'} is not a folder.")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    result = run("--problem=translate_ende_synthetic", f"--data_dir={tmp_path / 'file' / 'x'}")
    assert_one_sentence(result, f"{tmp_path / 'file' / 'x'} cannot be written to (")
    assert "Choose another --data_dir." in result.stderr


def test_a_file_that_cannot_be_imported_is_one_sentence(tmp_path):
    (tmp_path / "mine.py").write_text("raise ValueError('a defect')\n")
    result = run(f"--usr_dir={tmp_path}", "--registry_help")
    assert_one_sentence(
        result, f"{tmp_path / 'mine.py'}, line 1, cannot be imported (ValueError: a defect)."
    )


def test_defects_of_user_code_keep_their_traceback(tmp_path):
    (tmp_path / "mine.py").write_text(PROBLEM_WITH_A_DEFECT)
    result = run(
        *(f"--usr_dir={tmp_path}", "--problem=with_a_defect"), f"--data_dir={tmp_path / 'data'}"
    )
    assert result.returncode == 1
    assert "Traceback" in result.stderr and "ValueError: a defect" in result.stderr


def test_own_text_is_prepared(tmp_path):
    for split in ("train", "dev"):
        (tmp_path / f"{split}.tsv").write_text("the house\tdas Haus\nno tab\na cat\teine Katze\n")
    result = run(
        *("--problem=translate_ende_local", f"--source_dir={tmp_path}"),
        f"--data_dir={tmp_path / 'data'}",
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "data" / "translate_ende_local.json").exists()
    assert "Tokenising, pairs: 2 of 2 (100%)" in result.stderr
    assert "1 of 3 lines left out: no tab. The first: train.tsv:2: 'no tab'" in result.stderr
