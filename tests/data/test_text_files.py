import gzip
import lzma

import pytest

from t2t_vq.data import text_files

GOOD = b"one\teins\ntwo\tzwei\n"
PAIRS = [("one", "eins"), ("two", "zwei")]


def read(folder, split="train"):
    report = text_files.Report()
    return list(text_files.read_pairs(text_files.find(folder, split), report)), report


@pytest.mark.parametrize(
    ("end", "pack"), [("", bytes), (".gz", gzip.compress), (".xz", lzma.compress)]
)
def test_columns_are_read_plain_and_compressed(tmp_path, end, pack):
    (tmp_path / f"train.tsv{end}").write_bytes(pack(GOOD))
    assert read(tmp_path)[0] == PAIRS


def test_two_files_are_read_side_by_side_in_mixed_compression(tmp_path):
    (tmp_path / "dev.en").write_text("one\ntwo\n")
    (tmp_path / "dev.de.gz").write_bytes(gzip.compress(b"eins\nzwei"))
    assert read(tmp_path, "dev")[0] == PAIRS


def test_further_columns_byte_order_mark_and_line_ends_of_windows_are_ignored(tmp_path):
    (tmp_path / "train.tsv").write_bytes(b"\xef\xbb\xbfone\teins\tx\r\ntwo\t  zwei \ty\r\n")
    assert read(tmp_path)[0] == PAIRS


def test_unicode_line_separators_do_not_split_lines(tmp_path):
    (tmp_path / "train.tsv").write_text("a\u2028b\tc\x0bd\n", encoding="utf-8")
    assert read(tmp_path)[0] == [("a b", "c d")]


def test_bad_lines_are_counted_by_kind_with_file_and_line_of_the_first(tmp_path):
    (tmp_path / "train.tsv").write_bytes(GOOD + b"no tab\n\tleer\nx\t\xff\xfe\nstill none\n" + GOOD)
    pairs, report = read(tmp_path)
    assert pairs == PAIRS * 2
    assert report.total == 8
    assert report.counts == {"no tab": 2, "empty sentence": 1, "invalid UTF-8": 1}
    assert report.first["no tab"] == "train.tsv:3: 'no tab'"
    assert report.first["empty sentence"].startswith("train.tsv:4: ")
    assert report.first["invalid UTF-8"].startswith("train.tsv:5: ")
    report.check("The train text")


def test_surplus_lines_of_the_longer_side_are_counted(tmp_path):
    (tmp_path / "train.en").write_text("one\ntwo\n")
    (tmp_path / "train.de").write_text("eins\nzwei\ndrei\n")
    pairs, report = read(tmp_path)
    assert pairs == PAIRS
    assert report.counts == {"no line in the other language": 1}
    assert report.first["no line in the other language"] == "train.de:3: 'drei'"


def test_a_mostly_bad_text_is_refused(tmp_path):
    (tmp_path / "train.tsv").write_bytes(GOOD + b"x\ny\nz\n")
    with pytest.raises(ValueError, match=r"mostly bad: 3 of 5 lines.*train\.tsv:3: 'x'"):
        read(tmp_path)[1].check("The train text")


def test_an_empty_text_is_refused(tmp_path):
    (tmp_path / "train.tsv").touch()
    with pytest.raises(ValueError, match="The train text is empty"):
        read(tmp_path)[1].check("The train text")


@pytest.mark.parametrize("end", [".gz", ".xz"])
def test_a_damaged_file_is_named(tmp_path, end):
    packed = {".gz": gzip.compress, ".xz": lzma.compress}[end](GOOD * 100)
    (tmp_path / f"train.tsv{end}").write_bytes(packed[:-20])
    with pytest.raises(ValueError, match=rf"train\.tsv{end} is damaged"):
        read(tmp_path)


def test_the_same_split_twice_is_refused(tmp_path):
    (tmp_path / "train.tsv").write_bytes(GOOD)
    (tmp_path / "train.tsv.gz").write_bytes(gzip.compress(GOOD))
    with pytest.raises(ValueError, match=r"more than once: train\.tsv, train\.tsv\.gz"):
        text_files.find(tmp_path, "train")


def test_one_language_alone_is_refused(tmp_path):
    (tmp_path / "train.en").write_text("one\n")
    with pytest.raises(FileNotFoundError, match=r"train\.en but no train\.de"):
        text_files.find(tmp_path, "train")


@pytest.mark.parametrize(
    ("name", "content"), [("train.tsv", GOOD + b"x\t \n"), ("train.de", b"eins\nzwei\n\n")]
)
def test_one_language_can_be_read_alone(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    report = text_files.Report()
    assert list(text_files.read_side(tmp_path, "train", 1, report)) == ["eins", "zwei"]
    assert (report.total, report.counts) == (3, {"empty sentence": 1})


def test_a_language_that_is_not_there_is_asked_for(tmp_path):
    (tmp_path / "train.en").write_text("one\n")
    with pytest.raises(FileNotFoundError, match=r"Put train\.tsv or train\.de"):
        list(text_files.read_side(tmp_path, "train", 1, text_files.Report()))


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        text_files.find("nowhere", "train")


def test_a_report_survives_json():
    report = text_files.Report()
    report.see("a.tsv", 1)
    report.add("no tab", "x" * 100)
    again = text_files.Report.from_dict(report.to_dict())
    assert again.summary() == report.summary()
    assert len(report.first["no tab"]) < 80
