"""The lines that benchmark_translation.py writes, as Markdown tables."""

import itertools
import statistics
import typing

import numpy as np
from experiments import markdown, sized
from translation_rows import NETWORKS, shown

_KINDS = ("time", "score", "process")
_XLA, _INT8 = "xla-float32", "ctranslate2-int8"
_PAPER, _SHALLOW = sized("softem_nat", "base"), "softem_nat,predictor_layers=1"


class _Target(typing.NamedTuple):
    """How many times as fast one exported model is to be as another, greedy, by length."""

    model: str
    other: str
    engine: str
    sentences: int
    wanted: dict


_TARGETS = (
    _Target(_PAPER, "transformer_base", _XLA, 1, {16: 12, 32: 16}),
    _Target(_SHALLOW, "transformer_base", _XLA, 1, {16: 25, 32: 35}),
    _Target(_SHALLOW, "transformer_base", _INT8, 1, {16: 6, 32: 9}),
    _Target(_SHALLOW, "transformer_deep_base", _INT8, 1, {16: 4, 32: 6}),
    _Target("softem_nat_small", "transformer_small", _INT8, 1, {16: 2.5, 32: 4}),
    _Target("softem_nat_small", "transformer_small", _INT8, 64, {16: 2, 32: 2}),
)


def tables(lines):
    """Returns the tables of all comparisons, one after the other.

    Args:
        lines: the measurements, dictionaries.
    """
    return "\n\n".join(
        _comparison([line for line in lines if line["date"] == date])
        for date in dict.fromkeys(line["date"] for line in lines)
    )


def _comparison(lines):
    first = lines[0]
    about = [first[name] for name in ("machine", "versions", "commit", "date")]
    times = [line for line in lines if line["kind"] == "time"]
    if any(line["kind"] == "score" for line in lines):
        parts = [_texts(lines)]
    else:
        about.append(f"{first['size']}, {first['vocab_size']:,} pieces")
        parts = [_alone(times), _by_threads(times), _many(times), _processes(lines)]
        parts.append(_ratios(times))
    return "\n\n".join(["; ".join(about), *filter(None, parts)])


def p50(line):
    """Returns the median of a measurement's times in ms."""
    return statistics.median(itertools.chain(*line["ms"]))


def p95(line):
    """Returns the time in ms that 95 of 100 do not exceed."""
    return float(np.percentile(list(itertools.chain(*line["ms"])), 95))


def rate(line):
    """Returns sentences a second."""
    return 1e3 * line["sentences"] / p50(line)


def ratio(slow, fast):
    """Returns how many times as fast the second is, the median over what was measured in turn."""
    rounds = zip(slow["ms"], fast["ms"], strict=True)
    return statistics.median(statistics.median(a) / statistics.median(b) for a, b in rounds)


def best(lines, value=p50, **wanted):
    """Returns the measurement of least value among those with the wanted fields, or None."""
    found = [line for line in lines if wanted.items() <= line.items()]
    return min(found, key=value, default=None)


def _rows(lines):
    """Returns the models in their engines with their searches, those of a model together."""
    rows = [{name: line[name] for name in ("model", "engine", "beam_size")} for line in lines]
    rows = [row for i, row in enumerate(rows) if row not in rows[:i]]
    models = list(dict.fromkeys(row["model"] for row in rows))
    return sorted(rows, key=lambda row: models.index(row["model"]))


def _named(row):
    """Returns the first cells of a row."""
    search = "greedy" if row["beam_size"] == 1 else f"beam {row['beam_size']}"
    return [f"`{row['model']}`", shown(row["engine"]), search]


_NAMES = ["model", "engine", "search"]


def _lengths(lines):
    return sorted({line["length"] for line in lines})


def _alone(times):
    """One sentence: median and 95th percentile, with the best number of threads, and the floor."""
    alone = [line for line in times if line["sentences"] == 1]
    lengths, table = _lengths(alone), []
    for row in _rows(alone):
        cells = _named(row)
        for length in lengths:
            line = best(alone, **row, length=length)
            cells += [line and _latency(line), line and f"{line['floor_ms']:.2f}"]
        table.append(cells)
    columns = ([f"{length} tokens, ms (threads)", "floor"] for length in lengths)
    return markdown([*_NAMES, *itertools.chain(*columns)], table)


def _latency(line):
    return f"{p50(line):.2f} / {p95(line):.2f} ({line['threads']})"


