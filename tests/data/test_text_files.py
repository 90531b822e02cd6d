import bz2
import codecs
import gzip
import lzma
import random

import pytest

from t2t_vq.data import text_files

GOOD = b"one\teins\ntwo\tzwei\n"
LANGUAGES = ("en", "de")
PAIRS = [("one", "eins"), ("two", "zwei")]


def read(folder, split="train"):
    report = text_files.Report()
    return list(text_files.read_pairs(text_files.find(folder, split, LANGUAGES), report)), report


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
    bad = b"no tab\n\tleer\nx\t\xff\xfe\nstill none\n"
    (tmp_path / "train.tsv").write_bytes(GOOD + bad + GOOD + "five\tfünf".encode())
    pairs, report = read(tmp_path)
    assert pairs == [*PAIRS * 2, ("five", "fünf")]
    assert report.total == 9
    assert report.counts == {"no tab": 2, "empty sentence": 1, "invalid UTF-8": 1}
    assert report.first["no tab"] == "train.tsv:3: 'no tab'"
    assert report.first["empty sentence"].startswith("train.tsv:4: ")
    assert report.first["invalid UTF-8"].startswith("train.tsv:5: ")
    report.check("The train text")


@pytest.mark.parametrize(("end", "pack"), [("", bytes), (".gz", gzip.compress)])
@pytest.mark.parametrize("longer", ["en", "de"])
def test_languages_of_different_lengths_are_refused_with_both_numbers(tmp_path, end, pack, longer):
    for language in ("en", "de"):
        lines = b"x\n" * (1_003 if language == longer else 1_002)
        (tmp_path / f"train.{language}{end}").write_bytes(pack(lines))
    numbers = {language: "1,003" if language == longer else "1,002" for language in ("en", "de")}
    message = (
        rf"train\.en{end} has {numbers['en']} lines and .*train\.de{end} has {numbers['de']}, .*"
    )
    with pytest.raises(ValueError, match=message):
        text_files.check_sides(text_files.find(tmp_path, "train", LANGUAGES))
    with pytest.raises(ValueError, match=message):
        read(tmp_path)


def test_a_last_line_counts_with_and_without_its_end(tmp_path):
    (tmp_path / "train.en").write_bytes(b"one\ntwo")
    (tmp_path / "train.de").write_bytes(b"eins\r\nzwei\r\n")
    text_files.check_sides(text_files.find(tmp_path, "train", LANGUAGES))
    assert read(tmp_path)[0] == PAIRS


@pytest.mark.parametrize(("end", "pack"), [("", bytes), (".xz", lzma.compress)])
def test_line_ends_of_old_macs_are_line_ends(tmp_path, end, pack):
    content = codecs.BOM_UTF8 + "five\tfünf\rone\teins\rtwo\tzwei\r".encode()
    (tmp_path / f"train.tsv{end}").write_bytes(pack(content))
    assert read(tmp_path)[0] == [("five", "fünf"), *PAIRS]


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_line_feed_may_end_a_text_of_an_old_mac(tmp_path, end):
    (tmp_path / "train.tsv").write_bytes(b"five\tf\rone\teins\rtwo\tzwei" + end)
    assert read(tmp_path)[0] == [("five", "f"), *PAIRS]


def test_a_text_of_more_carriage_returns_than_line_feeds_is_refused(tmp_path):
    (tmp_path / "train.tsv").write_bytes(GOOD + GOOD.replace(b"\n", b"\r") * 2)
    message = r"train\.tsv mixes line ends: .*2 line feeds and 4 carriage returns without one"
    with pytest.raises(ValueError, match=message):
        read(tmp_path)


def test_a_carriage_return_inside_a_line_ends_none(tmp_path):
    (tmp_path / "train.tsv").write_bytes(b"a\rb\tc\n" + GOOD)
    assert read(tmp_path)[0] == [("a b", "c"), *PAIRS]


