"""Prepares a parallel corpus: clean text, vocabulary, records and a manifest.

An interrupted run goes on where it stopped: every file is written in one piece, and
`NAME.partial.json` notes what is done until `NAME.json`, the manifest, takes its place.
"""

import itertools
import math
import pathlib
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from absl import logging

from t2t_vq import atomic, processors
from t2t_vq.data import corpus_files, integrity, manifests, sources, text_files, workers
from t2t_vq.data.lines import single_spaced
from t2t_vq.data.tokenizer import Tokenizer, train_vocabulary
from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath
from t2t_vq.progress import Progress

MAX_LENGTH = 256
_SHARD_PAIRS = 50_000
# A vocabulary of 32,000 pieces hardly changes with more text, and training it takes a minute.
_VOCAB_PAIRS = 250_000
# Starting a process costs about five seconds of one core, tokenising 100,000 pairs about two.
_PAIRS_PER_WORKER = 200_000


def generate(
    data_dir: StrPath,
    name: str,
    *,
    source: Any,
    splits: Sequence[str],
    read_pairs: Callable[[str, text_files.Report], Iterable[tuple[str, str]]],
    vocab_size: Callable[[int], int],
    num_workers: int | None = None,
) -> dict[str, Any]:
    """Writes the files that `t2t_vq.data.corpus_files` describes.

    Args:
        data_dir: the folder to write to.
        name: what the files are called.
        source: what the text is made from, as plain values; kept in the manifest.
        splits: the splits that there are, of "train", "dev" and "test".
        read_pairs: function of a split and a `text_files.Report` to an iterator over good
            pairs of sentences; gives the same pairs each time. What it does not note in the
            report is counted all the same. Blanks of every kind become one space, with none at the
            ends, and pairs with an empty side are left out.
        vocab_size: function of the number of training pairs to the vocabulary's size.
        num_workers: processes that tokenise; by default one a processor, fewer for a small corpus.

    Returns:
        The manifest, a dictionary.

    Raises:
        OSError: when the folder cannot be written to.
        ValueError: when a split is mostly bad or holds what is no pair of sentences, the source is
            nothing that a manifest holds, or files that are there are of another source.
    """
    if not {"train", "dev"} <= set(splits) <= set(text_files.SPLITS):
        raise InvalidError(
            f"{name} has the splits {', '.join(splits)}. There must be train and dev, and there "
            "may be test."
        )
    atomic.check_writable(data_dir, "--data_dir")
    data_dir = pathlib.Path(data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    state = _state(data_dir, name, sources.as_noted(source))

    def save():
        manifests.write(manifests.partial_path(data_dir, name), state)

    def read(split, report):
        report.where = (f"{name} {split}", None)
        return _checked(name, split, read_pairs(split, report), report)

    path = manifests.path(data_dir, name)
    if path.exists():
        # Other files have gone missing, and until they are back it is untrue.
        save()
        path.unlink()
    for split in splits:
        if split != "train" and split not in state["splits"]:
            state["splits"][split] = _prepare_text(data_dir, name, split, read)
            _note(state, corpus_files.text_path(data_dir, name, split))
            save()
    if "vocab_size" not in state:
        state["splits"]["train"], state["vocab_size"] = _prepare_vocabulary(
            data_dir, name, read, vocab_size
        )
        _note(state, corpus_files.vocab_path(data_dir, name))
        save()
    _write_train(data_dir, name, read, state, save, num_workers)
    _write_dev(data_dir, name, state)
    manifest = _manifest(state)
    text_files.Report.from_dict(manifest["splits"]["train"]["report"]).check("The train text")
    log_reports(manifest)
    manifest = manifests.write(path, manifest)
    manifests.partial_path(data_dir, name).unlink(missing_ok=True)
    return manifest


def _state(data_dir, name, source):
    """Returns what an interrupted run has noted, or a new state."""
    path = manifests.path(data_dir, name)
    if manifest := manifests.read(path, manifests.TRANSLATION):
        sources.check_source(path, manifest["source"], source)
    new = {"name": name, "source": source, "splits": {}, "shards": {}, "files": {}}
    path = manifests.partial_path(data_dir, name)
    state = manifests.read(path, manifests.TRANSLATION_PARTIAL)
    if state is None:
        return new
    sources.check_source(path, state["source"], source)
    if "files" not in state:
        logging.info("%s is prepared from its start: %s is of an earlier version.", name, path)
        return new
    paths = [path.with_name(file) for file in state["files"]]
    paths += [
        corpus_files.text_path(data_dir, name, split)
        for split in state["splits"]
        if split != "train"
    ]
    if "vocab_size" in state:
        paths.append(corpus_files.vocab_path(data_dir, name))
    try:
        integrity.check_files(paths, state["files"])
    except ValueError:
        # What was made of them before could not be told from what is made of them now.
        logging.info("%s is prepared from its start: files that %s notes have changed.", name, path)
        return new
    return state


def _note(state, path):
    state["files"].update(integrity.fingerprints([path]))


def _checked(name, split, pairs, report):
    """Yields the pairs of a reader, single-spaced as what is translated later, without empty ones.

    Counts what the reader did not, and refuses what cannot be written.
    """
    place, number, empty = f"{name} {split}", 0, 0
    sources.check_reader(place, pairs, "pairs")
    for number, pair in enumerate(pairs, 1):
        is_clean = _is_clean(pair)
        if not (is_clean or _is_pair(pair)):
            raise InvalidError(
                f"{place}, pair {number:,}: {pair!r:.60} is not two strings, one of each "
                "language, without tabs, line ends and surrogates. The problem's `pairs` must give "
                "such pairs."
            )
        if report.total < number:
            report.see_at_least(number - empty, place)
        if not is_clean:
            pair = tuple(map(single_spaced, pair))
        if all(pair):
            yield pair
        else:
            empty += 1
            report.add("empty sentence", "\t".join(pair))
    report.see_at_least(number - empty, place)


def _is_clean(pair):
    """Returns whether a pair can be taken as it is: quickly, as those of our own readers can.

    Surrogates are not printable, and of all blanks the space alone is.
    """
    if not isinstance(pair, tuple) or len(pair) != 2:
        return False
    try:
        line = " ".join(("", *pair, ""))
    except TypeError:
        return False
    return line.isprintable() and "  " not in line


def _is_pair(pair):
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        return False
    try:
        line = "\t".join(pair).encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return line.count(b"\t") == 1 and b"\n" not in line and b"\r" not in line


def _prepare_text(data_dir, name, split, read_pairs):
    report = text_files.Report()
    pairs = list(read_pairs(split, report))
    report.check(f"The {split} text", len(pairs))
    corpus_files.write_text(corpus_files.text_path(data_dir, name, split), pairs)
    return {"pairs": len(pairs), "report": report.to_dict()}


def _prepare_vocabulary(data_dir, name, read_pairs, vocab_size):
    report = text_files.Report()
    progress = Progress("Reading the training text, pairs")
    count, sample = 0, []
    draw = random.Random(0).randrange
    for pair in read_pairs("train", report):
        # Every pair is equally likely to be in the sample (Vitter 1985, algorithm R).
        place = count if count < _VOCAB_PAIRS else draw(count + 1)
        if place < _VOCAB_PAIRS:
            sample[place : place + 1] = [pair]
        count += 1
        progress.add()
    progress.finish()
    report.check("The train text", count)
    progress = Progress("Training the vocabulary, sentences", 2 * len(sample))
    model = train_vocabulary(itertools.chain.from_iterable(sample), vocab_size(count))
    progress.add(2 * len(sample))
    progress.finish()
    atomic.write_bytes(corpus_files.vocab_path(data_dir, name), model)
    return {"pairs": count, "report": report.to_dict()}, Tokenizer(model).vocab_size


def _write_train(data_dir, name, read_pairs, state, save, num_workers):
    total = state["splits"]["train"]["pairs"]
    shards = math.ceil(total / _SHARD_PAIRS)
    paths = corpus_files.shard_paths(data_dir, name, "train", shards)
    state["splits"]["train"]["shards"] = shards
    if all(str(i) in state["shards"] for i in range(shards)):
        return
    if num_workers is None:
        num_workers = min(processors.usable(), total // _PAIRS_PER_WORKER)
    progress = Progress("Tokenising, pairs", total)
    stream = _with_places(read_pairs, "train")
    waiting = []

    def collect(most):
        while len(waiting) > most:
            i, chunk, future = waiting.pop(0)
            histogram, over_long = future.result()
            _note(state, paths[i])
            pairs, place = chunk[over_long[0]] if over_long else (None, None)
            state["shards"][str(i)] = {
                "histogram": histogram,
                "over_long": len(over_long),
                "first_over_long": place and [*place, pairs[0]],
            }
            save()
            progress.add(len(chunk))

    with workers.shard_writers(corpus_files.vocab_path(data_dir, name), num_workers) as submit:
        for i, path in enumerate(paths):
            size = (i + 1) * total // shards - i * total // shards
            chunk = list(itertools.islice(stream, size))
            if len(chunk) < size:
                raise InvalidError("The training text became shorter while it was read. Run again.")
            if str(i) in state["shards"]:
                progress.add(size)
                continue
            # One shard more than there are workers is read ahead; memory stays bounded.
            collect(max(num_workers, 1))
            waiting.append((i, chunk, submit(path, [pair for pair, _ in chunk], MAX_LENGTH)))
        collect(0)
    progress.finish()


def _with_places(read_pairs, split):
    report = text_files.Report()
    for pair in read_pairs(split, report):
        yield pair, report.where


def _write_dev(data_dir, name, state):
    sides = corpus_files.read_text(corpus_files.text_path(data_dir, name, "dev"), state["files"])
    (path,) = corpus_files.shard_paths(data_dir, name, "dev", 1)
    tokenizer = Tokenizer(corpus_files.vocab_path(data_dir, name))
    workers.write_shard(tokenizer, path, list(zip(*sides, strict=True)), None)
    state["splits"]["dev"].update(shards=1, shard_pairs=[len(sides[0])])
    _note(state, path)


def _manifest(state):
    """Returns the manifest: the state with what the shards tell added up."""
    shards = [state["shards"][str(i)] for i in range(state["splits"]["train"]["shards"])]
    report = text_files.Report.from_dict(state["splits"]["train"]["report"])
    histograms = [[0] * (MAX_LENGTH + 1), *(shard["histogram"] for shard in shards)]
    histogram = [sum(pairs) for pairs in itertools.zip_longest(*histograms, fillvalue=0)]
    for shard in shards:
        if shard["over_long"]:
            file, line, text = shard["first_over_long"]
            kind = f"longer than {MAX_LENGTH} tokens"
            report.add(kind, text, (file, line), shard["over_long"])
    train = {
        **state["splits"]["train"],
        "pairs": sum(histogram),
        "shard_pairs": [sum(shard["histogram"]) for shard in shards],
        "report": report.to_dict(),
        "histogram": histogram,
    }
    return {
        "name": state["name"],
        "source": state["source"],
        "vocab_size": state["vocab_size"],
        "splits": {**state["splits"], "train": train},
        "files": dict(sorted(state["files"].items())),
    }


def log_reports(manifest: dict[str, Any]) -> None:
    """Tells how many pairs each split has, and what was left out."""
    for split, about in manifest["splits"].items():
        logging.info("%s: %s pairs.", split, f"{about['pairs']:,}")
        for sentence in text_files.Report.from_dict(about["report"]).summary():
            logging.warning("%s: %s", split, sentence)
