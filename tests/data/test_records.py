import numpy as np
import pytest

from t2t_vq.data import records


def test_records_come_back_in_order(tf, tmp_path):
    paths = records.shard_paths(tmp_path, "corpus", "train", 2)
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
    paths = records.shard_paths(tmp_path, "corpus", "train", 2)
    for path in paths:
        records.write_records(path, [[5, 1], [6, 1]], [[7, 1], [8, 1]])
    return paths


def test_a_missing_record_file_is_named(two_shards):
    two_shards[1].unlink()
    with pytest.raises(ValueError, match=rf"{two_shards[1]} is missing\. Delete what is left"):
        records.read_records(two_shards, 100)


def test_a_record_file_cut_inside_a_record_is_named(two_shards):
    two_shards[1].write_bytes(two_shards[1].read_bytes()[:-3])
    with pytest.raises(ValueError, match=rf"{two_shards[1]} is damaged or cut short\. Delete"):
        records.read_records(two_shards, 100)


def test_a_record_file_with_too_few_pairs_is_named(two_shards):
    with pytest.raises(ValueError, match=rf"{two_shards[1]} is cut short: it holds 2 of 3 pairs"):
        records.read_records(two_shards, 100, shard_pairs=[2, 3])


def test_data_is_whole_while_every_record_file_is_there(two_shards, tmp_path):
    assert not records.is_whole(tmp_path, "corpus")
    splits = {"train": {"shards": 2}, "test": {"pairs": 1}}
    records.write_json(records.manifest_path(tmp_path, "corpus"), {"splits": splits})
    assert records.is_whole(tmp_path, "corpus")
    two_shards[0].unlink()
    assert not records.is_whole(tmp_path, "corpus")


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "file"
    records.write_bytes(path, b"old")
    with pytest.raises(KeyboardInterrupt), records.replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_text_comes_back(tmp_path):
    path = tmp_path / "dev.tsv"
    pairs = [("one", "eins"), ("x\u2028y", "ü")]
    records.write_text(path, pairs)
    assert records.read_text(path) == (["one", "x\u2028y"], ["eins", "ü"])


@pytest.mark.parametrize(("line", "columns"), [("one", 1), ("", 1), ("one\teins\tuno", 3)])
def test_a_line_of_other_than_two_columns_is_named(tmp_path, line, columns):
    path = tmp_path / "text.tsv"
    path.write_text(f"one\teins\n{line}\n")
    message = rf"text\.tsv, line 2: there are {columns} columns .* prepare the data anew\."
    with pytest.raises(ValueError, match=message):
        records.read_text(path)


def test_text_without_lines_comes_back(tmp_path):
    path = tmp_path / "text.tsv"
    records.write_text(path, [])
    assert records.read_text(path) == ([], [])


def test_damaged_json_is_named(tmp_path):
    path = tmp_path / "corpus.json"
    path.write_text("{")
    with pytest.raises(ValueError, match=r"corpus\.json is damaged"):
        records.read_json(path)
    assert records.read_json(tmp_path / "none.json") is None
