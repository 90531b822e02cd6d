#!/usr/bin/env python3
"""Times parallel decoding beside autoregressive decoding, each in the engines that run it.

    python scripts/benchmark_translation.py --size=base --results=speed.jsonl
    python scripts/benchmark_translation.py --size=tiny --lengths 16 --engines openvino-float32 \\
        ctranslate2-int8 --students "" --beam_sizes 1 --threads 1 --rounds 3 --starts 0
    python scripts/benchmark_translation.py --runs runs/teacher runs/deep runs/student
    python scripts/benchmark_translation.py --results=speed.jsonl --print

Needs what pip install "t2t-vq[bench,openvino,onnx]" installs.

Models that have learned nothing: how long a translation takes hangs on the shape of a model and the
number of tokens, not on what the weights have learned. So each model's end of a sentence is made
impossible, and all translate random sources of a length into exactly as many tokens, from lists of
tokens to lists of tokens: `transformer_SIZE` and `transformer_deep_SIZE`, greedily and with beams,
and `softem_nat_SIZE` with each set of overrides that --students names, greedily. XLA is what
`t2t-vq-decode` compiles, OpenVINO and ONNX Runtime what `t2t_vq.runtime` runs, and CTranslate2 runs
what `t2t_vq.export.ctranslate2` writes.

Each engine is a process for itself for each number of threads, held to as many processors. All rows
take turns: in a round each translates for --seconds, at most 20 times, after one call that is not
counted unless it takes longer by itself; in the next round again. Times are the median and the 95th
of 100 of all calls; ratios are medians over rounds, each between turns of one round. A row is shown
with the number of threads that it is fastest with. Many sentences are given to an engine at once,
to be translated in batches of --batch_sizes, larger ones for as long as they help: where they are
one batch all threads work on it, and where they are more each thread has batches of its own. All
models are in memory at the same time; leave some out where it is short.

Start is from the start of a new process to its first translation, and memory the most that this
process has had then, and after 64 sentences, pages of mapped files among it. The floor is the time
to read each weight once from memory, or to multiply with each as often as needed, whichever is
longer, at the rates that `translation_floor.py` measures here.

With --runs, trained models translate the test text of their problem from lines to lines, so that
making tokens and joining them is in the time. It is of the first --sentences lines alone, and of
all lines in batches; BLEU and chrF stand beside it. `plot_translation.py` draws them.

Every measurement is a line of JSON at the end of --results, with machine, versions, commit and
date; --print shows what is there as tables.
"""

import argparse
import contextlib
import datetime
import functools
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from experiments import append_row, read_rows
from provenance import provenance
from translation_floor import floor_ms
from translation_rows import (
    DEFAULT_ENGINES,
    ENGINES,
    STUDENTS,
    check_lengths,
    models_of,
    rows_of,
)
from translation_tables import rate, tables
from translation_turns import Turns, Worker, key_of

from t2t_vq import processors
from t2t_vq import run as runs
from t2t_vq.data.tokenizer import EOS_ID, UNK_ID
from t2t_vq.metrics.bleu import bleu, chrf

SCRIPTS = pathlib.Path(__file__).parent
SIZES = ("tiny", "small", "base", "big")
PACKAGES = ["tensorflow", "keras", "openvino", "nncf", "onnxruntime", "ctranslate2", "sacrebleu"]
# Sentences that a user may have at once.
MANY = 64
# Most calls that a turn takes.
CALLS = 20


def main():
    arguments = parsed_arguments()
    results = pathlib.Path(arguments.results)
    if arguments.print:
        print(tables(read_rows(results)))
        return
    about = provenance(PACKAGES)
    about["date"] = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")

    def record(kind, **measured):
        append_row(results, {"kind": kind, **measured, **about})

    compare = compare_runs if arguments.runs else compare_shapes
    with contextlib.ExitStack() as stack:
        folder = arguments.work_dir or stack.enter_context(tempfile.TemporaryDirectory())
        compare(arguments, pathlib.Path(folder), record)
    print(tables([row for row in read_rows(results) if row["date"] == about["date"]]))


