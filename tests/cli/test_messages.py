"""What is logged and warned of in a command is a plain line, and libraries keep their own."""

import logging
import subprocess
import sys

import pytest

from t2t_vq import progress
from t2t_vq.cli import messages

LIBRARY = "/x/t2t_vq/.venv/lib/python3/site-packages/nncf/model.py"
OURS = "/x/.venv/lib/python3/site-packages/t2t_vq/run.py"
CHECKOUT = "/x/t2t_vq/run.py"


def record(path, level=logging.INFO, message="Some words."):
    return logging.makeLogRecord({"pathname": path, "levelno": level, "msg": message})


@pytest.mark.parametrize(
    ("path", "level", "is_shown"),
    [
        (LIBRARY, logging.INFO, False),
        (LIBRARY, logging.WARNING, False),
        (LIBRARY, logging.ERROR, True),
        (OURS, logging.INFO, True),
        (CHECKOUT, logging.WARNING, True),
    ],
)
def test_a_library_is_told_from_this_package_wherever_both_lie(path, level, is_shown):
    assert messages._is_wanted(record(path, level)) == is_shown


@pytest.mark.parametrize(
    ("level", "line"),
    [
        (logging.INFO, "Some words."),
        (logging.WARNING, "Warning: Some words."),
        (logging.ERROR, "Error: Some words."),
    ],
)
def test_a_record_is_its_message(level, line, capsys):
    messages._Teller().handle(record(OURS, level))
    assert capsys.readouterr().err == f"{line}\n"


def test_a_record_takes_the_place_of_a_line_that_moves(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_is_moving", True)
    for _ in range(2):
        messages._Teller().handle(record(OURS))
    assert capsys.readouterr().err == "\r\033[KSome words.\nSome words.\n"


def test_a_record_that_others_write_leaves_the_line_that_moves(monkeypatch):
    monkeypatch.setattr(progress, "_is_moving", True)
    assert messages._Teller().format(record(OURS)) == "Some words."
    assert progress._is_moving


def test_a_record_whose_arguments_do_not_fit_ends_nothing(capsys):
    wrong = logging.makeLogRecord({"pathname": OURS, "msg": "%d", "args": ("x",)})
    messages._Teller().handle(wrong)
    assert "Logging error" in capsys.readouterr().err


@pytest.mark.parametrize(("path", "line"), [(OURS, "Warning: Words.\n"), (LIBRARY, "")])
def test_a_warning_of_ours_is_a_line_without_its_place(path, line, capsys):
    messages._show_warning(UserWarning("Words."), UserWarning, path, 7)
    assert capsys.readouterr().err == line


def test_a_command_shows_both():
    code = (
        "import warnings\nfrom absl import logging\nfrom t2t_vq.cli import flags\n"
        "def main():\n    logging.info('Logged.')\n    logging.debug('Debugged.')\n"
        "    warnings.warn('Warned.')\n"
        "flags.run(main, 'Tells.', ())"
    )
    told = {
        "--verbosity=0": "Logged.\nWarning: Warned.\n",
        "--verbosity=-1": "Warning: Warned.\n",
        "--verbosity=1": "Logged.\nDebugged.\nWarning: Warned.\n",
    }
    for flag, lines in told.items():
        result = subprocess.run([sys.executable, "-c", code, flag], capture_output=True, text=True)
        assert (result.returncode, result.stderr) == (0, lines)


@pytest.mark.parametrize(
    "line",
    [
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "I0000 00:00:1.1 2 port.cc:153] oneDNN custom operations are on.",
        "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow.",
        "E0000 00:00:1.1 2 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error",
        "2026-01-02 03:04:05.678: I tensorflow/core/util/port.cc:113] some words",
        "W1130 03:40:12.3 14 batches.py:215] some words",
        "INFO:nncf:Statistics of the bitwidth distribution:",
        "/x/lib/python3/site-packages/keras/layer.py:7: UserWarning: some words",
        "  warnings.warn(",
        " 52%|#####     | 12/23",
        "I0000 00:00:1.1 2 service.cc:152] XLA service 0x1 initialized for platform Host",
    ],
)
def test_the_tests_of_commands_would_see_a_line_of_a_library(line, foreign):
    assert foreign(line) == [line]


@pytest.mark.parametrize(
    "line",
    [
        "step 4/20  loss 8.043 (reconstruction 7.176)  136 tokens/s  40 s left",
        "Warning: translate_tiny dev: 8 of 12 pairs are longer than 16 tokens.",
        "Tokenising, pairs: 150 of 150 (100%), 8 s",
    ],
)
def test_a_line_of_ours_is_none(line, foreign):
    assert not foreign(line)
