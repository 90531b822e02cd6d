import pytest

from t2t_vq import atomic
from t2t_vq.data import corpus_files, integrity, manifests, records


@pytest.fixture
def whole(tf, tmp_path):
    """A folder with all files of a corpus, two shards of it, and their names."""
    paths = corpus_files.shard_paths(tmp_path, "corpus", "train", 2)
    paths += corpus_files.shard_paths(tmp_path, "corpus", "dev", 1)
    for path in paths:
        records.write_records(path, [[5, 1], [6, 1]], [[7, 1], [8, 1]])
    texts = [corpus_files.text_path(tmp_path, "corpus", split) for split in ("dev", "test")]
    for path in texts:
        corpus_files.write_text(path, [("one", "eins"), ("two", "zwei")])
    vocabulary = corpus_files.vocab_path(tmp_path, "corpus")
    atomic.write_bytes(vocabulary, b"pieces")
    report = {"total": 2, "counts": {}, "first": {}}
    about = {"pairs": 2, "report": report}
    splits = {
        "train": {**about, "pairs": 4, "shards": 2, "shard_pairs": [2, 2], "histogram": [0, 0, 4]},
        "dev": {**about, "shards": 1, "shard_pairs": [2]},
        "test": about,
    }
    manifest = {"name": "corpus", "source": "x", "vocab_size": 100, "splits": splits}
    manifest["files"] = integrity.fingerprints([*paths, *texts, vocabulary])
    atomic.write_json(manifests.path(tmp_path, "corpus"), manifest)
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
        atomic.write_json(folder / "corpus.json", manifest)
    assert corpus_files.is_whole(folder, "corpus")
    (folder / name).unlink()
    assert not corpus_files.is_whole(folder, "corpus")


def test_data_without_a_manifest_is_not_whole(whole):
    folder, _ = whole
    (folder / "corpus.json").unlink()
    assert not corpus_files.is_whole(folder, "corpus")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_was_cut_is_named_with_its_sizes(whole, name):
    folder, _ = whole
    path = folder / name
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    message = rf"{path} is not .*it has {len(content) - 1} of {len(content)} bytes.*Delete"
    with pytest.raises(ValueError, match=message):
        corpus_files.is_whole(folder, "corpus")


def flip(path):
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])


@pytest.mark.parametrize("name", NAMES[:3])
def test_a_file_with_a_flipped_bit_is_named(whole, name):
    folder, manifest = whole
    assert integrity.read_bytes(folder / name, manifest["files"]) == (folder / name).read_bytes()
    flip(folder / name)
    with pytest.raises(ValueError, match=rf"{name} is not .*its SHA-256 is another"):
        integrity.read_bytes(folder / name, manifest["files"])


def test_records_of_other_data_with_as_many_pairs_are_named(whole):
    folder, manifest = whole
    paths = corpus_files.shard_paths(folder, "corpus", "train", 2)
    records.read_records(paths, 100, [2, 2], manifest["files"])
    records.write_records(paths[1], [[5, 1], [9, 1]], [[7, 1], [8, 1]])
    with pytest.raises(ValueError, match=rf"{paths[1]} is not .*its SHA-256 is another"):
        records.read_records(paths, 100, [2, 2], manifest["files"])


def test_a_file_that_the_manifest_does_not_know_is_named(whole):
    folder, _ = whole
    with pytest.raises(ValueError, match=r"dev\.tsv is not .*the manifest does not know it"):
        corpus_files.read_text(folder / "corpus-dev.tsv", {})


def test_text_comes_back(tmp_path):
    path = tmp_path / "dev.tsv"
    pairs = [("one", "eins"), ("x\u2028y", "ü")]
    corpus_files.write_text(path, pairs)
    assert corpus_files.read_text(path) == (["one", "x\u2028y"], ["eins", "ü"])


@pytest.mark.parametrize(("line", "columns"), [("one", 1), ("", 1), ("one\teins\tuno", 3)])
def test_a_line_of_other_than_two_columns_is_named(tmp_path, line, columns):
    path = tmp_path / "text.tsv"
    path.write_text(f"one\teins\n{line}\n")
    message = rf"text\.tsv is not as it was written \(line 2 has {columns} columns.* Delete"
    with pytest.raises(ValueError, match=message):
        corpus_files.read_text(path)


def test_a_text_cut_inside_a_line_is_named(tmp_path):
    path = tmp_path / "text.tsv"
    path.write_text("one\teins\ntwo\tzw")
    with pytest.raises(ValueError, match=r"text\.tsv is not .*its last line has no end"):
        corpus_files.read_text(path)


def test_text_without_lines_comes_back(tmp_path):
    path = tmp_path / "text.tsv"
    corpus_files.write_text(path, [])
    assert corpus_files.read_text(path) == ([], [])