GERMAN = (
    "one house\tein Häuschen\nfive\tfünf\nthe dog sleeps\tder Hund schläft\na cat\teine Katze\n"
)


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (GERMAN.encode("utf-16"), r"UTF-16\. Convert it to UTF-8, .*iconv -f UTF-16 -t UTF-8\."),
        (codecs.BOM_UTF16_BE + GERMAN.encode("utf-16-be"), r"UTF-16\. .*iconv -f UTF-16 -t"),
        (GERMAN.encode("utf-32"), r"UTF-32\. .*iconv -f UTF-32 -t"),
        (GERMAN.encode("utf-16-le"), r"UTF-16LE, or is no text\. .*iconv -f UTF-16LE -t"),
        (GERMAN.encode("utf-16-be"), r"UTF-16BE, or is no text\. .*iconv -f UTF-16BE -t"),
        (GERMAN.encode("latin-1"), "3 of its first 4 lines are not. It is perhaps Latin-1"),
        (gzip.compress(GERMAN.encode()), r"gzip\. Give it as plain text in UTF-8"),
        (lzma.compress(GERMAN.encode()), r"xz\. Give it as plain text in UTF-8"),
        (bz2.compress(GERMAN.encode()), r"bzip2\. Give it as plain text in UTF-8"),
        (b"PK\x03\x04 and so on", r"zip\. Give it as plain text in UTF-8"),
    ],
)
@pytest.mark.parametrize(("end", "pack"), [("", bytes), (".gz", gzip.compress)])
def test_what_is_no_text_in_utf8_is_named_for_what_it_is(tmp_path, content, advice, end, pack):
    (tmp_path / f"dev.tsv{end}").write_bytes(pack(content))
    with pytest.raises(ValueError, match=rf"dev\.tsv{end} (looks like|is not UTF-8:) {advice}"):
        read(tmp_path, "dev")


def test_a_few_lines_in_another_encoding_are_counted(tmp_path):
    content = b"a\tb\n" * 200 + "five\tfünf\n".encode("latin-1") * 2
    (tmp_path / "train.tsv").write_bytes(content)
    assert read(tmp_path)[1].counts == {"invalid UTF-8": 2}


@pytest.mark.parametrize("name", ["train.tsv", "train.de"])
def test_a_folder_called_as_the_text_is_named(tmp_path, name):
    (tmp_path / "train.en").write_text("one\n")
    (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match=rf"{name} is a folder or a link that leads nowhere"):
        text_files.find(tmp_path, "train", LANGUAGES)


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


@pytest.mark.parametrize("end", [".gz", ".xz"])
def test_no_damage_to_a_compressed_file_is_anything_but_a_sentence(tmp_path, end):
    content = "".join(f"{number}\t{number * number}\n" for number in range(500)).encode()
    packed = {".gz": gzip.compress, ".xz": lzma.compress}[end](content)
    draw = random.Random(0)
    for _ in range(300):
        damaged = bytearray(packed)
        damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
        (tmp_path / f"train.tsv{end}").write_bytes(damaged)
        try:
            read(tmp_path)
        except ValueError as error:
            assert f"train.tsv{end} " in str(error)


def test_the_same_split_twice_is_refused(tmp_path):
    (tmp_path / "train.tsv").write_bytes(GOOD)
    (tmp_path / "train.tsv.gz").write_bytes(gzip.compress(GOOD))
    with pytest.raises(ValueError, match=r"more than once: train\.tsv, train\.tsv\.gz"):
        text_files.find(tmp_path, "train", LANGUAGES)


def test_one_language_alone_is_refused(tmp_path):
    (tmp_path / "train.en").write_text("one\n")
    with pytest.raises(FileNotFoundError, match=r"train\.en but no train\.de"):
        text_files.find(tmp_path, "train", LANGUAGES)


@pytest.mark.parametrize(
    ("name", "content"), [("train.tsv", GOOD + b"x\t \n"), ("train.de", b"eins\nzwei\n\n")]
)
def test_one_language_can_be_read_alone(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    report = text_files.Report()
    assert list(text_files.read_side(tmp_path, "train", 1, report, LANGUAGES)) == ["eins", "zwei"]
    assert (report.total, report.counts) == (3, {"empty sentence": 1})


def test_a_language_that_is_not_there_is_asked_for(tmp_path):
    (tmp_path / "train.en").write_text("one\n")
    with pytest.raises(FileNotFoundError, match=r"Put train\.tsv or train\.de"):
        list(text_files.read_side(tmp_path, "train", 1, text_files.Report(), LANGUAGES))


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        text_files.find("nowhere", "train", LANGUAGES)


def test_a_report_survives_json():
    report = text_files.Report()
    report.see("a.tsv", 1)
    report.add("no tab", "x" * 100)
    again = text_files.Report.from_dict(report.to_dict())
    assert again.summary() == report.summary()
    assert len(report.first["no tab"]) < 80
