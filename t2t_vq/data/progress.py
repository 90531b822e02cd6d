"""One progress line: overwritten on a terminal, sparse elsewhere."""

import contextlib
import sys
import time


class Progress:
    """Shows how far a long task is, on standard error.

    Args:
        label: what is being done.
        total: how much there is to do, if that is known; then the time left is estimated.
        done: how much an earlier run has done; the estimate leaves it out. Default 0.
    """

    def __init__(self, label, total=None, done=0):
        self._label = label
        self._total = total
        self._done = self._before = done
        self._start = time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._interval = 0.2 if self._terminal else 30.0
        self._shown = self._start
        self._show(self._start, end="" if self._terminal else "\n")

    def add(self, amount=1):
        """Counts finished work, and shows it now and then; the end is for `finish` to show."""
        self._done += amount
        now = time.monotonic()
        if now - self._shown >= self._interval and self._done != self._total:
            self._shown = now
            self._show(now, end="" if self._terminal else "\n")

    def finish(self):
        """Shows the final line, unless a line that stays has told as much."""
        if self._terminal or self._done != self._told:
            self._show(time.monotonic(), end="\n")

    def _show(self, now, end):
        of = f" of {self._total:,} ({self._done / self._total:.0%})" if self._total else ""
        line = f"{self._label}: {self._done:,}{of}, {now - self._start:.0f} s{self._left(now)}"
        # Return to the line's start and clear it, so that a shorter line leaves no rest.
        tell(f"\r\033[K{line}" if self._terminal else line, end)
        self._told = self._done

    def _left(self, now):
        done = self._done - self._before
        if not self._total or not done or self._done == self._total:
            return ""
        return f", {duration((self._total - self._done) * (now - self._start) / done)} left"


def tell(text, end="\n"):
    """Prints to standard error; where nothing can be printed any more, work goes on without."""
    # The terminal was closed, whoever read is gone, or the disk of the log is full.
    with contextlib.suppress(OSError):
        print(text, end=end, file=sys.stderr, flush=True)


def duration(seconds):
    """Returns a duration in words, to the second below an hour."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
