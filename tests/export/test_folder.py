import os
import subprocess
import sys

import pytest

from t2t_vq.export import folder as folder_module
from t2t_vq.export.folder import check_free, filling


def write(folder):
    with open(os.path.join(folder, "file"), "w") as stream:
        stream.write("content")


def test_what_was_written_is_there_afterwards_and_nothing_else(tmp_path):
    for folder in (tmp_path / "new" / "deep", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with filling(folder) as temporary:
            write(temporary)
            assert not (folder / "file").exists()
        assert [path.name for path in folder.iterdir()] == ["file"]


@pytest.mark.parametrize("mark", ["t2t_vq.json", "saved_model.pb", "model.bin"])
def test_what_an_export_is_known_by_comes_last(tmp_path, monkeypatch, mark):
    moved, replace = [], os.replace

    def note(path, target):
        moved.append(path.name)
        replace(path, target)

    monkeypatch.setattr(folder_module.os, "replace", note)
    with filling(tmp_path) as temporary:
        for name in ("a", mark, "z"):
            open(os.path.join(temporary, name), "w").close()
    assert sorted(moved[:2]) == ["a", "z"] and moved[2] == mark


def test_a_failure_leaves_a_folder_as_it_was(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        with pytest.raises(KeyboardInterrupt), filling(tmp_path / name) as temporary:
            write(temporary)
            raise KeyboardInterrupt
    assert list(tmp_path.rglob("*")) == [tmp_path / "empty"]


def test_a_folder_with_files_is_refused(tmp_path):
    write(tmp_path)
    with pytest.raises(FileExistsError, match=r"is not empty\. Choose another --export_dir"):
        check_free(tmp_path)


def test_what_is_in_the_way_is_named(tmp_path):
    for name in "abcdef":
        (tmp_path / name).touch()
    with pytest.raises(FileExistsError, match=r"is in the way: a, b, c, d, e, \.\.\.\.$"):
        check_free(tmp_path)


def test_what_a_killed_export_left_is_cleared(tmp_path):
    code = (
        "import os, sys; from t2t_vq.export.folder import filling\n"
        "with filling(sys.argv[1]) as folder: print(folder, flush=True); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE)
    assert os.path.isdir(killed.stdout.decode().strip())
    check_free(tmp_path)
    with filling(tmp_path) as temporary:
        write(temporary)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_is_being_exported_is_left_alone(tmp_path):
    with filling(tmp_path) as temporary:
        write(temporary)
        with pytest.raises(FileExistsError, match=r"is being exported to .* now\. Wait"):
            check_free(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_came_since_a_folder_was_found_free_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_module, "check_free", lambda export_dir: None)
    (tmp_path / "theirs").mkdir()
    with filling(tmp_path) as other, filling(tmp_path) as temporary:
        write(other)
        write(temporary)
        assert os.path.exists(os.path.join(other, "file"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "theirs"]


@pytest.mark.parametrize("name", ["file", "file/1", "file/deep/1"])
def test_a_file_is_no_folder(tmp_path, name):
    write(tmp_path)
    with pytest.raises(NotADirectoryError, match=r"file is a file\. Choose another --export_dir"):
        check_free(tmp_path / name)


@pytest.mark.skipif(os.getuid() == 0, reason="Nothing is read-only to root.")
def test_where_nothing_may_be_written_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match=r"only others may write to .*\. Choose another"):
        check_free(tmp_path / "new")
