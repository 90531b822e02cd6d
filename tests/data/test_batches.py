import itertools

import numpy as np
import pytest

from t2t_vq import atomic
from t2t_vq.data import batches, corpus_files, records
from t2t_vq.training.strategy import share


def padded(histogram, buckets):
    lengths = np.repeat(np.arange(len(histogram)), histogram)
    lengths = lengths[lengths <= buckets[-1]]
    return sum(min(b for b in buckets if b >= n) for n in lengths)


@pytest.mark.parametrize("num_buckets", [1, 2, 3, 4])
def test_buckets_are_the_best_of_all_choices(num_buckets):
    draw = np.random.default_rng(num_buckets)
    for _ in range(5):
        histogram = draw.integers(0, 9, 49) * draw.integers(0, 2, 49)
        histogram[41] = 1
        steps = range(8, 48, 8)
        choices = itertools.chain.from_iterable(
            itertools.combinations(steps, n) for n in range(num_buckets)
        )
        best = min(padded(histogram, (*choice, 48)) for choice in choices)
        buckets = batches.choose_buckets(histogram, 48, num_buckets)
        assert len(buckets) <= num_buckets
        assert all(b % 8 == 0 for b in buckets) and list(buckets) == sorted(set(buckets))
        assert padded(histogram, buckets) == best


def test_buckets_reach_to_the_longest_pair_and_no_further():
    histogram = [0] * 100
    histogram[3] = histogram[20] = 5
    assert batches.choose_buckets(histogram, 64, 2) == (8, 24)
    assert batches.choose_buckets(histogram, 64, 4)[-1] == 24
    assert batches.choose_buckets(histogram, 19, 2) == (8,)


def test_max_length_that_is_no_multiple_of_eight_keeps_its_pairs():
    histogram = [0] * 60
    histogram[50] = histogram[51] = 1
    assert batches.choose_buckets(histogram, 50, 1) == (56,)


def test_rows_follow_the_token_budget_and_the_multiple():
    assert batches.rows_in(24, 100) == 4
    assert batches.rows_in(24, 100, 3) == 3
    assert batches.rows_in(24, 10, 2) == 2


LENGTHS = np.asarray([3, 8, 9, 16, 17, 5, 6, 7, 10, 2])


def make_plan(seed=None):
    rng = None if seed is None else np.random.default_rng(seed)
    return batches.plan(LENGTHS, (8, 16), 32, 2, rng)


def test_every_pair_that_fits_is_in_one_batch_of_static_size():
    plan = make_plan(seed=1)
    assert sorted(plan.rows[plan.rows >= 0]) == [i for i, n in enumerate(LENGTHS) if n <= 16]
    for start, end, length in zip(plan.starts, plan.starts[1:], plan.lengths, strict=False):
        rows = plan.rows[start:end]
        assert len(rows) == {8: 4, 16: 2}[length]
        assert all(length - 8 < LENGTHS[i] <= length for i in rows if i >= 0)


def test_an_order_belongs_to_its_seed():
    for part, again in zip(make_plan(1), make_plan(1), strict=True):
        np.testing.assert_array_equal(part, again)
    assert not np.array_equal(make_plan(1).rows, make_plan(2).rows)


def test_no_generator_keeps_the_order():
    np.testing.assert_array_equal(make_plan().rows, [0, 1, 5, 6, 7, 9, -1, -1, 2, 3, 8, -1])


