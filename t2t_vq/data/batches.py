"""Batches of sentence pairs of similar length, padded to few static shapes.

The ids of a corpus are held in memory, two bytes each while the vocabulary has at most 65,536
pieces: about 0.6 GB for WMT'14. So an epoch is a full permutation, and its batches are a pure
function of (seed, epoch).
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from absl import logging

from t2t_vq.data import corpus_files, manifests, pipeline, records
from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath

if TYPE_CHECKING:
    import tensorflow as tf

_STEP = 8


def choose_buckets(histogram: Sequence[int], max_length: int, num_buckets: int) -> tuple[int, ...]:
    """Chooses the lengths to pad to so that padding is least.

    Args:
        histogram: `histogram[n]` pairs have n tokens on their longer side.
        max_length: longer pairs do not count.
        num_buckets: most lengths to choose.

    Returns:
        A tuple of increasing multiples of 8; the last holds every pair that counts.
    """
    counts = np.zeros(-(-max_length // _STEP) * _STEP + 1, np.int64)
    kept = np.asarray(histogram)[: max_length + 1]
    counts[: len(kept)] = kept
    # in_step[i]: pairs that fit a length of 8 * (i + 1), and no shorter one.
    in_step = counts[1:].reshape(-1, _STEP).sum(axis=1)
    in_step[0] += counts[0]
    used = np.flatnonzero(in_step)
    steps = int(used[-1]) + 1 if len(used) else 1
    pairs_up_to = np.concatenate([[0], np.cumsum(in_step[:steps])])
    # cost[b][j]: least padded tokens of the pairs in the first j steps, in at most b buckets.
    cost = [[0.0] + [np.inf] * steps]
    start = []
    for _ in range(num_buckets):
        options = [
            [cost[-1][i] + (pairs_up_to[j] - pairs_up_to[i]) * _STEP * j for i in range(j)]
            for j in range(1, steps + 1)
        ]
        start.append([0, *(int(np.argmin(row)) for row in options)])
        cost.append([0.0, *(min(row) for row in options)])
    buckets, end = [], steps
    for b in reversed(range(num_buckets)):
        if end:
            buckets.append(_STEP * end)
            end = start[b][end]
    return tuple(reversed(buckets))


def rows_in(length: int, batch_tokens: int, batch_multiple: int = 1) -> int:
    """Returns the rows of a batch padded to `length`: a multiple of `batch_multiple`, never 0."""
    rows = max(1, batch_tokens // length)
    return max(1, rows // batch_multiple) * batch_multiple


class Plan(typing.NamedTuple):
    """Which pairs are in which batch.

    Attributes:
        rows: numbers of the pairs, batch after batch; -1 is an empty row.
        starts: `[batches + 1]`; batch i has `rows[starts[i]:starts[i + 1]]`.
        lengths: `[batches]`, the length that each batch is padded to.
    """

    rows: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray


def plan(
    lengths: np.ndarray,
    buckets: Sequence[int],
    batch_tokens: int,
    batch_multiple: int = 1,
    rng: np.random.Generator | None = None,
    max_length: int | None = None,
) -> Plan:
    """Deals pairs out into batches.

    Args:
        lengths: `[pairs]`, tokens on the longer side of each pair.
        buckets: increasing lengths; a pair longer than the last is in no batch.
        batch_tokens: padded tokens of one side in a batch.
        batch_multiple: the number of rows is a multiple of this.
        rng: `numpy.random.Generator` that shuffles pairs and batches; None keeps the order.
        max_length: a longer pair is in no batch either; by default all that a bucket holds are.

    Returns:
        A `Plan`. Every pair that fits is in exactly one batch; the last batch of a bucket is
        filled up with empty rows.
    """
    order = np.arange(len(lengths)) if rng is None else rng.permutation(len(lengths))
    if max_length is not None:
        order = order[lengths[order] <= max_length]
    bucket_of = np.searchsorted(buckets, lengths[order])
    batches, padded = [], []
    for i, length in enumerate(buckets):
        rows = rows_in(length, batch_tokens, batch_multiple)
        pairs = order[bucket_of == i]
        pairs = np.concatenate([pairs, np.full(-len(pairs) % rows, -1)])
        batches += list(pairs.reshape(-1, rows))
        padded += [length] * (len(pairs) // rows)
    turn = np.arange(len(batches)) if rng is None else rng.permutation(len(batches))
    batches = [batches[i] for i in turn]
    return Plan(
        rows=np.concatenate([np.zeros(0, np.int64), *batches]),
        starts=np.cumsum([0, *map(len, batches)]),
        lengths=np.asarray(padded, np.int64)[turn],
    )


def epoch(
    data_dir: StrPath,
    name: str,
    split: str,
    *,
    buckets: Sequence[int],
    max_length: int,
    batch_tokens: int,
    batch_multiple: int = 1,
    rng: np.random.Generator | None = None,
) -> tf.data.Dataset:
    """Returns the batches of one pass over a split.

    The dataset has a known cardinality, and `.skip(n)` goes on where a killed run stopped.

    Args:
        data_dir: the folder of the prepared corpus.
        name: the corpus' name.
        split: "train" or "dev".
        buckets, max_length, batch_tokens, batch_multiple, rng: see `plan`.

    Returns:
        A `tf.data.Dataset` of `{"source", "target"}`, both `[rows, length]` int32, where length
        is one of `buckets`, padded with 0; without `rng`, pairs that are longer and still fit
        `max_length` have one of their own.

    Raises:
        ValueError: when no pair is short enough, or a record file is damaged.
    """
    import tensorflow as tf

    source, target = corpus(data_dir, name, split)
    lengths = np.maximum(source.lengths, target.lengths)
    if rng is None:
        buckets = _with_all_that_fit(buckets, lengths, max_length)
    longest = min(buckets[-1], max_length)
    dropped = int(np.sum(lengths > longest))
    if dropped == len(lengths):
        raise InvalidError(_all_too_long(name, split, lengths, max_length))
    _log_dropped(str(data_dir), name, split, longest, dropped, len(lengths))
    batches = plan(lengths, buckets, batch_tokens, batch_multiple, rng, max_length)
    # Constants of the graph would be limited to two gigabytes; captured tensors are not. They stay
    # with the input pipeline, on the CPU.
    with tf.device("CPU:0"):
        rows, starts, padded = (tf.convert_to_tensor(part) for part in batches)
        sides = {
            side: (tf.convert_to_tensor(ids), tf.convert_to_tensor(begins))
            for side, (ids, begins) in (("source", source), ("target", target))
        }

    def assemble(i):
        pairs, length = rows[starts[i] : starts[i + 1]], padded[i]
        return {side: _pad(*sides[side], pairs, length) for side in sides}

    return pipeline.numbered(assemble, len(batches.lengths))


def _with_all_that_fit(buckets, lengths, max_length):
    """Returns buckets with one more where some pairs are longer than any that is trained on."""
    longest = int(np.max(lengths, initial=0, where=lengths <= max_length))
    return buckets if longest <= buckets[-1] else (*buckets, -(-longest // _STEP) * _STEP)


def _all_too_long(name, split, lengths, max_length):
    return (
        f"All {len(lengths):,} {split} pairs of {name} are longer than {max_length} tokens, so "
        f"that there is no batch. Choose max_length={int(np.min(lengths))} or more; with "
        f"max_length={int(np.max(lengths))} all are used."
    )


def _pad(ids, starts, pairs, length):
    """Gathers sentences: `[rows]` numbers to `[rows, length]` int32, zeros after the end."""
    import tensorflow as tf

    # An empty row, -1, begins and ends where the first sentence begins.
    begin = tf.gather(starts, tf.maximum(pairs, 0))[:, None]
    end = tf.gather(starts, pairs + 1)[:, None]
    place = begin + tf.range(length)[None, :]
    inside = place < end
    found = tf.gather(ids, tf.where(inside, place, 0))
    return tf.where(inside, tf.cast(found, tf.int32), 0)


def corpus(data_dir: StrPath, name: str, split: str) -> tuple[records.Sentences, records.Sentences]:
    """Returns the token ids of a split: `(source, target)`, two `records.Sentences`.

    Args:
        data_dir: the folder of the prepared corpus.
        name: the corpus' name.
        split: "train" or "dev".

    Raises:
        ValueError: when a record file is missing, damaged or cut short; names it.
    """
    modified = manifests.path(data_dir, name).stat().st_mtime_ns
    return _read_corpus(str(data_dir), name, split, modified)


# Training and validation of one problem; the time tells a corpus that was prepared again.
@functools.lru_cache(maxsize=2)
def _read_corpus(data_dir, name, split, modified):
    manifest = manifests.read(manifests.path(data_dir, name), manifests.TRANSLATION)
    about = manifest["splits"][split]
    paths = corpus_files.shard_paths(data_dir, name, split, about["shards"])
    return records.read_records(
        paths, manifest["vocab_size"], about.get("shard_pairs"), manifest.get("files")
    )


@functools.cache
def _log_dropped(data_dir, name, split, length, dropped, total):
    if dropped:
        logging.warning(
            "%s %s: %s of %s pairs are longer than %d tokens and left out of batches.",
            *(name, split, f"{dropped:,}", f"{total:,}", length),
        )
