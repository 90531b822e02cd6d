"""Lets rows of a comparison translate in turn, each in a process of its engine and threads."""

import contextlib
import json
import pathlib
import subprocess
import sys
import time

_WORKER = pathlib.Path(__file__).with_name("translation_worker.py")
# Threads that wait for work ask for it all the time for up to 200 ms, and then sleep.
_PAUSE = 0.25


class Worker:
    """A process of `translation_worker.py`, to be used in a `with` statement.

    Args:
        threads: processors that it may use.
    """

    def __init__(self, threads):
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, str(_WORKER), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    @property
    def age(self):
        """Seconds since the process was started."""
        return time.perf_counter() - self._started

    def ask(self, do, **request):
        """Returns the answer to a request.

        Raises:
            SystemExit: when the process ends instead.
        """
        try:
            print(json.dumps({"do": do, **request}), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            sys.exit(f"A process that was asked to {do} ended; what it wrote above says why.")
        return json.loads(answer)

    def open(self, row, folder):
        """Opens a row, and returns why it cannot, or None.

        Args:
            row: a `translation_rows.Row`.
            folder: of `translation_models.py`.
        """
        folder = str(folder / row.model)
        asked = {"folder": folder, "engine": row.engine, "beam_size": row.beam_size}
        return self.ask("open", key=key_of(row), **asked)


class Turns:
    """Rows that take turns, to be used in a `with` statement.

    Args:
        rows: list of `translation_rows.Row`.
        folder: of `translation_models.py`.

    Attributes:
        rows: those that could be opened.
    """

    def __init__(self, rows, folder):
        self._workers = {}
        self.rows = []
        for row in rows:
            worker = self._workers.get((row.engine, row.threads))
            if worker is None:
                worker = self._workers[row.engine, row.threads] = Worker(row.threads)
            reason = worker.open(row, folder)
            if reason is None:
                self.rows.append(row)
            else:
                print(f"Left out: {row.model} in {row.engine}. {reason}", file=sys.stderr)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for worker in self._workers.values():
            worker.__exit__()

    def ask(self, do, row, **request):
        """Returns a row's answer to a request."""
        return self._workers[row.engine, row.threads].ask(do, key=key_of(row), **request)

    def times(self, rows, rounds, batch_size, **limits):
        """Lets rows translate what each round asks for, one row after the other.

        Args:
            rows: of those that are open.
            rounds: for each round a list of requests, which are lists of sources.
            batch_size: most sources translated together.
            **limits: `calls` and `seconds` of a turn, and `num_tokens` of each translation.

        Returns:
            For each row the milliseconds of its requests, a list a round.
        """
        times = {row: [] for row in rows}
        limits["batch_size"] = batch_size
        # What is compiled for a shape, or read when it is first needed, counts for none.
        for number, requests in enumerate(rounds):
            if requests not in rounds[:number]:
                for row in rows:
                    self.ask("time", row, requests=requests, **limits)
        for requests in rounds:
            for row in rows:
                time.sleep(_PAUSE)
                found = self.ask("time", row, requests=requests, **limits)
                times[row].append([round(each, 4) for each in found])
        return times


def key_of(row):
    """Returns the name of a row in its process."""
    return f"{row.model} {row.engine} {row.beam_size}"
