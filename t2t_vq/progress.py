"""What is told of long tasks: lines that stay, and on a terminal one that moves."""

import contextlib
import os
import sys
import time

# Returns to the start of the terminal's line, and clears it.
_CLEAR = "\r\033[K"
# Where nobody can tell how wide a terminal is.
_COLUMNS = 80
_is_moving = False


class Progress:
    """Shows how far a long task is, on standard error.

    On a terminal that is one line, which moves; elsewhere a line now and then.

    Args:
        label: what is being done.
        total: how much there is to do, if that is known; then the time left is estimated.
        done: how much an earlier run has done; the estimate leaves it out. Default 0.
    """

    def __init__(self, label: str, total: int | None = None, done: int = 0) -> None:
        self._label = label
        self._total = total
        self._done = self._before = done
        self._start = time.monotonic()
        self._interval = 0.2 if on_terminal() else 30.0
        self._shown = self._start
        self._show(self._start, move)

    def add(self, amount: int = 1) -> None:
        """Counts finished work, and shows it now and then; the end is for `finish` to show."""
        self.reach(self._done + amount)

    def reach(self, done: int) -> None:
        """Counts all work as finished up to a number of it, as `add` does."""
        self._done = done
        now = time.monotonic()
        if now - self._shown >= self._interval and self._done != self._total:
            self._shown = now
            self._show(now, move)

    def finish(self) -> None:
        """Shows the final line, unless a line that stays has told as much."""
        if on_terminal() or self._done != self._told:
            self._show(time.monotonic(), tell)

    def _show(self, now, show):
        of = f" of {self._total:,} ({self._done / self._total:.0%})" if self._total else ""
        show(f"{self._label}: {self._done:,}{of}, {now - self._start:.0f} s{self._left(now)}")
        self._told = self._done

    def _left(self, now):
        done = self._done - self._before
        if not self._total or not done or self._done == self._total:
            return ""
        return f", {duration((self._total - self._done) * (now - self._start) / done)} left"


def on_terminal() -> bool:
    """Returns whether somebody watches standard error."""
    return sys.stderr is not None and sys.stderr.isatty()


def tell(text: object) -> None:
    """Prints a line that stays, in place of one that moves."""
    _print(_staying(str(text)) + "\n")


def move(text: str, shorter: str | None = None) -> None:
    """Prints a line that the next one takes the place of; where nobody watches, one that stays.

    Args:
        text: the line; what a terminal is too narrow for is left out.
        shorter: what is printed instead when the whole does not fit.
    """
    global _is_moving
    if not on_terminal():
        tell(text)
        return
    most = _columns() - 1
    line = text if len(text) <= most or shorter is None else shorter
    _print(_CLEAR + line[:most])
    _is_moving = True


def clear() -> None:
    """Takes away the line that moves, where others are to be printed."""
    if told := _staying(""):
        _print(told)


def duration(seconds: float) -> str:
    """Returns a duration in words, to the second below an hour."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"


def _staying(text: str) -> str:
    """Returns what to print for a text to take the place of a line that moves."""
    global _is_moving
    was_moving, _is_moving = _is_moving, False
    return _CLEAR + text if was_moving else text


def _print(text):
    # The terminal was closed, whoever read is gone, or the disk of the log is full: work goes on.
    with contextlib.suppress(OSError):
        print(text, end="", file=sys.stderr, flush=True)


def _columns():
    try:
        # Some terminals say 0.
        return os.get_terminal_size(sys.stderr.fileno()).columns or _COLUMNS
    except (OSError, ValueError):
        return _COLUMNS
