"""The mean of a run's newest checkpoints, whose weights often translate better than the last."""

import pathlib

import numpy as np

from t2t_vq import run as runs
from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath, expanded
from t2t_vq.training.checkpoints import checkpoints_in, load_weights, save_weights, step_of


def average_checkpoints(
    output_dir: StrPath, last: int | None = None, data_dir: StrPath | None = None
) -> tuple[str, list[int]]:
    """Writes the mean of the newest checkpoints to `output_dir/average/ckpt-STEP`.

    Trainable weights are averaged, in float64. All else is the newest checkpoint's, as STEP is:
    states of random generators, steps, and codebooks that learn by expectation-maximisation with
    their counts and sums. Such a codebook is a moving average already, and the mean of a code
    before and after it restarted elsewhere would be a code for neither. (A codebook that learns by
    gradient is a trainable weight; to average it without harm its codes must have stopped dying.)

    `load_weights(model, output_dir, "average")` reads it back, and so does `--checkpoint=average`.

    Args:
        output_dir: folder of the run.
        last: checkpoints to average, at least 2; by default all that `output_dir/latest` holds.
            Those from before a codebook's start count for nothing.
        data_dir: where the run's data lies, if it is elsewhere than when it was trained.

    Returns:
        `(path of the checkpoint, list of the steps that were averaged)`.

    Raises:
        FileNotFoundError: when the run is missing.
        ValueError: when there are too few checkpoints, one cannot be read, or one belongs to
            another model.

    Reference:
        "Attention Is All You Need" (Vaswani et al., arXiv 1706.03762), section 6.1.

    Example:
        >>> path, steps = average_checkpoints("runs/mine", last=2)
        >>> steps
        [2, 3]
        >>> model = t2t_vq.load("runs/mine", checkpoint="average")
    """
    output_dir = expanded(output_dir)
    run = runs.load(output_dir, data_dir=expanded(data_dir))
    model = run.make_model()
    folder = pathlib.Path(output_dir) / "latest"
    sums = [np.zeros(variable.shape, np.float64) for variable in model.trainable_variables]
    steps: list = []
    # The newest comes last and leaves in the model what is not averaged.
    for path in _newest(folder, last):
        load_weights(model, output_dir, path)
        if model.has_started():
            steps.append(step_of(path))
            for total, variable in zip(sums, model.trainable_variables, strict=True):
                total += np.array(variable)
    _check_enough(len(steps), last, folder, model.startup_steps)
    for total, variable in zip(sums, model.trainable_variables, strict=True):
        variable.assign(total / len(steps))
    return save_weights(model, pathlib.Path(output_dir) / "average", steps[-1]), steps


def _newest(folder, last):
    if last is not None and last < 2:
        raise InvalidError(f"last={last} is no number of checkpoints to average. Give 2 or more.")
    paths = checkpoints_in(folder)
    return paths[-last:] if last else paths


def _check_enough(found, last, folder, startup_steps):
    needed = last or 2
    if found < needed:
        fewer = ", or average fewer with --last" if found >= 2 else ""
        after = f" from after update {startup_steps}, the codebook's start," * bool(startup_steps)
        raise InvalidError(
            f"{folder} holds {found} of the {needed} checkpoints{after} to average. Train on "
            f"with t2t-vq-train --keep_checkpoints={max(needed, 5)} and a smaller "
            f"--eval_frequency, so that more are saved and kept{fewer}."
        )