def parsed_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add, numbers = parser.add_argument, {"nargs": "+", "type": int}
    usable = processors.usable()
    add("--results", default="translation_speed.jsonl", help="file of lines of JSON")
    add("--print", action="store_true", help="only print the tables of what is there")
    add("--size", default="small", choices=SIZES, help="of the sets")
    add("--students", nargs="*", default=STUDENTS, help="overrides of softem_nat_SIZE")
    add("--runs", nargs="+", help="folders of trained models instead")
    add("--engines", nargs="+", default=DEFAULT_ENGINES, choices=ENGINES)
    add("--beam_sizes", **numbers, default=[1, 4], choices=[1, 4], help="of autoregressive models")
    threads = sorted({1, usable})
    add("--threads", **numbers, default=threads, help="by default one, and as many as processors")
    add("--lengths", **numbers, default=[16, 32, 64], help="tokens of source and target")
    add("--batch_lengths", **numbers, help="the same of many sentences; by default --lengths")
    add("--batch_sizes", **numbers, default=[16, 32, 64, 128])
    add("--vocab_size", type=int, help="by default 32,000 from base on, 8,000 below")
    add("--sentences", type=int, default=100, help="of --runs, that are translated alone")
    add("--rounds", type=int, default=10, help="of sentences alone")
    add("--batch_rounds", type=int, default=3, help="of many sentences; 0 leaves them out")
    add("--seconds", type=float, default=0.3, help="of a turn")
    add("--starts", type=int, default=3, help="of processes; 0 leaves start and memory out")
    add("--work_dir", help="keeps the models as they are written for each engine")
    arguments = parser.parse_args()
    if not 1 <= min(arguments.threads) <= max(arguments.threads) <= usable:
        parser.error(f"There are {usable} processors. Give --threads from 1 to {usable}.")
    return arguments


