"""Where a figure comes from: machine, versions and commit. Shared by the scripts that measure."""

import importlib.metadata
import pathlib
import platform
import re
import subprocess

from t2t_vq import processors


def provenance(packages):
    """Returns `machine`, `versions` and `commit` as text.

    Args:
        packages: names of the distributions whose versions matter; those not installed are left
            out.
    """
    git = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=pathlib.Path(__file__).parent,
        capture_output=True,
        text=True,
    )
    versions = (f"{name} {version(name)}" for name in packages if version(name))
    return {
        "machine": f"{processor()}, {processors.usable()} cores, {platform.system()}",
        "versions": f"python {platform.python_version()}, {', '.join(versions)}",
        "commit": git.stdout.strip() or "unknown",
    }


def version(package):
    """Returns the version of an installed distribution, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def processor():
    """Returns the processor's name."""
    names = pathlib.Path("/proc/cpuinfo")
    found = names.exists() and re.search(r"model name\s*: (.*)", names.read_text())
    return found[1] if found else platform.processor() or platform.machine()
