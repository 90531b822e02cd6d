"""What the commands share: flags, and errors as sentences instead of tracebacks."""

import contextlib
import errno
import os
import pathlib
import re
import signal
import sys
from collections.abc import Callable, Sequence

from absl import app, flags, logging

from t2t_vq import registry
from t2t_vq.cli import messages, quiet
from t2t_vq.errors import InvalidError, UserError
from t2t_vq.progress import clear, tell
from t2t_vq.run import DATA_DIR

FLAGS = flags.FLAGS

# What the operating system tells of disks, permissions and limits, and what to do.
_SYSTEM = {
    **dict.fromkeys(
        (errno.ENOSPC, errno.EDQUOT),
        ("The disk takes no more", "Make room, and run the same command again."),
    ),
    errno.EFBIG: (
        "A file may not become so large",
        "Raise the limit (ulimit -f), and run the same command again.",
    ),
    **dict.fromkeys(
        (errno.EIO, errno.ESTALE),
        ("A device cannot be read or written", "Check it, and run the same command again."),
    ),
    **dict.fromkeys(
        (errno.EMFILE, errno.ENFILE),
        (
            "No more files may be open",
            "Raise the limit (ulimit -n), and run the same command again.",
        ),
    ),
    errno.ENOMEM: ("There is no memory left", "Free some, and run the same command again."),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS),
        ("That is not permitted here", "Change the permissions, or choose another place."),
    ),
}
# What shells add to the number of the signal that ended a command.
_SIGNALLED = 128
# Where in its graphs TensorFlow was.
_GRAPH = re.compile(r"\{\{.*?\}\} | \[Op:\w+\]")
PATHS = (
    *("data_dir", "source_dir", "usr_dir", "output_dir", "export_dir", "runs_dir"),
    *(
        "teacher_dir",
        "teacher_data_dir",
        "rescore_with",
        "checkpoint",
        "rescore_checkpoint",
        "inputs",
        "outputs",
        "sources",
        "targets",
        "grid",
    ),
)
_SHARED: dict[str, tuple] = {
    "problem": (flags.DEFINE_string, None, "Registered name of the problem."),
    "data_dir": (flags.DEFINE_string, DATA_DIR, "Folder of the prepared data."),
    "source_language": (
        flags.DEFINE_string,
        None,
        "Code of the language translated from, for a problem of any two; data that is there tells "
        "it too.",
    ),
    "target_language": (flags.DEFINE_string, None, "Code of the language translated to."),
    "source_dir": (flags.DEFINE_string, None, "Folder of your own source text, if it is used."),
    "usr_dir": (flags.DEFINE_string, None, "Folder of your own registrations, imported first."),
    "registry_help": (flags.DEFINE_bool, False, "List everything registered, and exit."),
}


# Flags that name what is registered.
_REGISTERED = ("problem", "hparams")


def run(
    main: Callable[[], None],
    doc: str,
    shared: Sequence[str],
    define: Callable[[], None] | None = None,
    required: Sequence[str] = (),
    resumes: bool = False,
) -> None:
    """Parses flags and runs a command, as its entry point does.

    Args:
        main: function without arguments; reads `FLAGS`.
        doc: what the command does, for `--help`.
        shared: names of the shared flags that the command has; `usr_dir` and `registry_help`
            come with every command.
        define: function that defines the command's own flags.
        required: names of flags that must be given.
        resumes: whether the same command again goes on where this one was interrupted.
    """
    # TensorFlow's start-up lines would bury the messages; what it fails at, it raises.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    quiet.import_tensorflow_quietly()
    messages.show_plainly()
    for name in (*shared, "usr_dir", "registry_help"):
        definer, default, text = _SHARED[name]
        definer(name, default, text)
    if define:
        define()
    _describe(doc)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # As nohup has a command ignore that its terminal is closed.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)

    def main_of_app(argv):
        code = _outcome(lambda: _checked(main, argv[1:], required), resumes)
        if code > _SIGNALLED:
            # All is cleared away, and Python would wait for threads in which TensorFlow compiles.
            with contextlib.suppress(OSError):
                sys.stdout.flush()
            os._exit(code)
        sys.exit(code)

    app.run(main_of_app, flags_parser=_parsed)


