"""Commands as a user runs them, and a run that they share."""

import importlib.metadata
import os
import pathlib
import re
import subprocess
import sys
import types

import pytest

USR_DIR = pathlib.Path(__file__).parent.parent / "usr_dir"
# Lines that libraries write: prefixes of loggers in C++ and Python, warnings with their place, bars
# of progress, and words of TensorFlow without any of these.
FOREIGN = re.compile(
    r"[DIWEF]\d{4} |\d{4}-\d\d-\d\d \d\d:\d\d|\[?(DEBUG|INFO|WARN(ING)?|ERROR)\b|.*\w+Warning: "
    r"|.*site-packages|.*\d%\|| +warnings\.warn|.*(XLA|StreamExecutor|oneDNN|cuda)|To enable the "
)


# What TensorFlow before 2.21 tells whatever level it is asked for, as when XLA first compiles.
ALWAYS_WRITTEN = re.compile(r"WARNING: All log messages before|I0000 .*\.(cc|h):\d+\] ")
WRITES_ALWAYS = tuple(map(int, importlib.metadata.version("tensorflow").split(".")[:2])) < (2, 21)


@pytest.fixture(scope="session")
def foreign():
    """A function from standard error to those of its lines that no code of ours wrote."""
    return lambda text: [line for line in text.splitlines() if FOREIGN.match(line)]


@pytest.fixture(scope="session")
def command(foreign):
    """A function that runs `t2t-vq-NAME` in another process, in which we alone may speak."""
    # As a user's shell has it.
    shell = {name: value for name, value in os.environ.items() if "LOG_LEVEL" not in name}

    def run(name, *arguments, stdin="", env=None, **options):
        code = f"from t2t_vq.cli.{name} import run; run()"
        stdin = stdin if isinstance(stdin, bytes) else stdin.encode("utf-8")
        result = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            timeout=300,
            env=shell if env is None else env,
            **options,
        )
        result.stdout, result.stderr = (
            stream.decode("utf-8") for stream in (result.stdout, result.stderr)
        )
        # A traceback has the places of everybody's code.
        if "Traceback" not in result.stderr:
            lines = foreign(result.stderr)
            assert all(WRITES_ALWAYS and ALWAYS_WRITTEN.match(line) for line in lines), lines
        return result

    return run


@pytest.fixture(scope="session")
def train_flags(tmp_path_factory):
    """What `t2t-vq-train` needs to train on the tiny problem: all but `--hparams`."""
    data_dir = tmp_path_factory.mktemp("cli") / "data"
    return [f"--usr_dir={USR_DIR}", "--problem=translate_tiny", f"--data_dir={data_dir}"]


@pytest.fixture(scope="session")
def trained(command, train_flags, tmp_path_factory):
    """A finished run, made in its own folder with no more flags than needed."""
    folder = tmp_path_factory.mktemp("trained")
    flags = [*train_flags, "--hparams=softem_nat_test,train_steps=4"]
    result = command("train", *flags, cwd=folder)
    assert result.returncode == 0, result.stderr
    output_dir = folder / "t2t_vq_runs" / "translate_tiny-softem_nat_test-train_steps=4"
    return types.SimpleNamespace(output_dir=output_dir, result=result)
