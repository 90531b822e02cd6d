import re

import numpy as np
import pytest

import t2t_vq
from t2t_vq.data import corpus_files, datagen, manifests, records, workers
from t2t_vq.data.tokenizer import Tokenizer

SOURCE = {"made": "up"}
SIZES = {"train": 300, "dev": 5, "test": 3}
WORDS = [f"{a}{b}" for a in ("ba", "do", "ki", "lu") for b in ("ra", "ne", "so", "ti")]


def read_pairs(split, report):
    draw = np.random.default_rng(SIZES[split])
    for number in range(SIZES[split]):
        words = draw.choice(WORDS, 1 + number % 7)
        report.see(split, number + 1)
        yield " ".join(words), " ".join(reversed(words))


def generate(data_dir, read_pairs=read_pairs, source=SOURCE, **options):
    return datagen.generate(
        data_dir,
        "corpus",
        source=source,
        splits=("train", "dev", "test"),
        read_pairs=read_pairs,
        vocab_size=lambda pairs: 320,
        **options,
    )


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(datagen, "_SHARD_PAIRS", 100)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_everything_is_written_and_the_manifest_adds_up(tf, tmp_path):
    manifest = generate(tmp_path)
    assert manifest == manifests.read(tmp_path / "corpus.json", manifests.TRANSLATION)
    assert set(manifest["files"]) == {path.name for path in tmp_path.iterdir()} - {"corpus.json"}
    assert {path.name for path in tmp_path.iterdir()} == {
        "corpus.json",
        "corpus.vocab.model",
        "corpus-dev.tsv",
        "corpus-test.tsv",
        "corpus-dev-00000-of-00001.tfrecord",
        *(f"corpus-train-0000{i}-of-00003.tfrecord" for i in range(3)),
    }
    train = manifest["splits"]["train"]
    assert (train["pairs"], sum(train["histogram"]), train["shards"]) == (300, 300, 3)
    assert train["shard_pairs"] == [100] * 3
    assert manifest["splits"]["dev"]["shard_pairs"] == [5]
    source, target = records.read_records(
        corpus_files.shard_paths(tmp_path, "corpus", "train", 3), manifest["vocab_size"]
    )
    longer = np.maximum(source.lengths, target.lengths)
    np.testing.assert_array_equal(np.bincount(longer, minlength=257), train["histogram"])
    tokenizer = Tokenizer(tmp_path / "corpus.vocab.model")
    assert tokenizer.vocab_size == manifest["vocab_size"]
    first, _ = next(read_pairs("train", _Nothing()))
    assert tokenizer.decode(source.ids[: source.starts[1]]) == first


class _Nothing:
    def see(self, file, line):
        pass


def test_several_processes_write_the_same_files_as_one(tf, tmp_path):
    generate(tmp_path / "one", num_workers=1)
    generate(tmp_path / "two", num_workers=2)
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_an_interrupted_run_goes_on_and_repeats_no_shard(tf, tmp_path, monkeypatch):
    generate(tmp_path / "whole")
    written = []
    write_shard = workers.write_shard

    def stop_at_second(tokenizer, path, pairs, max_length):
        if len(written) == 1:
            raise KeyboardInterrupt
        written.append(path.name)
        return write_shard(tokenizer, path, pairs, max_length)

    monkeypatch.setattr(workers, "write_shard", stop_at_second)
    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path / "cut")
    assert written == ["corpus-train-00000-of-00003.tfrecord"]
    assert not (tmp_path / "cut" / "corpus.json").exists()

    def note(tokenizer, path, pairs, max_length):
        written.append(path.name)
        return write_shard(tokenizer, path, pairs, max_length)

    monkeypatch.setattr(workers, "write_shard", note)
    generate(tmp_path / "cut")
    assert len(set(written)) == len(written)
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


@pytest.mark.parametrize(
    "name",
    [
        "corpus-train-00001-of-00003.tfrecord",
        "corpus-dev-00000-of-00001.tfrecord",
        "corpus.vocab.model",
        "corpus-dev.tsv",
        "corpus-test.tsv",
    ],
)
def test_a_missing_file_is_written_again(tf, tmp_path, name):
    generate(tmp_path)
    before = contents(tmp_path)
    (tmp_path / name).unlink()
    assert not corpus_files.is_whole(tmp_path, "corpus")
    generate(tmp_path)
    assert contents(tmp_path) == before


