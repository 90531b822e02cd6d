"""What the commands share: flags, and errors as sentences instead of tracebacks."""

import os
import pathlib
import signal
import sys

from absl import app, flags, logging

from t2t_vq import registry

FLAGS = flags.FLAGS

_SHARED = {
    "problem": (flags.DEFINE_string, None, "Registered name of the problem."),
    "data_dir": (flags.DEFINE_string, "t2t_vq_data", "Folder of the prepared data."),
    "source_dir": (flags.DEFINE_string, None, "Folder of your own source text, if it is used."),
    "usr_dir": (flags.DEFINE_string, None, "Folder of your own registrations, imported first."),
    "registry_help": (flags.DEFINE_bool, False, "List everything registered, and exit."),
}


def run(main, doc, shared, define=None, required=(), resumes=False):
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
    # Fewer of TensorFlow's start-up lines, which bury the messages; what it fails at, it raises.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.get_absl_logger().addFilter(_is_no_chatter)
    for name in (*shared, "usr_dir", "registry_help"):
        definer, default, text = _SHARED[name]
        definer(name, default, text)
    if define:
        define()
    _describe(doc)

    # Ended so, a command clears away what is half written, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def main_of_app(argv):
        sys.exit(_outcome(lambda: _checked(main, argv[1:], required), resumes))

    app.run(main_of_app)


def _is_no_chatter(record):
    # TensorFlow tells of its savers' and builders' doings through the logger that is ours too.
    return record.levelname != "INFO" or "tensorflow" not in pathlib.Path(record.pathname).parts


def _describe(doc):
    # absl's --help shows the documentation and the flags of the script, which is a stub.
    sys.modules["__main__"].__doc__ = doc
    for module, found in FLAGS.flags_by_module_dict().items():
        for flag in found if module.startswith("t2t_vq.cli.") else ():
            FLAGS.register_key_flag_for_module(sys.argv[0], flag)


def _checked(main, arguments, required):
    if arguments:
        raise ValueError(
            f"'{arguments[0]}' is not a flag. Flags are written --name=value; --help lists them."
        )
    for name in FLAGS:
        if FLAGS[name].present and FLAGS[name].value == "":
            raise ValueError(f"--{name} is empty. Give it a value, or leave it out.")
    if FLAGS.usr_dir:
        registry.import_usr_dir(FLAGS.usr_dir)
    if FLAGS.registry_help:
        print(registry.describe())
        return
    for name in required:
        if FLAGS[name].value is None:
            raise ValueError(
                f"--{name} is missing. --registry_help lists what can be given, --help all flags."
            )
    main()


def _outcome(action, resumes):
    """Runs `action` and returns the exit code; expected errors become a sentence."""
    try:
        action()
    except KeyboardInterrupt:
        again = " Run the same command again to go on." if resumes else ""
        print(f"Interrupted.{again}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever reads what is written has had enough, as `head` has; nothing more may be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ModuleNotFoundError as error:
        if logging.level_debug() or (error.name or "t2t_vq").startswith("t2t_vq"):
            raise
        name = error.name.partition(".")[0]
        print(
            f"The library {name} is not installed, and this needs it. Install it: pip install "
            f"{name.replace('_', '-')}",
            file=sys.stderr,
        )
        return 1
    except (OSError, ValueError, registry.UnknownNameError) as error:
        # An error that our own code raises is a message to the user; any other is a defect,
        # and its traceback is needed. The operating system's errors name the file themselves.
        if logging.level_debug() or not (isinstance(error, OSError) or _is_ours(error)):
            raise
        print(error, file=sys.stderr)
        return 1
    return 0


def _is_ours(error):
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame.f_globals.get("__name__", "").startswith("t2t_vq")
