"""The folders whose code a person has had imported on this machine.

A run may come from anybody, and names the folder of the code that it was trained with. That is
imported only after the person named the same folder: with --usr_dir, now or before.
"""

import contextlib
import json
import os
import pathlib

# In this process.
_NAMED = set()


def note(usr_dir):
    """Notes that a person has named a folder."""
    name = str(pathlib.Path(usr_dir).expanduser().resolve())
    is_known = name in _named()
    _NAMED.add(name)
    if is_known:
        return
    path = _path()
    # Where nothing can be written, it is named again each time.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        temporary.write_text(json.dumps(sorted(_named()), indent=1), encoding="utf-8")
        os.replace(temporary, path)


def check_named(usr_dir, output_dir):
    """Refuses a folder that no person has named on this machine.

    Args:
        usr_dir: the folder.
        output_dir: of the run that wants it imported.

    Raises:
        ValueError: then; says how to name it.
    """
    if str(pathlib.Path(usr_dir).resolve()) not in _named():
        raise ValueError(
            f"The run in {output_dir} was trained with code in {usr_dir}, which nobody has named "
            "on this machine, so it is not imported. Look at that code, and if you trust it name "
            f"it: --usr_dir={usr_dir}"
        )


def _path():
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return pathlib.Path(base).expanduser() / "t2t_vq" / "usr_dirs.json"


def named_now():
    """Returns whether a person has named a folder in this process."""
    return bool(_NAMED)


def _named():
    try:
        before = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = []
    # What is damaged names none, as on a new machine.
    before = before if isinstance(before, list) else []
    return _NAMED | {name for name in before if isinstance(name, str)}
