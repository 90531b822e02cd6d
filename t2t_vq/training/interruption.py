"""Ctrl-C, SIGTERM and SIGHUP as a request to stop after the current update."""

import signal
import threading
from typing import Any

from t2t_vq.paths import StrPath

# SIGHUP comes when a terminal or a connection is closed.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """While entered, turns the first of these signals into a flag; a second one acts as usual.

    A closed terminal insists on nothing, though shell and kernel may both send SIGHUP. Python lets
    only the main thread handle signals; entered in another, it leaves them to whoever does.

    Attributes:
        signal: the signal that came, or none.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self):
        is_handler = threading.current_thread() is threading.main_thread()
        for number in _SIGNALS if is_handler else ():
            # nohup has a command ignore that its terminal is closed.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *error):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number, frame):
        self.signal = signal.Signals(number)
        if number != signal.SIGHUP:
            signal.signal(number, self._before[number])


class Interrupted(Exception):
    """A signal stopped the run, after it saved.

    Attributes:
        signal: the `signal.Signals`.
    """

    def __init__(self, signal: signal.Signals, step: int, output_dir: StrPath) -> None:
        super().__init__(
            f"Stopped by {signal.name} after step {step:,}; saved in {output_dir}. "
            "The same command goes on from there."
        )
        self.signal = signal
