"""What all commands share: paths, signals, and which errors are sentences."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from t2t_vq.cli import flags

OUTCOME = """
from t2t_vq.cli import flags
import sys
sys.exit(flags._outcome(lambda: exec(open(sys.argv[1]).read(), {"__name__": sys.argv[2]}), True))
"""


@pytest.fixture
def outcome(tmp_path):
    """A function that runs code as if a module of a name held it, and returns what came of it."""

    def run(code, module):
        (tmp_path / "code.py").write_text(code)
        return subprocess.run(
            [sys.executable, "-c", OUTCOME, str(tmp_path / "code.py"), module],
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def ended(code, **options):
    """Runs code in another process and returns what came of it."""
    arguments = [sys.executable, "-c", code]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=120, **options)


@pytest.mark.parametrize(
    ("code", "is_sentence"),
    [
        ("raise t2t_vq.UserError('Give more.')", True),
        ("raise t2t_vq.errors.InvalidError('Give more.')", True),
        ("t2t_vq.registry.problem('none')", True),
        ("t2t_vq.load('/no/such/run')", True),
        ("open('/no/such/file')", False),
        ("raise ValueError('a defect')", False),
        ("raise KeyError('a defect')", False),
        ("import numpy\nnumpy.zeros(2).reshape(3)", False),
    ],
)
def test_mistakes_of_the_user_are_sentences_and_all_else_tracebacks(outcome, code, is_sentence):
    result = outcome(f"import t2t_vq, t2t_vq.errors\n{code}", "t2t_vq.data")
    assert result.returncode == 1
    assert ("Traceback" not in result.stderr) == is_sentence, result.stderr


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "The disk takes no more: "),
        (errno.EDQUOT, "The disk takes no more: "),
        (errno.EFBIG, "A file may not become so large: "),
        (errno.EIO, "A device cannot be read or written: "),
        (errno.ESTALE, "A device cannot be read or written: "),
        (errno.EMFILE, "No more files may be open: "),
        (errno.ENOMEM, "There is no memory left: "),
        (errno.EACCES, "That is not permitted here: "),
        (errno.EROFS, "That is not permitted here: "),
    ],
)
def test_what_the_system_refuses_is_a_sentence_whoever_tells(outcome, number, sentence):
    told = os.strerror(number)
    by_tensorflow = f"RuntimeError('{{{{node Save}}}} ckpt-5; {told} [Op:SaveV2]')"
    for error in (by_tensorflow, f"OSError({number}, 'Some words')"):
        result = outcome(f"raise {error}", "tensorflow")
        assert result.returncode == 1
        assert "Traceback" not in result.stderr and result.stderr.startswith(sentence), error
        assert "Save" not in result.stderr


@pytest.mark.parametrize(
    ("path", "is_sentence"),
    [("x", True), ("x/file/y", True), ("x/none", False), ("none", False), ("file/y", False)],
)
def test_of_files_those_that_a_flag_names_are_told_without_a_traceback(tmp_path, path, is_sentence):
    (tmp_path / "file").touch()
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "file").touch()
    code = (
        "from absl import flags as absl_flags\nfrom t2t_vq.cli import flags\n"
        "define = lambda: absl_flags.DEFINE_string('output_dir', 'x', '')\n"
        f"flags.run(lambda: open('{path}'{', chr(119)' if path == 'x' else ''}), '', (), define)"
    )
    result = ended(code, cwd=tmp_path)
    assert result.returncode == 1
    assert ("Traceback" not in result.stderr) == is_sentence, result.stderr


def test_an_error_that_speaks_of_a_full_disk_may_be_a_defect(outcome):
    result = outcome(f"raise KeyError('{os.strerror(errno.ENOSPC)}')", "t2t_vq.data")
    assert "Traceback" in result.stderr


def test_a_tilde_behind_the_sign_of_a_flag_is_the_home_folder(command, tmp_path):
    home = {**os.environ, "HOME": str(tmp_path)}
    result = command("datagen", "--problem=image_tiny", "--data_dir=~/d", "--usr_dir=~/u", env=home)
    assert f"--usr_dir={tmp_path / 'u'} is no folder" in result.stderr
    for name, flag in (("eval", "--output_dir"), ("runs", "--runs_dir")):
        result = command(name, f"{flag}=~/r", env=home, cwd=tmp_path)
        assert result.stderr.startswith(f"{tmp_path / 'r'} holds no")


def test_every_flag_that_names_a_path_is_expanded():
    code = (
        "import sys; from absl import flags; import importlib\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(f't2t_vq.cli.{name}')._define()\n"
        "    for flag in list(flags.FLAGS):\n"
        "        print(flag)\n"
        "        delattr(flags.FLAGS, flag)"
    )
    names = ("train", "distill", "decode", "score", "eval", "average", "export", "sample", "runs")
    found = subprocess.run(
        [sys.executable, "-c", code, *names], capture_output=True, text=True, check=True
    ).stdout.split()
    # That of absl's logging is its own affair.
    ending = {name for name in found if name.endswith("_dir")} - {"log_dir"}
    files = {"inputs", "outputs", "sources", "targets", "grid", "rescore_with"}
    files |= {"checkpoint", "rescore_checkpoint"}
    assert (
        ending
        and files < set(found)
        and ending | files == set(flags.PATHS) - {"source_dir", "usr_dir"}
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_ended_says_so(tmp_path, number):
    code = (
        "import os, signal, time\nfrom t2t_vq.cli import flags\n"
        # Whoever runs the tests may have them ignore it.
        f"signal.signal({int(number)}, signal.SIG_DFL)\n"
        f"def main():\n    os.kill(os.getpid(), {int(number)})\n    time.sleep(60)\n"
        "flags.run(main, 'Waits.', (), resumes=True)"
    )
    result = ended(code)
    assert result.returncode == 128 + number
    assert result.stderr == "Interrupted. Run the same command again to go on.\n"


def test_a_command_that_is_ended_does_not_wait_for_its_threads():
    code = (
        "import concurrent.futures, os, signal, time\nfrom t2t_vq.cli import flags\n"
        "def main():\n"
        "    threads = concurrent.futures.ThreadPoolExecutor(1)\n"
        "    threads.submit(time.sleep, 600)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n    time.sleep(60)\n"
        "flags.run(main, 'Waits.', ())"
    )
    result = ended(code)
    assert (result.returncode, result.stderr) == (128 + signal.SIGTERM, "Interrupted.\n")


def test_a_closed_terminal_may_be_told_twice_while_a_command_clears_up():
    code = (
        "import os, signal\nfrom t2t_vq.cli import flags\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "def hang_up():\n    os.kill(os.getpid(), signal.SIGHUP)\n"
        "def main():\n    try:\n        hang_up()\n"
        "    finally:\n        hang_up()\n        print('cleared')\n"
        "flags.run(main, 'Clears up.', ())"
    )
    result = ended(code)
    assert (result.returncode, result.stdout) == (128 + signal.SIGHUP, "cleared\n")


def test_tensorflow_starts_without_a_word():
    code = (
        "from t2t_vq.cli import flags\n"
        "def main():\n    import keras, tensorflow as tf\n    print(float(tf.ones(())))\n"
        "flags.run(main, 'Adds.', ())"
    )
    environment = {name: value for name, value in os.environ.items() if "LOG_LEVEL" not in name}
    result = ended(code, env=environment)
    assert (result.stdout, result.stderr) == ("1.0\n", "")


def test_tensorflow_starts_where_its_words_cannot_be_held_back():
    code = (
        "import tempfile\nfrom t2t_vq.cli import flags\n"
        "def no_place():\n    raise FileNotFoundError('No usable temporary directory found')\n"
        "tempfile.TemporaryFile = no_place\n"
        "def main():\n    import tensorflow as tf\n    print(float(tf.ones(())))\n"
        "flags.run(main, 'Adds.', ())"
    )
    arguments = [sys.executable, "-c", code]
    assert subprocess.run(arguments, capture_output=True, text=True).stdout == "1.0\n"
    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&-', "-", *arguments], capture_output=True, text=True
    )
    assert closed.stdout == "1.0\n"


def test_an_import_that_fails_shows_what_was_held_back(tmp_path):
    (tmp_path / "tensorflow.py").write_text("import os\nos.write(2, b'why\\n')\n1 / 0\n")
    code = "from t2t_vq.cli import quiet; quiet.import_tensorflow_quietly(); import tensorflow"
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert "why\n" in result.stderr and "ZeroDivisionError" in result.stderr


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--output_dri=x", "flag 'output_dri'. Did you mean: output_dir? --help lists all flags."),
        ("--beam_size=0", "--help lists all flags."),
    ],
)
def test_a_flag_that_cannot_be_is_one_sentence(command, flag, message):
    result = command("decode", flag)
    assert result.returncode == 1 and result.stderr.count("\n") == 1
    assert result.stderr.rstrip().endswith(message) and "FATAL" not in result.stderr