def _by_threads(times):
    """One sentence: the median with each number of threads."""
    alone = [line for line in times if line["sentences"] == 1]
    threads = sorted({line["threads"] for line in alone})
    shapes = [(length, count) for length in _lengths(alone) for count in threads]
    table = []
    for row in _rows(alone):
        found = [best(alone, **row, length=length, threads=count) for length, count in shapes]
        table.append([*_named(row), *(line and f"{p50(line):.2f}" for line in found)])
    head = [*_NAMES, *(f"{length} tokens, {count} thr., ms" for length, count in shapes)]
    return markdown(head, table) if len(threads) > 1 else None


def _many(times):
    """Many sentences: what 64 at once give a second, and what the best batch does."""
    many = [line for line in times if line["sentences"] > 1]
    lengths, table = _lengths(many), []
    for row in _rows(many):
        cells = _named(row)
        for length in lengths:
            together = best(many, **row, length=length, sentences=64)
            fastest = best(many, lambda line: -rate(line), **row, length=length)
            cells += [together and f"{p50(together):.1f}", _throughput(together)]
            cells.append(_throughput(fastest))
        table.append(cells)
    columns = (
        [f"64 x {length} tokens, ms", "sentences/s (batch, threads)", "best"] for length in lengths
    )
    return markdown([*_NAMES, *itertools.chain(*columns)], table) if many else None


def _throughput(line):
    return line and f"{rate(line):.1f} ({line['batch_size']}, {line['threads']})"


def _processes(lines):
    """Start, memory and files."""
    processes = [line for line in lines if line["kind"] == "process"]
    table = [[*_named(row), *_process(processes, row)] for row in _rows(processes)]
    return markdown([*_NAMES, *_PROCESS], table) if table else None


_PROCESS = ["start, s", "memory, MB", "after 64 sentences", "on disk, MB"]


def _process(processes, row):
    line = _only(processes, row)
    if line is None:
        return [None] * len(_PROCESS)
    memory = statistics.median(line["memory"])
    sizes = (f"{size / 1e6:.0f}" for size in (memory, line["memory_many"], line["disk"]))
    return [f"{statistics.median(line['start_s']):.2f}", *sizes]


def _only(lines, row):
    """Returns the measurement of a row, or None."""
    return next((line for line in lines if row.items() <= line.items()), None)


def _ratios(times):
    """What the fastest export is against what a user would pick instead."""
    lengths, table = _lengths(times), []
    for target in _TARGETS:
        cells = [_ratio(times, target, length) for length in lengths]
        if any(cells):
            against = f"`{target.other}`, {shown(target.engine)}"
            names = [f"`{target.model}`", target.sentences, against]
            wanted = ", ".join(f"{least} x at {length}" for length, least in target.wanted.items())
            table.append([*names, *cells, wanted])
    head = ["fastest export", "sentences", "against", *(f"{n} tokens" for n in lengths)]
    return markdown([*head, "to reach"], table) if table else None


def _ratio(times, target, length):
    shape = {"length": length, "sentences": target.sentences, "beam_size": 1}
    ours = [line for line in times if line["engine"] in NETWORKS]
    fast = best(ours, model=target.model, **shape)
    slow = best(times, model=target.other, engine=target.engine, **shape)
    if fast and slow:
        return f"{ratio(slow, fast):.1f} x ({shown(fast['engine'])}, {fast['threads']} thr.)"
    return None


def _texts(lines):
    """Trained models, from text to text."""
    kinds = {kind: [line for line in lines if line["kind"] == kind] for kind in _KINDS}
    alone = [line for line in kinds["time"] if line["sentences"] == 1]
    many = [line for line in kinds["time"] if line["sentences"] > 1]
    baseline = best(alone, model=alone[0]["model"], engine=_INT8, beam_size=1)
    table = []
    for row in _rows(alone):
        line, score = best(alone, **row), _only(kinds["score"], row)
        cells = [
            *(f"{score[name]:.1f}" for name in ("bleu", "chrf")),
            _latency(line),
            baseline and f"{ratio(baseline, line):.1f} x",
            _throughput(best(many, lambda each: -rate(each), **row)),
        ]
        table.append([*_named(row), *cells, *_process(kinds["process"], row)])
    against = f"against `{alone[0]['model']}`, {shown(_INT8)}, greedy"
    columns = ["BLEU", "chrF", "ms (threads)", against, "sentences/s (batch, threads)"]
    return markdown([*_NAMES, *columns, *_PROCESS], table)
