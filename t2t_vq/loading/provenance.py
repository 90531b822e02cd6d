"""What is known of the model of a run."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any

from t2t_vq.paths import StrPath

if TYPE_CHECKING:
    from t2t_vq.run import Run


def about_run(path: StrPath, run: Run, checkpoint: str) -> dict[str, Any]:
    """Returns what a run and its checkpoint tell of a model, a dict that JSON can hold.

    There is no path of this machine in it, as exports hand it out.

    Args:
        path: folder of the run.
        run: its `t2t_vq.run.Run`.
        checkpoint: path of the checkpoint.
    """
    from t2t_vq.training.checkpoints import step_of
    from t2t_vq.training.validations import best_score

    return {
        **run.describe(),
        # As it is called in its run.
        "checkpoint": "/".join(pathlib.Path(checkpoint).parts[-2:]),
        "updates": step_of(str(checkpoint)),
        "best_validation_score": best_score(path),
    }
