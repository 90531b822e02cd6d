import os

import pytest

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