def compare_shapes(arguments, folder, record):
    """Compares models that have learned nothing."""
    names = models_of(arguments.size, arguments.students)
    check_lengths(arguments.lengths, names)
    vocab_size = arguments.vocab_size
    if vocab_size is None:
        vocab_size = 32_000 if arguments.size in ("base", "big") else 8_000
    record = functools.partial(record, size=arguments.size, vocab_size=vocab_size)
    models = write_models(arguments, folder, dict.fromkeys(names), vocab_size)
    floors = {threads: measured_floor(threads) for threads in arguments.threads}
    for threads, measured in floors.items():
        record("floor", threads=threads, **measured)
    with Turns(asked_rows(arguments, models), folder) as turns:
        for length in arguments.lengths:
            rounds = [[random_sources(length, vocab_size, 1)]] * arguments.rounds
            limits = {"calls": CALLS, "seconds": arguments.seconds, "num_tokens": length}
            for row, found in turns.times(turns.rows, rounds, 1, **limits).items():
                floor = floor_of(models[row.model], row, length, floors[row.threads])
                shape = {"length": length, "sentences": 1, "batch_size": 1}
                record("time", **row._asdict(), **shape, floor_ms=floor, ms=found)
        opened = turns.rows
    # Opened anew, as what one sentence needs and what many need may not fit into memory together.
    with Turns(opened if arguments.batch_rounds else [], folder) as turns:
        for length in arguments.batch_lengths or arguments.lengths:
            sources_of = functools.partial(random_sources, length, vocab_size)
            record_length = functools.partial(record, length=length)
            time_many(turns, arguments, sources_of, record_length, num_tokens=length)
    length = arguments.lengths[len(arguments.lengths) // 2]
    sources = random_sources(length, vocab_size, MANY)
    record = functools.partial(record, length=length)
    time_starts(arguments, opened, models, folder, sources, record)


def compare_runs(arguments, folder, record):
    """Compares trained models, on the test text of their problem."""
    paths = {path.name: path for path in map(pathlib.Path, arguments.runs)}
    if len(paths) < len(arguments.runs):
        sys.exit("Two of --runs have the same name. Give folders of different names.")
    sources, references = test_text(paths)
    models = write_models(arguments, folder, {name: str(path) for name, path in paths.items()})
    with Turns(asked_rows(arguments, models), folder) as turns:
        alone = [[line] for line in sources[: arguments.sentences]]
        size = -(-len(alone) // arguments.rounds)
        rounds = [alone[i : i + size] for i in range(0, len(alone), size)]
        for row, found in turns.times(turns.rows, rounds, 1).items():
            record("time", **row._asdict(), sentences=1, batch_size=1, ms=found)
        opened = turns.rows
    with Turns(opened, folder) as turns:
        for row in most_threads(opened):
            lines = turns.ask("translate", row, sources=sources, batch_size=MANY)
            score = {"bleu": bleu(lines, references).score, "chrf": chrf(lines, references).score}
            record("score", **row._asdict(), sentences=len(lines), **score)
        if arguments.batch_rounds:
            time_many(turns, arguments, lambda number: sources, record)
    time_starts(arguments, opened, models, folder, sources[:MANY], record)


def test_text(paths):
    """Returns the test text of runs, sources and references.

    Args:
        paths: dict of names to folders of runs.

    Raises:
        SystemExit: when they have different ones.
    """
    texts = {}
    for name, path in paths.items():
        run = runs.load(path, "translation")
        texts[name] = run.make_problem().text(run.data_dir, "test")
    first, *others = texts
    for name in others:
        if texts[name] != texts[first]:
            sys.exit(f"{name} has another test text than {first}. Give --runs of the same text.")
    return tuple(map(list, texts[first]))


def write_models(arguments, folder, models, vocab_size=None):
    """Writes models for each engine, and returns what there is to know of each, by name.

    Args:
        arguments: of the command line.
        folder: to write to.
        models: dict of names to folders of runs, or to None for models that have learned nothing.
        vocab_size: of the latter.
    """
    asked = {
        "models": models,
        "vocab_size": vocab_size,
        "lengths": arguments.lengths,
        "engines": arguments.engines,
        "folder": str(folder),
    }
    command = [sys.executable, str(SCRIPTS / "translation_models.py"), json.dumps(asked)]
    subprocess.run(command, check=True)
    return {name: json.loads((folder / name / "about.json").read_text()) for name in models}


def asked_rows(arguments, models):
    """Returns the rows that a command line asks for, of models that `write_models` wrote."""
    is_parallel = {name: about["is_parallel"] for name, about in models.items()}
    return rows_of(is_parallel, arguments.engines, arguments.beam_sizes, arguments.threads)


def measured_floor(threads):
    """Returns what `translation_floor.py` measures."""
    command = [sys.executable, str(SCRIPTS / "translation_floor.py"), str(threads)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def floor_of(model, row, length, measured):
    """Returns the smallest time in ms that a row can take for a sentence.

    Args:
        model: what there is to know of it.
        row: a `Row`.
        length: tokens of source and translation each.
        measured: of `measured_floor`, with as many threads.
    """
    operations = model["operations"][str(length)][str(row.beam_size)]
    return floor_ms(model["weights"], operations, row.engine.partition("-")[2], measured)


def random_sources(length, vocab_size, number):
    """Returns `number` lists of `length` tokens, which end as sentences do."""
    tokens = np.random.default_rng(0).integers(UNK_ID + 1, vocab_size, (number, length))
    tokens[:, -1] = EOS_ID
    return tokens.tolist()


def time_many(turns, arguments, sources_of, record, **limits):
    """Measures many sentences, in larger batches for as long as a row gains by them.

    Args:
        turns: the `Turns`.
        arguments: of the command line.
        sources_of: function from a number of sources to sources.
        record: function that keeps a measurement.
        **limits: of `Turns.times`.
    """
    rows, rates = turns.rows, {}
    for batch_size in sorted(arguments.batch_sizes):
        # No thread is to be without a batch, but a user with few sentences has no more.
        number = MANY if batch_size <= MANY else batch_size * max(arguments.threads)
        request = sources_of(number)
        rounds = [[request]] * arguments.batch_rounds
        limits = {**limits, "calls": CALLS, "seconds": arguments.seconds}
        gaining = []
        for row, found in turns.times(rows, rounds, batch_size, **limits).items():
            measured = {"sentences": len(request), "batch_size": batch_size, "ms": found}
            record("time", **row._asdict(), **measured)
            if rate(measured) >= rates.get(row, 0.0):
                rates[row] = rate(measured)
                gaining.append(row)
        rows = gaining


def time_starts(arguments, rows, models, folder, sources, record):
    """Measures start, memory and files of rows, with the most threads.

    Args:
        arguments: of the command line.
        rows: list of `Row`.
        models: what there is to know of each, by name.
        folder: that they are in.
        sources: one is translated for the start, all for the memory.
        record: function that keeps a measurement.
    """
    for row in most_threads(rows) if arguments.starts else []:
        found = {"start_s": [], "memory": []}
        for number in range(arguments.starts):
            with Worker(row.threads) as worker:
                worker.open(row, folder)
                worker.ask("translate", key=key_of(row), sources=sources[:1], batch_size=1)
                found["start_s"].append(round(worker.age, 3))
                found["memory"].append(worker.ask("memory"))
                if number == 0:
                    size = max(1, MANY // row.threads)
                    worker.ask("translate", key=key_of(row), sources=sources, batch_size=size)
                    found["memory_many"] = worker.ask("memory")
        disk = models[row.model]["disk"][row.engine]
        record("process", **row._asdict(), disk=disk, **found)


def most_threads(rows):
    """Returns those rows that have the most threads."""
    most = max((row.threads for row in rows), default=0)
    return [row for row in rows if row.threads == most]


if __name__ == "__main__":
    main()