def test_data_with_a_missing_file_is_not_written_over_from_another_source(tf, tmp_path):
    generate(tmp_path)
    (tmp_path / "corpus-train-00001-of-00003.tfrecord").unlink()
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=r"corpus\.json was prepared from another source"):
        generate(tmp_path, source={"made": "up again"})
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["corpus.vocab.model", "corpus-dev.tsv"])
@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_text("x")])
def test_an_interrupted_run_builds_on_no_file_that_has_changed(tf, tmp_path, name, harm):
    generate(tmp_path / "whole")

    def stop(tokenizer, path, pairs, max_length):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(workers, "write_shard", stop)
        generate(tmp_path / "cut")
    harm(tmp_path / "cut" / name)
    generate(tmp_path / "cut")
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_a_source_may_hold_tuples(tf, tmp_path):
    generate(tmp_path, source={"made": ("up", 1)})
    (tmp_path / "corpus-dev.tsv").unlink()
    generate(tmp_path, source={"made": ("up", 1)})


def test_unfinished_files_of_another_source_are_refused(tf, tmp_path):
    def stop(split, report):
        if split == "train":
            raise KeyboardInterrupt
        return read_pairs(split, report)

    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path, stop)
    with pytest.raises(ValueError, match=r"another source.*Choose another --data_dir"):
        generate(tmp_path, source={"made": "up again"})


def test_over_long_training_pairs_are_counted_and_evaluation_keeps_them(tf, tmp_path):
    def with_long(split, report):
        yield from read_pairs(split, report)
        for number in (1001, 1002):
            report.see(f"{split}.tsv", number)
            yield "ba" + " Ω" * 300, "do"

    manifest = generate(tmp_path, with_long)
    report = manifest["splits"]["train"]["report"]
    assert manifest["splits"]["train"]["pairs"] == 300
    assert report["counts"] == {"longer than 256 tokens": 2}
    assert report["first"]["longer than 256 tokens"].startswith("train.tsv:1001: 'ba Ω Ω")
    assert manifest["splits"]["dev"]["pairs"] == 7
    assert len(corpus_files.read_text(tmp_path / "corpus-dev.tsv")[0]) == 7


def test_a_mostly_bad_training_text_stops_before_the_vocabulary(tmp_path):
    def bad(split, report):
        yield from read_pairs(split, report)
        if split == "train":
            for number in range(301):
                report.see("train.tsv", number)
                report.add("no tab", "x")

    with pytest.raises(ValueError, match="The train text is mostly bad: 301 of 601"):
        generate(tmp_path, bad)
    assert not (tmp_path / "corpus.vocab.model").exists()


@pytest.fixture
def submit(tf, tmp_path):
    """A function that has another process write a shard."""
    generate(tmp_path)
    with workers.shard_writers(corpus_files.vocab_path(tmp_path, "corpus"), 2) as submit:
        yield submit


def test_what_stops_another_process_is_the_same_error_here(submit, tmp_path):
    with pytest.raises(FileNotFoundError, match="missing/shard") as caught:
        submit(tmp_path / "missing" / "shard", [("ba", "do")], None).result()
    assert "in write_shard" in str(caught.value.__cause__)


def test_a_defect_in_another_process_comes_with_its_traceback(submit, tmp_path):
    future = submit(tmp_path / "shard", [("ba",)], None)
    with pytest.raises(RuntimeError, match="IndexError: tuple index out of range") as caught:
        future.result()
    assert not isinstance(caught.value, OSError)
    assert "in write_shard" in str(caught.value.__cause__)
    assert sum(submit(tmp_path / "shard", [("ba", "do")], None).result().histogram) == 1


