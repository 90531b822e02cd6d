import os
import sys
import types

import pytest

from t2t_vq.cli import streams


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "out"
    with streams.writer(str(path)) as stream:
        stream.write(b"a\n")
        assert not path.exists()
    assert path.read_bytes() == b"a\n"
    with pytest.raises(OSError, match="full"), streams.writer(str(path)) as stream:
        stream.write(b"b\n")
        raise OSError("full")
    assert path.read_bytes() == b"a\n" and os.listdir(tmp_path) == ["out"]


def test_what_a_link_points_to_is_written(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "out")
    with streams.writer(str(tmp_path / "link")) as stream:
        stream.write(b"a\n")
    assert (tmp_path / "out").read_bytes() == b"a\n" and (tmp_path / "link").is_symlink()


def test_a_pipe_is_written_and_stays_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with streams.writer(str(tmp_path / "pipe")) as stream:
        stream.write(b"a\n")
    assert os.read(reader, 10) == b"a\n" and (tmp_path / "pipe").is_fifo()
    os.close(reader)


@pytest.mark.parametrize("name", ["out", "é" * 120])
def test_no_file_of_the_users_is_taken_for_a_temporary_one(tmp_path, name):
    (tmp_path / f"{name}.tmp").write_bytes(b"mine\n")
    with streams.writer(str(tmp_path / name)) as stream:
        stream.write(b"a\n")
    assert (tmp_path / f"{name}.tmp").read_bytes() == b"mine\n"
    assert sorted(os.listdir(tmp_path)) == sorted([name, f"{name}.tmp"])


def test_of_two_writers_at_once_each_writes_a_whole_file(tmp_path):
    path = tmp_path / "out"
    with streams.writer(str(path)) as first:
        with streams.writer(str(path)) as second:
            first.write(b"first\n")
            second.write(b"second, which is longer\n")
        assert path.read_bytes() == b"second, which is longer\n"
    assert path.read_bytes() == b"first\n"


def test_a_file_may_take_the_place_of_what_was_read(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"a\nb\n")
    with streams.reader(str(path)) as lines, streams.writer(str(path)) as written:
        for line in lines:
            written.write(line.upper())
    assert path.read_bytes() == b"A\nB\n"


def test_a_name_of_standard_output_is_standard_output(tmp_path, monkeypatch):
    (tmp_path / "all").write_bytes(b"before\n")
    with open(tmp_path / "all", "ab") as redirected:
        stdout = types.SimpleNamespace(buffer=redirected, fileno=redirected.fileno)
        monkeypatch.setattr(sys, "stdout", stdout)
        with streams.writer(str(tmp_path / "all")) as stream:
            stream.write(b"a\n")
    assert (tmp_path / "all").read_bytes() == b"before\na\n"


def test_a_folder_is_no_file_to_read(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "FLAGS", {"inputs": types.SimpleNamespace(value=str(tmp_path))})
    with pytest.raises(FileNotFoundError, match="is a folder, and a file to read is needed"):
        streams.check_input("inputs")


def test_standard_output_is_no_file_that_is_read(tmp_path, monkeypatch):
    flags = {"inputs": types.SimpleNamespace(value=str(tmp_path / "text"))}
    flags["outputs"] = types.SimpleNamespace(value="-")
    monkeypatch.setattr(streams, "FLAGS", flags)
    with open(tmp_path / "text", "w") as text, open(tmp_path / "other", "w") as other:
        monkeypatch.setattr(sys, "stdout", other)
        streams.check_output("outputs", ["inputs"])
        monkeypatch.setattr(sys, "stdout", text)
        flags["outputs"].value = str(tmp_path / "text")
        with pytest.raises(ValueError, match="is read, and would be written over"):
            streams.check_output("outputs", ["inputs"])
        flags["outputs"].value = "-"
        with pytest.raises(ValueError, match=r"would be written over\. Give --outputs another"):
            streams.check_output("outputs", ["inputs"])


def test_what_is_read_is_not_written_over(tmp_path, monkeypatch):
    (tmp_path / "text").write_bytes(b"a\n")
    (tmp_path / "link").symlink_to(tmp_path / "text")
    flags = {"inputs": types.SimpleNamespace(value=str(tmp_path / "text"))}
    flags["outputs"] = types.SimpleNamespace(value=str(tmp_path / "link"))
    monkeypatch.setattr(streams, "FLAGS", flags)
    with pytest.raises(ValueError, match="text is read, and would be written over"):
        streams.check_output("outputs", ["inputs"])