def _parsed(argv):
    """Parses flags; one that cannot be is told as every mistake is."""
    try:
        return FLAGS(argv)
    except flags.Error as error:
        told = str(error).replace(" ?", "?").rstrip(".")
        tell(f"{told}{'' if told.endswith('?') else '.'} --help lists all flags.")
        sys.exit(1)


def _end(number, frame):
    """Ends a command as Ctrl-C does, so that it clears away what is half written."""
    # What TensorFlow computes is waited for, unless somebody insists. That a terminal was closed
    # may be told twice.
    signal.signal(number, signal.SIG_IGN if number == signal.SIGHUP else signal.SIG_DFL)
    raise KeyboardInterrupt(number)


def _describe(doc):
    # absl's --help shows the documentation and the flags of the script, which is a stub.
    sys.modules["__main__"].__doc__ = doc
    for module, found in FLAGS.flags_by_module_dict().items():
        for flag in found if module.startswith("t2t_vq.cli.") else ():
            FLAGS.register_key_flag_for_module(sys.argv[0], flag)


def _checked(main, arguments, required):
    if arguments:
        raise InvalidError(
            f"'{arguments[0]}' is not a flag. Flags are written --name=value; --help lists them."
        )
    for name in FLAGS:
        if FLAGS[name].present and FLAGS[name].value == "":
            raise InvalidError(f"--{name} is empty. Give it a value, or leave it out.")
    for name in PATHS:
        # The shell leaves a ~ alone that stands behind the = of a flag.
        if name in FLAGS and FLAGS[name].value:
            FLAGS[name].value = os.path.expanduser(FLAGS[name].value)
    if FLAGS.usr_dir:
        registry.import_usr_dir(FLAGS.usr_dir)
    if FLAGS.registry_help:
        print(registry.describe())
        return
    for name in required:
        if FLAGS[name].value is None:
            told = "--help lists all flags."
            if name in _REGISTERED:
                told = "--registry_help lists what can be given, --help all flags."
            raise InvalidError(f"--{name} is missing. {told}")
    main()


def _outcome(action, resumes):
    """Runs `action` and returns the exit code; errors that are messages become a sentence."""
    try:
        action()
    except KeyboardInterrupt as stop:
        again = " Run the same command again to go on." if resumes else ""
        tell(f"Interrupted.{again}")
        return _SIGNALLED + next(iter(stop.args), signal.SIGINT)
    except BrokenPipeError:
        # Whoever reads what is written has had enough, as `head` has; nothing more may be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        told = _told(error)
        if logging.level_debug() or told is None:
            clear()
            raise
        tell(told)
        return 1
    return 0


def _told(error):
    """Returns what an error tells the user; None for a defect, whose traceback is needed."""
    numbers = _system_errors(error)
    for number in _SYSTEM.keys() & numbers:
        what, mend = _SYSTEM[number]
        return f"{what}: {_GRAPH.sub('', str(error)).strip()}. {mend}"
    if isinstance(error, ModuleNotFoundError):
        name = (error.name or "t2t_vq").partition(".")[0]
        if name == "t2t_vq":
            return None
        return (
            f"The library {name} is not installed, and this needs it. Install it: pip install "
            f"{name.replace('_', '-')}"
        )
    # The operating system's errors name the file themselves.
    return str(error) if isinstance(error, UserError) or _is_of_a_flag(error) else None


def _is_of_a_flag(error):
    """Returns whether the operating system tells of a file that a flag names, or of one below it.

    What is missing below it is what we looked for, and no mistake of whoever gave the flag.
    """
    if not isinstance(error, OSError) or not isinstance(error.filename, str | bytes):
        return False
    path = pathlib.Path(os.path.abspath(os.fsdecode(error.filename)))
    named = [
        pathlib.Path(os.path.abspath(FLAGS[name].value))
        for name in PATHS
        if name in FLAGS and FLAGS[name].value
    ]
    if isinstance(error, FileNotFoundError):
        return path in named
    return any(path.is_relative_to(each) for each in named)


def _system_errors(error):
    """Returns the numbers of what the operating system may have told, a set."""
    if isinstance(error, OSError):
        return {error.errno}
    # TensorFlow has errors of its own for that, and other libraries that write in C++ none.
    if type(error).__module__.startswith("tensorflow") or isinstance(error, RuntimeError):
        return {number for number in _SYSTEM if os.strerror(number) in str(error)}
    return set()
