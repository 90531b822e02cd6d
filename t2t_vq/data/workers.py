"""Tokenising and writing shards, in this process or in several.

SentencePiece and `tf.train.Example` hold Python's lock most of the time, so threads gain nothing
and processes are needed. They are plain subprocesses fed through pipes: `multiprocessing` would
import the caller's script again, and forking is unsafe once TensorFlow has started.
"""

import concurrent.futures
import contextlib
import functools
import os
import pathlib
import pickle
import queue
import subprocess
import sys
import tempfile
import traceback
import typing
from collections.abc import Callable, Iterator, Sequence

from t2t_vq.data import records
from t2t_vq.data.tokenizer import Tokenizer
from t2t_vq.errors import EndedError, UserError
from t2t_vq.paths import StrPath

# Python puts the working folder first, where a file of the user may be called as one of its own is.
_CHILD = f"""
import sys
sys.path[:] = [path for path in sys.path if path]
from {__name__} import serve
serve(sys.argv[1])
"""


class ShardStats(typing.NamedTuple):
    """What was written.

    Attributes:
        histogram: `histogram[n]` pairs have n tokens on their longer side.
        over_long: positions of the pairs that were left out.
    """

    histogram: list
    over_long: list


def write_shard(
    tokenizer: Tokenizer,
    path: pathlib.Path,
    pairs: Sequence[tuple[str, str]],
    max_length: int | None,
) -> ShardStats:
    """Tokenises pairs and writes them as one record file.

    Args:
        tokenizer: a `Tokenizer`.
        path: the file.
        pairs: list of pairs of sentences.
        max_length: pairs with more tokens on a side are left out; None keeps all.

    Returns:
        A `ShardStats`.
    """
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    encoded = list(zip(tokenizer.encode_batch(first), tokenizer.encode_batch(second), strict=True))
    lengths = [max(map(len, pair)) for pair in encoded]
    over_long = [i for i, n in enumerate(lengths) if max_length is not None and n > max_length]
    for i in reversed(over_long):
        del encoded[i], lengths[i]
    records.write_records(path, *([pair[side] for pair in encoded] for side in (0, 1)))
    histogram = [0] * (max(lengths, default=0) + 1)
    for length in lengths:
        histogram[length] += 1
    return ShardStats(histogram, over_long)


@contextlib.contextmanager
def shard_writers(vocab_path: StrPath, count: int) -> Iterator[Callable]:
    """Gives `submit(path, pairs, max_length)`, which returns a future of a `ShardStats`.

    Args:
        vocab_path: the vocabulary's path.
        count: processes; 1 or less writes in this process, without starting any.
    """
    with contextlib.ExitStack() as stack:
        if count > 1:
            workers = [stack.enter_context(_worker(vocab_path)) for _ in range(count)]
        else:
            tokenizer = Tokenizer(vocab_path)
            workers = [lambda *job: write_shard(tokenizer, *job)]
        idle: queue.SimpleQueue = queue.SimpleQueue()
        for worker in workers:
            idle.put(worker)

        def run(*job):
            worker = idle.get()
            try:
                return worker(*job)
            finally:
                idle.put(worker)

        threads = concurrent.futures.ThreadPoolExecutor(len(workers))
        stack.callback(threads.shutdown, cancel_futures=True)
        yield lambda *job: threads.submit(run, *job)


@contextlib.contextmanager
def _worker(vocab_path):
    """Starts a process and gives a function that writes one shard in it."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # Workers never compute; a GPU is left to whoever does.
        "CUDA_VISIBLE_DEVICES": "",
    }
    command = [sys.executable, "-c", _CHILD, str(vocab_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    # Errors are kept for the message when a worker fails, without TensorFlow's start-up chatter.
    # In a session of its own it is spared Ctrl-C: it finishes its shard and ends with its pipe.
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command, **pipes, stderr=errors, env=environment, start_new_session=True
        ) as process,
    ):

        def write(*job):
            try:
                pickle.dump(job, process.stdin)
                process.stdin.flush()
                stats, error, trace = pickle.load(process.stdout)
            except (BrokenPipeError, EOFError):
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
                code = process.wait()
                errors.seek(0)
                told = errors.read().decode("utf-8", "replace").strip()
                _tell_end(job[0], code, told)
            if error:
                raise error from RuntimeError(f"In the process that wrote {job[0]}:\n{trace}")
            return ShardStats(*stats)

        yield write


def _tell_end(path, code, told):
    """Raises what it means that a process ended without a reply."""
    if code >= 0:
        raise RuntimeError(f"A process that was writing {path} ended early:\n{told}")
    last = told.rpartition("\n")[2]
    raise EndedError(
        f"A process that was writing {path} was ended by signal {-code} "
        f"({last or 'is there memory left?'}). Run the same command again to go on."
    )


def serve(vocab_path: StrPath) -> None:
    """Writes the shards that arrive on standard input until it ends; what a worker does."""
    replies = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not get between the replies.
    os.dup2(2, 1)
    # Opened with the first job, whose reply tells when that cannot be.
    tokenizer = functools.cache(lambda: Tokenizer(vocab_path))
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            job = pickle.load(sys.stdin.buffer)
            pickle.dump(_reply(tokenizer, job), replies)
            replies.flush()


def _reply(tokenizer, job):
    """Returns what came of a job, the error that stopped it, and where that arose."""
    try:
        return tuple(write_shard(tokenizer(), *job)), None, None
    except Exception as error:
        trace = traceback.format_exc()
        if isinstance(error, UserError | OSError):
            return None, error, trace
        # Others may not come whole through a pipe.
        return None, RuntimeError(f"{type(error).__name__}: {error}"), trace
