import json
import os
import subprocess
import sys
import tempfile

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
    with pytest.raises(ValueError, match=rf"{two_shards[1]} is not .*it is missing.*Delete"):
        records.read_records(two_shards, 100)


def test_a_record_file_cut_inside_a_record_is_named(two_shards):
    two_shards[1].write_bytes(two_shards[1].read_bytes()[:-3])
    with pytest.raises(ValueError, match=rf"{two_shards[1]} is not .*damaged or cut short"):
        records.read_records(two_shards, 100)


def test_a_record_file_with_too_few_pairs_is_named(two_shards):
    with pytest.raises(ValueError, match=rf"{two_shards[1]} is not .*it holds 2 of 3 pairs"):
        records.read_records(two_shards, 100, shard_pairs=[2, 3])


@pytest.fixture
def whole(tf, tmp_path):
    """A folder with all files of a corpus, two shards of it, and their names."""
    paths = records.shard_paths(tmp_path, "corpus", "train", 2)
    paths += records.shard_paths(tmp_path, "corpus", "dev", 1)
    for path in paths:
        records.write_records(path, [[5, 1], [6, 1]], [[7, 1], [8, 1]])
    texts = [records.text_path(tmp_path, "corpus", split) for split in ("dev", "test")]
    for path in texts:
        records.write_text(path, [("one", "eins"), ("two", "zwei")])
    vocabulary = records.vocab_path(tmp_path, "corpus")
    records.write_bytes(vocabulary, b"pieces")
    report = {"total": 2, "counts": {}, "first": {}}
    about = {"pairs": 2, "report": report}
    splits = {
        "train": {**about, "pairs": 4, "shards": 2, "shard_pairs": [2, 2], "histogram": [0, 0, 4]},
        "dev": {**about, "shards": 1, "shard_pairs": [2]},
        "test": about,
    }
    manifest = {"name": "corpus", "source": "x", "vocab_size": 100, "splits": splits}
    manifest["files"] = records.fingerprints([*paths, *texts, vocabulary])
    records.write_json(records.manifest_path(tmp_path, "corpus"), manifest)
    return tmp_path, manifest


NAMES = [
    "corpus.vocab.model",
    "corpus-dev.tsv",
    "corpus-test.tsv",
    "corpus-train-00001-of-00002.tfrecord",
    "corpus-dev-00000-of-00001.tfrecord",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("notes", [True, False])
def test_data_is_whole_while_every_file_is_there(whole, name, notes):
    folder, manifest = whole
    if not notes:
        del manifest["files"]
        records.write_json(folder / "corpus.json", manifest)
    assert records.is_whole(folder, "corpus")
    (folder / name).unlink()
    assert not records.is_whole(folder, "corpus")


def test_data_without_a_manifest_is_not_whole(whole):
    folder, _ = whole
    (folder / "corpus.json").unlink()
    assert not records.is_whole(folder, "corpus")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_was_cut_is_named_with_its_sizes(whole, name):
    folder, _ = whole
    path = folder / name
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    message = rf"{path} is not .*it has {len(content) - 1} of {len(content)} bytes.*Delete"
    with pytest.raises(ValueError, match=message):
        records.is_whole(folder, "corpus")


def flip(path):
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])


@pytest.mark.parametrize("name", NAMES[:3])
def test_a_file_with_a_flipped_bit_is_named(whole, name):
    folder, manifest = whole
    assert records.read_bytes(folder / name, manifest["files"]) == (folder / name).read_bytes()
    flip(folder / name)
    with pytest.raises(ValueError, match=rf"{name} is not .*its SHA-256 is another"):
        records.read_bytes(folder / name, manifest["files"])


def test_records_of_other_data_with_as_many_pairs_are_named(whole):
    folder, manifest = whole
    paths = records.shard_paths(folder, "corpus", "train", 2)
    records.read_records(paths, 100, [2, 2], manifest["files"])
    records.write_records(paths[1], [[5, 1], [9, 1]], [[7, 1], [8, 1]])
    with pytest.raises(ValueError, match=rf"{paths[1]} is not .*its SHA-256 is another"):
        records.read_records(paths, 100, [2, 2], manifest["files"])


def test_a_file_that_the_manifest_does_not_know_is_named(whole):
    folder, _ = whole
    with pytest.raises(ValueError, match=r"dev\.tsv is not .*the manifest does not know it"):
        records.read_text(folder / "corpus-dev.tsv", {})


def test_what_a_killed_process_left_is_cleared_and_what_a_live_one_writes_is_not(tmp_path):
    path = tmp_path / "file"
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    with records.replacing(path) as mine:
        mine.write_bytes(b"new")
        number = f".{os.getpid()}."
        dead = mine.with_name(mine.name.replace(number, f".{ended.pid}."))
        live = mine.with_name(mine.name.replace(number, f".{os.getppid()}."))
        elsewhere = mine.with_name(f"file.elsewhere.{ended.pid}.tmp")
        other = mine.with_name(f"other{dead.name}")
        for left in (dead, live, elsewhere, other):
            left.touch()
    records.write_bytes(path, b"newer")
    assert sorted(tmp_path.iterdir()) == sorted([path, live, elsewhere, other])


def test_what_a_process_of_another_container_writes_is_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "file"
    # There it has a number that nobody has here.
    monkeypatch.setattr(records, "_lives", lambda process: False)
    with records.replacing(path) as theirs:
        theirs.write_bytes(b"theirs")
        records.write_bytes(path, b"ours")
        assert sorted(tmp_path.iterdir()) == sorted([path, theirs])
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(PermissionError, match=rf"{tmp_path}/x/y .*Permission denied: {tmp_path}\)"):
        records.check_writable(tmp_path / "x" / "y")


def test_looking_whether_a_folder_can_be_written_leaves_nothing(tmp_path):
    records.check_writable(tmp_path / "x" / "y")
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_no_utf8_comes_back_from_json(tmp_path):
    path, values = tmp_path / "x.json", {"ü": os.fsdecode(b"\xff\\")}
    records.write_json(path, values)
    assert json.loads(path.read_text(encoding="utf-8")) == values


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
    message = rf"text\.tsv is not as it was written \(line 2 has {columns} columns.* Delete"
    with pytest.raises(ValueError, match=message):
        records.read_text(path)


def test_a_text_cut_inside_a_line_is_named(tmp_path):
    path = tmp_path / "text.tsv"
    path.write_text("one\teins\ntwo\tzw")
    with pytest.raises(ValueError, match=r"text\.tsv is not .*its last line has no end"):
        records.read_text(path)


def test_text_without_lines_comes_back(tmp_path):
    path = tmp_path / "text.tsv"
    records.write_text(path, [])
    assert records.read_text(path) == ([], [])
