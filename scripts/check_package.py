#!/usr/bin/env python3
"""Checks what an sdist and a wheel hold, and that the wheel works outside of the checkout.

    python scripts/check_package.py dist

The sdist holds every file that git tracks, and nothing else but what packaging adds; the wheel the
package with problems/ and hparams/ in it, and the licence. It is installed into a new environment
that borrows the libraries of this one, and tried in an empty folder.
"""

import pathlib
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile

TRIAL = """
import importlib.metadata, pathlib, sys
import numpy as np
import t2t_vq
from t2t_vq import registry
from t2t_vq.bottlenecks import VectorQuantizer

assert pathlib.Path(t2t_vq.__file__).is_relative_to(sys.prefix), t2t_vq.__file__
assert importlib.metadata.version("t2t-vq") == t2t_vq.__version__
assert "translate_ende_synthetic" in registry.describe() and "softem_nat" in registry.describe()
layer, x = VectorQuantizer(4), np.eye(8, dtype="float32")
layer.build(x.shape)
layer.adapt(x)
assert layer(x).codes.shape == (8, 1)
"""


def main():
    folder = pathlib.Path(sys.argv[1])
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    tracked = set(output("git", "ls-files").splitlines())
    check_sdist(sdist, tracked)
    check_wheel(wheel, tracked)
    try_wheel(wheel)
    print(f"{sdist.name} and {wheel.name} are whole, and the wheel works by itself.")


def output(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def check_sdist(path, tracked):
    """Refuses an sdist that lacks what is tracked, or holds more."""
    with tarfile.open(path) as archive:
        files = {each.name.partition("/")[2] for each in archive.getmembers() if each.isfile()}
    refuse(path, "lacks", tracked - files, "Add them to MANIFEST.in.")
    added = {name for name in files if name in ("PKG-INFO", "setup.cfg") or ".egg-info/" in name}
    refuse(path, "holds, though git does not track them,", files - tracked - added, "Remove them.")


def check_wheel(path, tracked):
    """Refuses a wheel that lacks a part of the package or the licence, or holds more."""
    with zipfile.ZipFile(path) as archive:
        files = set(archive.namelist())
    rooms = {"t2t_vq": "t2t_vq", "problems": "t2t_vq/problems", "hparams": "t2t_vq/hparams"}
    expected = {
        f"{rooms[room]}/{rest}"
        for room, _, rest in (name.partition("/") for name in tracked)
        if room in rooms
    }
    about = {name for name in files if name.partition("/")[0].endswith(".dist-info")}
    refuse(path, "lacks", expected - files, "See packages and package_data in setup.py.")
    refuse(path, "holds", files - expected - about, "See packages in setup.py.")
    if not any(name.endswith("/licenses/LICENSE") for name in about):
        refuse(path, "lacks", {"LICENSE"}, "See license_files in setup.py.")


def refuse(path, what, names, advice):
    if names:
        sys.exit(f"{path.name} {what} {', '.join(sorted(names))}. {advice}")


def try_wheel(path):
    """Installs a wheel into an environment of its own, and uses it there."""
    with tempfile.TemporaryDirectory() as folder:
        root, empty = pathlib.Path(folder) / "environment", pathlib.Path(folder) / "empty"
        empty.mkdir()
        venv.create(root)
        python = root / "bin" / "python"
        install = (sys.executable, "-m", "pip", "--python", python, "install", "--no-deps")
        output(*install, "--quiet", "--no-index", path.resolve())
        # Behind its own, and without the .pth file by which they may hold the checkout.
        (own,) = root.glob("lib/python*/site-packages")
        borrowed = [each for each in sys.path if each.endswith("site-packages")]
        (own / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
        output(python, "-c", TRIAL, cwd=empty)
        for flag, word in (("--help", "--problem"), ("--registry_help", "softem_nat")):
            told = subprocess.run(
                [root / "bin" / "t2t-vq-train", flag], capture_output=True, text=True, cwd=empty
            ).stdout
            if word not in told:
                sys.exit(f"The wheel's t2t-vq-train {flag} does not tell of {word}: {told}")


if __name__ == "__main__":
    main()
