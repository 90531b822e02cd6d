"""Training by names, as the command line does it."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from t2t_vq import registry
from t2t_vq.paths import StrPath, expanded
from t2t_vq.run import DATA_DIR, Run, languages_given

if TYPE_CHECKING:
    from t2t_vq.training.validations import Best

_UNUSUAL = r"[^\w.=+-]+"
_LONGEST = 150


def train(
    problem: str,
    hparams: str,
    output_dir: StrPath | None = None,
    data_dir: StrPath = DATA_DIR,
    *,
    source_language: str | None = None,
    target_language: str | None = None,
    train_steps: int | None = None,
    eval_frequency: int | None = None,
    seed: int = 0,
    precision: str = "float32",
    usr_dir: StrPath | None = None,
    **options: Any,
) -> tuple[StrPath, Best]:
    """Trains a model, preparing its data if that is missing; goes on where it stopped.

    Args:
        problem: registered name of the problem.
        hparams: name of a hyper-parameter set, with overrides: "softem_nat_tiny,dropout=0.2".
        output_dir: folder of the run; by default one below t2t_vq_runs, named after it.
        data_dir: folder of the prepared data.
        source_language, target_language: codes, for a problem that takes any pair; by default those
            of the data that there is.
        train_steps, eval_frequency: updates, instead of the set's.
        seed: of everything random.
        precision: "float32" or "mixed_bfloat16".
        usr_dir: folder of your own registrations, imported first.
        **options: see `t2t_vq.training.trainer.train`: source_dir, eval_steps, keep_checkpoints and
            strategy.

    Returns:
        `(output_dir, best)`: the folder, which `t2t_vq.load` takes, and the `Best` validation.

    Raises:
        registry.UnknownNameError: for a name that is not registered.
        ValueError: for hyper-parameters that nothing can be trained with, and more: see
            `t2t_vq.training.trainer.train`.

    Example:
        >>> output_dir, best = t2t_vq.train(
        ...     "translate_ende_synthetic", "transformer_tiny,hidden_size=32", train_steps=2)
        >>> t2t_vq.load(output_dir).step
        2
    """
    if usr_dir:
        registry.import_usr_dir(usr_dir)
    run = Run.create(
        problem,
        hparams,
        data_dir,
        languages_given(source_language, target_language),
        seed=seed,
        precision=precision,
        usr_dir=usr_dir or "",
    )
    given = {"train_steps": train_steps, "eval_frequency": eval_frequency}
    changed: Any = {name: value for name, value in given.items() if value is not None}
    run = dataclasses.replace(run, hparams=dataclasses.replace(run.hparams, **changed))
    default = default_output_dir(problem, hparams, seed, run.languages)
    output_dir = expanded(output_dir or default)

    # Mistakes so far are told before the seconds that this takes.
    from t2t_vq.training import trainer

    return output_dir, trainer.train(run, output_dir, **options)


def default_output_dir(
    problem: str, hparams: str, seed: int = 0, languages: Sequence[str] = ()
) -> str:
    """Returns the folder of a run that names none.

    Args:
        problem: name of the problem.
        hparams: the set with its overrides, as it was given.
        seed: of everything random; 0 is not told.
        languages: of the problem, if it takes any.

    Example:
        >>> default_output_dir("translate_ende_synthetic", "softem_nat_tiny,dropout=0.2", seed=1)
        't2t_vq_runs/translate_ende_synthetic-softem_nat_tiny-dropout=0.2-seed=1'
    """
    # Brackets are patterns to TensorFlow, and file systems take names of some length only.
    name = "-".join((problem, *languages, re.sub(_UNUSUAL, "-", hparams).strip("-")))
    if seed:
        name += f"-seed={seed}"
    if len(name) > _LONGEST:
        digest = hashlib.sha256(f"{hparams} {seed}".encode()).hexdigest()[:8]
        name = f"{name[: _LONGEST - 9]}-{digest}"
    return f"t2t_vq_runs/{name}"
