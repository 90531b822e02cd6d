import numpy as np
import pytest

from t2t_vq.data import corpus_files, records


def test_records_come_back_in_order(tf, tmp_path):
    paths = corpus_files.shard_paths(tmp_path, "corpus", "train", 2)
    records.write_records(paths[0], [[5, 1], [1]], [[7, 8, 1], [9, 1]])
    records.write_records(paths[1], [[6, 6, 6, 1]], [[65535, 1]])
    source, target = records.read_records(paths, 1 << 16)
    np.testing.assert_array_equal(source.ids, [5, 1, 1, 6, 6, 6, 1])
    np.testing.assert_array_equal(source.lengths, [2, 1, 4])
    np.testing.assert_array_equal(target.ids, [7, 8, 1, 9, 1, 65535, 1])
    assert target.ids.dtype == np.uint16


def test_large_vocabularies_take_wider_ids(tf, tmp_path):
    path = tmp_path / "one.tfrecord"
    records.write_records(path, [[70_000, 1]], [[1]])
    source, _ = records.read_records([path], 100_000)
    np.testing.assert_array_equal(source.ids, [70_000, 1])


def test_shards_are_plain_examples(tf, tmp_path):
    path = tmp_path / "one.tfrecord"
    records.write_records(path, [[5, 1]], [[7, 1]])
    (raw,) = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    feature = tf.train.Example.FromString(raw).features.feature
    assert list(feature["source"].int64_list.value) == [5, 1]
    assert list(feature["target"].int64_list.value) == [7, 1]


@pytest.fixture
def two_shards(tf, tmp_path):
    paths = corpus_files.shard_paths(tmp_path, "corpus", "train", 2)
    for path in paths:
        records.write_records(path, [[5, 1], [6, 1]], [[7, 1], [8, 1]])
    return paths


def test_a_missing_record_file_is_named(two_shards):
    two_shards[1].unlink()
    with pytest.raises(ValueError, match=rf"{two_shards[1]} is not .*it is missing.*Delete"):
        records.read_records(two_shards, 100)


def test_a_record_file_cut_inside_a_record_is_named(two_shards):
    two_shards[1].write_bytes(two_shards[1].read_bytes()[:-3])
    with pytest.raises(ValueError, match=rf"{two_shards[1]} is not .*damaged or cut short"):
        records.read_records(two_shards, 100)


def test_a_record_file_with_too_few_pairs_is_named(two_shards):
    with pytest.raises(ValueError, match=rf"{two_shards[1]} is not .*it holds 2 of 3 pairs"):
        records.read_records(two_shards, 100, shard_pairs=[2, 3])