def test_a_process_that_is_ended_from_outside_is_told_in_a_sentence(tf, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_CHILD", "import os; os.kill(os.getpid(), 9)")
    with (
        workers.shard_writers("corpus.vocab.model", 2) as submit,
        pytest.raises(t2t_vq.UserError, match=r"shard was ended by signal 9 .*Run the same"),
    ):
        submit(tmp_path / "shard", [("ba", "do")], None).result()


def test_a_process_that_cannot_begin_shows_why(tf, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_CHILD", "1 / 0")
    with (
        workers.shard_writers("corpus.vocab.model", 2) as submit,
        pytest.raises(RuntimeError, match=r"(?s)shard ended early:.Traceback.*ZeroDivisionError"),
    ):
        submit(tmp_path / "shard", [("ba", "do")], None).result()


def test_a_reader_that_notes_nothing_is_counted(tf, tmp_path):
    class Nothing:
        def see(self, file, line):
            pass

    manifest = generate(tmp_path, lambda split, report: read_pairs(split, Nothing()))
    totals = {split: about["report"]["total"] for split, about in manifest["splits"].items()}
    assert totals == SIZES


def test_bad_lines_that_a_reader_only_adds_are_counted_with_a_place(tf, tmp_path):
    def add_only(split, report):
        report.add("odd", "x")
        for number, pair in enumerate(read_pairs(split, report)):
            yield pair
            if number == 1:
                report.add("odd", "y")

    report = generate(tmp_path, add_only)["splits"]["dev"]["report"]
    assert (report["counts"], report["first"]) == ({"odd": 2}, {"odd": "corpus dev: 'x'"})

    def all_bad(split, report):
        for _ in range(3):
            report.add("odd", "x")
        return []

    with pytest.raises(ValueError, match="The dev text is mostly bad: 3 of 3 lines"):
        generate(tmp_path / "bad", all_bad)


@pytest.mark.parametrize("empty", ["dev", "train"])
def test_a_reader_that_sees_lines_and_gives_nothing_is_refused(tmp_path, empty):
    def seeing(split, report):
        for pair in read_pairs(split, report):
            if split != empty:
                yield pair

    with pytest.raises(ValueError, match=f"The {empty} text is empty"):
        generate(tmp_path, seeing)


def test_other_splits_than_there_can_be_are_refused(tmp_path):
    options = {"source": 1, "read_pairs": read_pairs, "vocab_size": lambda pairs: 320}
    for splits in (("train", "test"), ("train", "dev", "valid")):
        with pytest.raises(ValueError, match=rf"has the splits {', '.join(splits)}\. There must"):
            datagen.generate(tmp_path, "corpus", splits=splits, **options)


@pytest.mark.parametrize(
    "pair",
    [
        ("one",),
        "no",
        None,
        {"one": 1, "eins": 2},
        (b"one", b"eins"),
        ("one", 1),
        ("a\tb", "c"),
        ("a", "c\n"),
        ("a\rb", "c"),
        ("a", "\ud800"),
    ],
)
def test_what_is_no_pair_is_refused_with_problem_split_and_number(tmp_path, pair):
    def reader(split, report):
        yield "one", "eins"
        yield pair

    message = f"^corpus dev, pair 2: {re.escape(repr(pair))} is not two strings"
    with pytest.raises(ValueError, match=message):
        generate(tmp_path, reader)


def test_a_reader_that_gives_nothing_to_read_is_refused(tmp_path):
    with pytest.raises(ValueError, match="corpus dev: the problem's `pairs` gives None and no seq"):
        generate(tmp_path, lambda split, report: None)


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_read(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"file/x cannot be written to .*Choose another --data_dir"):
        generate(tmp_path / "file" / "x", read_pairs=None)


def test_a_worker_imports_nothing_from_the_working_folder(tf, tmp_path, monkeypatch):
    generate(tmp_path)
    for name in ("pickle", "random", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    with workers.shard_writers("corpus.vocab.model", 2) as submit:
        stats = submit(tmp_path / "shard", [("ba", "do")], None).result()
    assert sum(stats.histogram) == 1


def test_a_source_that_cannot_be_noted_is_told_before_anything_is_read(tmp_path):
    with pytest.raises(ValueError, match="`source` gives what no manifest can note"):
        generate(tmp_path, read_pairs=None, source={"folder": tmp_path})


def test_what_a_reader_gives_is_single_spaced_and_has_no_empty_side(tf, tmp_path):
    def spaced(split, report):
        for english, german in read_pairs(split, _Nothing()):
            yield f" {english}\u2028", german.replace(" ", "\xa0 ")
        yield " ", "do"
        yield "do", ""

    manifest = generate(tmp_path / "spaced", spaced)
    plain = generate(tmp_path / "plain")
    expected, found = contents(tmp_path / "plain"), contents(tmp_path / "spaced")
    assert [name for name in expected if found[name] != expected[name]] == ["corpus.json"]
    for split, about in manifest["splits"].items():
        assert about["pairs"] == plain["splits"][split]["pairs"] == SIZES[split]
        assert about["report"] == {
            "total": SIZES[split] + 2,
            "counts": {"empty sentence": 2},
            "first": {"empty sentence": f"corpus {split}:{SIZES[split] + 1}: ' | do'"},
        }


def test_the_place_of_an_over_long_pair_may_be_a_path(tf, tmp_path):
    def with_long(split, report):
        yield from read_pairs(split, report)
        report.see(tmp_path / "long.tsv", np.int64(7))
        yield "ba" + " Ω" * 300, "do"

    first = generate(tmp_path, with_long)["splits"]["train"]["report"]["first"]
    assert first["longer than 256 tokens"].startswith(f"{tmp_path}/long.tsv:7: ")
