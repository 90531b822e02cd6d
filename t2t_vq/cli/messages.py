"""What is logged and warned of while a command runs, as lines of plain text."""

import logging
import re
import warnings

from absl import logging as absl_logging

from t2t_vq import progress

# Where a library lies, and its name.
_LIBRARY = re.compile(r".*[/\\](?:site|dist)-packages[/\\](\w+)", re.DOTALL)
_KINDS = {logging.WARNING: "Warning: ", logging.ERROR: "Error: ", logging.CRITICAL: "Error: "}


def show_plainly() -> None:
    """Makes what is logged, and Python's warnings, lines on standard error without a prefix.

    What libraries tell of their own doings stays away, unless it is an error, or --verbosity=1 asks
    for all that there is.
    """
    # absl's own handler stays, as its flags count only with it, and writes nothing.
    absl_logging.get_absl_handler().addFilter(lambda record: False)
    teller = _Teller()
    teller.addFilter(_is_wanted)
    logging.root.addHandler(teller)
    warnings.showwarning = _show_warning


class _Teller(logging.Handler):
    """Tells of each record in a line that takes the place of one that moves."""

    def emit(self, record):
        try:
            progress.tell(_KINDS.get(record.levelno, "") + self.format(record))
        except Exception:
            # Logging ends no program, as when arguments do not fit the text.
            self.handleError(record)


def _is_wanted(record):
    # Libraries log through the logger that is ours too.
    return record.levelno >= logging.ERROR or _is_told(record.pathname)


def _show_warning(message, category, filename, lineno, file=None, line=None):
    if _is_told(filename):
        progress.tell(f"Warning: {message}")


def _is_told(path):
    library = _LIBRARY.match(path)
    return library is None or library[1] == "t2t_vq" or absl_logging.level_debug()
