"""Tabulates runs: what each was trained for, and its best validation.

    t2t-vq-runs --runs_dir=t2t_vq_runs

Looks for runs in the folder and in all below it. Runs of one measure stand together, as they were
validated, best first.
"""

import json
import math
import pathlib
import sys
from collections.abc import Iterable

from absl import flags as absl_flags

from t2t_vq import config, registry
from t2t_vq import run as runs
from t2t_vq.cli import flags
from t2t_vq.errors import MissingError

FLAGS = absl_flags.FLAGS
_HEAD = ("run", "problem", "seed", "validated", "best", "measure", "at update", "hparams")
_NUMBERS = ("seed", "validated", "best", "at update")


def _define():
    absl_flags.DEFINE_string("runs_dir", "t2t_vq_runs", "Folder that holds the folders of runs.")


def main() -> None:
    """Tabulates the runs in `--runs_dir`."""
    folder = pathlib.Path(FLAGS.runs_dir)
    found = sorted(path.parent for path in folder.rglob(runs.FILE))
    if not found:
        raise MissingError(
            f"{folder} holds no run. Train one with t2t-vq-train, or correct --runs_dir."
        )
    if told := table(folder, found):
        print(told)
    if ",..." in told:
        print(
            "Where three dots stand, a set is in code of yours: --usr_dir imports it, and shows "
            "what a run changed in it.",
            file=sys.stderr,
        )


def table(folder: pathlib.Path, paths: Iterable[pathlib.Path]) -> str:
    """Returns the table of runs as a text, empty without any that can be read.

    A run that cannot be read is told on standard error.

    Args:
        folder: what paths are told from.
        paths: folders of runs.
    """
    found = []
    for path in paths:
        try:
            found.append((path.relative_to(folder), runs.read_file(path)))
        except (ValueError, OSError) as error:
            print(error, file=sys.stderr)
    if not found:
        return ""
    rows = [_row(*each) for each in sorted(found, key=_rank)]
    lines = [dict(zip(_HEAD, _HEAD, strict=True)), *rows]
    widths = {name: max(len(line[name]) for line in lines) for name in _HEAD}
    return "\n".join(
        "  ".join(
            line[name].rjust(widths[name]) if name in _NUMBERS else line[name].ljust(widths[name])
            for name in _HEAD
        ).rstrip()
        for line in lines
    )


def _rank(found):
    path, content = found
    best = content.best
    if best.value is None:
        return best.measure, math.inf, path
    return best.measure, best.value if best.lower_is_better else -best.value, path


def _row(path, content):
    best = content.best
    return {
        "run": str(path),
        "problem": " ".join(filter(None, (content.problem, "-".join(content.languages)))),
        "hparams": ",".join(filter(None, (content.hparams_set, _overrides(content)))),
        "seed": str(content.seed),
        "validated": f"{best.validated:,}" if best.validated else "",
        "best": "" if best.value is None else f"{best.value:.2f}",
        "measure": best.measure,
        "at update": f"{best.updates:,}" if best.updates else "",
    }


def _overrides(content):
    """Returns how a run's hyper-parameters differ from its set, whatever they mean."""
    try:
        base = _flat(config.to_dict(registry.hparams(content.hparams_set)))
    except registry.UnknownNameError:
        # It is in code of the user's, which is not imported.
        return "..."
    own = _flat(content.hparams)
    return ",".join(f"{name}={value}" for name, value in own.items() if base.get(name) != value)


def _flat(values, prefix=""):
    """Returns nested dicts as one, of texts by the names that overrides have."""
    found = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found.update(_flat(value, prefix if name == "own" else f"{prefix}{name}."))
        else:
            found[prefix + name] = json.dumps(value).replace('"', "").replace("null", "none")
    return found


def run() -> None:
    """Entry point of `t2t-vq-runs`."""
    flags.run(main, __doc__, (), define=_define)