@pytest.fixture
def corpus(tf, tmp_path):
    sentences = [[*range(10 + i, 10 + i + n - 1), 1] for i, n in enumerate(LENGTHS)]
    (path,) = corpus_files.shard_paths(tmp_path, "corpus", "train", 1)
    records.write_records(path, sentences, [[50 + i, 1] for i in range(len(LENGTHS))])
    report = {"total": 10, "counts": {}, "first": {}}
    split = {"pairs": 10, "shards": 1, "report": report, "histogram": [0, 0, 1]}
    manifest = {"name": "corpus", "source": "x", "splits": {"train": split, "dev": split}}
    atomic.write_json(tmp_path / "corpus.json", {**manifest, "vocab_size": 100})

    def epoch(seed=None, buckets=(8, 16), max_length=16):
        rng = None if seed is None else np.random.default_rng(seed)
        options = {"buckets": buckets, "batch_tokens": 32, "batch_multiple": 2, "rng": rng}
        return batches.epoch(tmp_path, "corpus", "train", max_length=max_length, **options)

    return sentences, epoch


def test_sentences_stand_next_to_their_translations_padded_with_zeros(corpus):
    sentences, epoch = corpus
    seen = []
    for batch in epoch(seed=3).as_numpy_iterator():
        assert batch["source"].shape == batch["target"].shape
        assert batch["source"].dtype == batch["target"].dtype == np.int32
        for source, target in zip(batch["source"], batch["target"], strict=True):
            if not target.any():
                assert not source.any()
                continue
            i = target[0] - 50
            seen.append(i)
            np.testing.assert_array_equal(source[source > 0], sentences[i])
            assert not source[len(sentences[i]) :].any()
            assert target[1] == 1 and not target[2:].any()
    assert sorted(seen) == [i for i, n in enumerate(LENGTHS) if n <= 16]


def test_a_resumed_epoch_gives_the_remaining_batches(corpus):
    _, epoch = corpus
    whole = list(epoch(seed=3).as_numpy_iterator())
    rest = list(epoch(seed=3).skip(2).as_numpy_iterator())
    assert len(rest) == len(whole) - 2 == int(epoch(seed=3).cardinality()) - 2
    for a, b in zip(whole[2:], rest, strict=True):
        np.testing.assert_array_equal(a["source"], b["source"])


def test_dropped_pairs_are_logged_once(corpus, caplog):
    _, epoch = corpus
    epoch(), epoch(seed=1)
    messages = [record.getMessage() for record in caplog.records]
    assert [m for m in messages if "1 of 10 pairs are longer than 16 tokens" in m] == messages


def test_batches_split_over_replicas(corpus, two_replicas):
    _, epoch = corpus
    first = two_replicas.experimental_local_results(
        share(two_replicas, next(iter(epoch())))["source"]
    )
    assert [part.shape for part in first] == [(2, 8), (2, 8)]


def lengths_in(epoch):
    return sorted(n for batch in epoch for n in np.count_nonzero(batch["source"], axis=1) if n)


def test_pairs_longer_than_max_length_are_left_out_of_a_bucket_that_could_hold_them(corpus):
    _, epoch = corpus
    assert lengths_in(epoch(max_length=10)) == [2, 3, 5, 6, 7, 8, 9, 10]
    assert lengths_in(epoch(seed=1, max_length=9)) == [2, 3, 5, 6, 7, 8, 9]


def test_a_max_length_that_a_bucket_ends_at_changes_no_plan():
    plans = [
        batches.plan(LENGTHS, (8, 16), 32, 2, np.random.default_rng(3), max_length)
        for max_length in (None, 16)
    ]
    for part, same in zip(*plans, strict=True):
        np.testing.assert_array_equal(part, same)


def test_an_epoch_without_batches_is_refused_with_what_to_choose(corpus):
    _, epoch = corpus
    message = (
        "All 10 train pairs of corpus are longer than 1 tokens, so that "
        "there is no batch. Choose max_length=2 or more; with max_length=17 all are used."
    )
    with pytest.raises(ValueError, match=f"^{message}$"):
        epoch(buckets=(8,), max_length=1)


def test_validation_uses_pairs_that_are_longer_than_all_in_training(corpus):
    _, epoch = corpus
    lengths = [batch["source"].shape[1] for batch in epoch(buckets=(8,), max_length=64)]
    assert set(lengths) == {8, 24}
