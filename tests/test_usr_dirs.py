import pathlib
import pwd

import pytest

from t2t_vq import usr_dirs


@pytest.fixture(autouse=True)
def new_machine(tmp_path, monkeypatch):
    """One on which nobody has named anything."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(usr_dirs, "_NAMED", set())


@pytest.fixture
def next_process(monkeypatch):
    """A function that forgets what was named in this process."""
    return lambda: monkeypatch.setattr(usr_dirs, "_NAMED", set())


def test_what_nobody_has_named_is_refused(tmp_path):
    usr_dirs.note(tmp_path / "mine")
    with pytest.raises(ValueError, match=r"code in .*theirs, which nobody has named"):
        usr_dirs.check_named(tmp_path / "theirs", "run")


def test_every_folder_that_was_named_stays_so(tmp_path, next_process):
    for name in ("one", "two", "one"):
        usr_dirs.note(tmp_path / name)
        next_process()
    for name in ("one", "two"):
        usr_dirs.check_named(tmp_path / name, "run")
    assert not usr_dirs.named_now()


def test_a_note_says_which_folder_it_is_of(tmp_path):
    usr_dirs.note(tmp_path / "mine")
    (note,) = filter(pathlib.Path.is_file, (tmp_path / "config").rglob("*"))
    assert note.read_text() == str(tmp_path / "mine")


def test_without_a_home_a_folder_is_named_in_this_process_alone(
    tmp_path, next_process, monkeypatch
):
    def nobody(number):
        raise KeyError(number)

    for name in ("XDG_CONFIG_HOME", "HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.chdir(tmp_path)
    usr_dirs.note(tmp_path)
    usr_dirs.check_named(tmp_path, "run")
    next_process()
    with pytest.raises(ValueError, match="nobody has named"):
        usr_dirs.check_named(tmp_path, "run")
    assert list(tmp_path.iterdir()) == []
