import json
import os
import subprocess
import sys
import tempfile

import pytest

from t2t_vq import atomic


def test_what_a_killed_process_left_is_cleared_and_what_a_live_one_writes_is_not(tmp_path):
    path = tmp_path / "file"
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    with atomic.replacing(path) as mine:
        mine.write_bytes(b"new")
        number = f".{os.getpid()}."
        dead = mine.with_name(mine.name.replace(number, f".{ended.pid}."))
        live = mine.with_name(mine.name.replace(number, f".{os.getppid()}."))
        elsewhere = mine.with_name(f"file.elsewhere.{ended.pid}.tmp")
        other = mine.with_name(f"other{dead.name}")
        for left in (dead, live, elsewhere, other):
            left.touch()
    atomic.write_bytes(path, b"newer")
    assert sorted(tmp_path.iterdir()) == sorted([path, live, elsewhere, other])


def test_what_a_process_of_another_container_writes_is_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "file"
    # There it has a number that nobody has here.
    monkeypatch.setattr(atomic, "_lives", lambda process: False)
    with atomic.replacing(path) as theirs:
        theirs.write_bytes(b"theirs")
        atomic.write_bytes(path, b"ours")
        assert sorted(tmp_path.iterdir()) == sorted([path, theirs])
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    told = rf"{tmp_path}/x/y .*Permission denied: {tmp_path}\)\. Choose another --some_dir"
    with pytest.raises(PermissionError, match=told):
        atomic.check_writable(tmp_path / "x" / "y", "--some_dir")


def test_looking_whether_a_folder_can_be_written_leaves_nothing(tmp_path):
    atomic.check_writable(tmp_path / "x" / "y", "--some_dir")
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_no_utf8_comes_back_from_json(tmp_path):
    path, values = tmp_path / "x.json", {"ü": os.fsdecode(b"\xff\\")}
    atomic.write_json(path, values)
    assert json.loads(path.read_text(encoding="utf-8")) == values


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "file"
    atomic.write_bytes(path, b"old")
    with pytest.raises(KeyboardInterrupt), atomic.replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
