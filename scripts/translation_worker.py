#!/usr/bin/env python3
"""A process that translates for benchmark_translation.py, on as many processors as it is told to.

    python scripts/translation_worker.py 2

It reads requests and writes answers, each a line of JSON, until there are no more. It imports the
libraries of what it is asked to open and nothing else, so that its start and memory are those of
the engine.
"""

import functools
import json
import math
import os
import pathlib
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main():
    threads = int(sys.argv[1])
    # No engine then has a thread that is not counted.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    # What libraries print must not stand between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    engines = {}
    for line in sys.stdin:
        request = json.loads(line)
        answer = {
            "open": functools.partial(_open, engines, threads),
            "time": functools.partial(_time, engines),
            "translate": functools.partial(_translate, engines),
            "memory": _memory,
        }[request.pop("do")](**request)
        print(json.dumps(answer), file=answers, flush=True)


def _open(engines, threads, key, folder, engine, beam_size):
    """Opens a model in an engine, under a key; or returns why it cannot."""
    about = json.loads((pathlib.Path(folder) / "about.json").read_text(encoding="utf-8"))
    library, _, precision = engine.partition("-")
    path = pathlib.Path(folder) / engine
    if engine in about["refused"]:
        return about["refused"][engine]
    try:
        if library == "xla":
            engines[key] = Xla(folder, about, precision, beam_size, threads)
        elif library in ("openvino", "onnx"):
            engines[key] = Networks(path)
        else:
            engines[key] = CTranslate2(path, about, precision, beam_size, threads)
    except ValueError as error:
        return str(error)


def _time(engines, key, requests, batch_size, calls=None, seconds=None, num_tokens=None):
    """Times requests one after the other.

    Args:
        key: of what `_open` opened.
        requests: list of lists of sources: lines, or lists of tokens.
        batch_size: most sources translated together.
        calls: to begin anew for, if there are fewer requests.
        seconds: to stop after; by default there is no limit.
        num_tokens: of each translation, to be checked.

    Returns:
        Milliseconds of each. The first is translated once beforehand, which is its time where
        it takes longer than `seconds`: so long a call leaves nothing to warm up.
    """
    engine, limit = engines[key], math.inf if seconds is None else seconds
    requests = [engine.prepared(request) for request in requests]
    first, found = _timed(engine, requests[0], batch_size)
    if num_tokens is not None and {len(tokens) for tokens in found} != {num_tokens}:
        raise RuntimeError(f"{key} translated to other lengths than {num_tokens} tokens.")
    if first >= limit:
        return [1e3 * first]
    times = []
    for number in range(calls or len(requests)):
        if sum(times) >= limit:
            break
        times.append(_timed(engine, requests[number % len(requests)], batch_size)[0])
    return [1e3 * each for each in times]


def _timed(engine, request, batch_size):
    start = time.perf_counter()
    found = engine.translate(request, batch_size)
    return time.perf_counter() - start, found


def _translate(engines, key, sources, batch_size):
    engine = engines[key]
    return engine.translate(engine.prepared(sources), batch_size)


def _memory():
    """Returns the most memory that this process has had, in bytes."""
    # Not what getrusage tells, which begins with what the parent had.
    status = pathlib.Path("/proc/self/status").read_text()
    (peak,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return 1024 * int(peak.split()[1])


class LinesOrTokens:
    """A `LineTranslator` of lines, or of lists of tokens.

    Args:
        translator: a `t2t_vq.line_translator.LineTranslator`.
    """

    def __init__(self, translator):
        self._translator = translator

    def prepared(self, sources):
        return sources

    def translate(self, sources, batch_size):
        translator = self._translator
        translator.batch_size = batch_size
        if isinstance(sources[0], str):
            return translator.translate(sources)
        return [tokens.tolist() for tokens in translator.translate_tokens(sources)]


class Xla(LinesOrTokens):
    """A model as `t2t-vq-decode` runs it."""

    def __init__(self, folder, about, precision, beam_size, threads):
        import keras
        from translation_models import WEIGHTS, make_model, untrained_translator

        from t2t_vq import load
        from t2t_vq.decoding.options import Search

        search = Search(beam_size=beam_size)
        if "run" in about:
            translator = load(about["run"], search=search).translator
        else:
            keras.config.set_dtype_policy(
                precision if precision == "float32" else f"mixed_{precision}"
            )
            model = make_model(about["hparams"], about["vocab_size"])
            model.load_weights(pathlib.Path(folder) / WEIGHTS)
            translator = untrained_translator(model, about["vocab_size"], about["lengths"], search)
        translator.num_threads = threads
        super().__init__(translator)


class Networks(LinesOrTokens):
    """An export as `t2t_vq.runtime` runs it."""

    def __init__(self, folder):
        from t2t_vq import runtime

        super().__init__(runtime.load(folder))


class CTranslate2:
    """An autoregressive model in CTranslate2, as its documentation says.

    All threads work on one batch; where there are several, each thread has batches of its own.
    """

    def __init__(self, folder, about, precision, beam_size, threads):
        import ctranslate2
        import sentencepiece

        self._pieces = sentencepiece.SentencePieceProcessor(
            model_file=str(folder / "sentencepiece.model")
        )
        self._lengths = {int(n): most for n, most in about.get("target_lengths", {}).items()}
        self._beam_size = beam_size

        @functools.cache
        def opened(num_batches):
            return ctranslate2.Translator(
                str(folder),
                compute_type=precision,
                inter_threads=num_batches,
                intra_threads=threads // num_batches,
            )

        self._opened, self._threads = opened, threads
        opened(1)

    def prepared(self, sources):
        if isinstance(sources[0], str):
            return sources
        # The library adds the end of a sentence itself.
        return [self._pieces.id_to_piece(tokens[:-1]) for tokens in sources]

    def translate(self, sources, batch_size):
        if not isinstance(sources[0], str):
            return self._translate(sources, batch_size, len(sources[0]) + 1)
        most = max(self._lengths)
        pieces = [line[: most - 1] for line in self._pieces.encode(sources, out_type=str)]
        longest = max(map(len, pieces)) + 1
        limit = self._lengths[min(length for length in self._lengths if length >= longest)]
        return self._pieces.decode(self._translate(pieces, batch_size, limit))

    def _translate(self, pieces, batch_size, limit):
        translator = self._opened(1 if len(pieces) <= batch_size else self._threads)
        found = translator.translate_batch(
            pieces,
            beam_size=self._beam_size,
            length_penalty=0.6,
            max_batch_size=batch_size,
            max_decoding_length=limit,
        )
        return [result.hypotheses[0] for result in found]


if __name__ == "__main__":
    main()
