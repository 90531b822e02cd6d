"""What the commands that use a trained model share: which run, which checkpoint, which search."""

import dataclasses
from typing import Any

from absl import flags as absl_flags

from t2t_vq import loading
from t2t_vq import run as runs
from t2t_vq.decoding.options import BATCH_SIZE, Search
from t2t_vq.errors import InvalidError
from t2t_vq.formats import exported
from t2t_vq.paths import StrPath

FLAGS = absl_flags.FLAGS


# What says how to translate.
_SEARCH = (
    *("beam_size", "alpha", "num_samples", "temperature", "passes", "refinements"),
    *("rescore_with", "rescore_checkpoint", "batch_size"),
)


def define_run() -> None:
    """Defines the flags that choose a trained model."""
    absl_flags.DEFINE_string("output_dir", None, "Folder of the run, as t2t-vq-train was given.")
    define_data_dir()
    define_checkpoint()


def define_data_dir() -> None:
    """Defines the flag for a run that was copied, or whose data was."""
    absl_flags.DEFINE_string(
        "data_dir", None, "Folder of the run's data, if that is not where it was trained."
    )


def define() -> None:
    """Defines the flags that choose a trained model and how it searches."""
    define_run()
    define_search()
    absl_flags.DEFINE_integer("num_samples", 0, "Sequences to draw instead of a beam.", 0)
    absl_flags.DEFINE_float(
        "temperature", 0.5, "Of the distribution that --num_samples are drawn from.", 1e-3
    )
    absl_flags.DEFINE_integer(
        "passes", 1, "In which a masked latent predictor finds its codes; 1 is fastest.", 1
    )
    absl_flags.DEFINE_integer(
        "refinements", 0, "Times that a parallel decoder decodes again from its translation.", 0
    )
    absl_flags.DEFINE_string(
        "rescore_with",
        None,
        "Folder of a run that chooses among the beam or the samples, a teacher say; or self.",
    )
    absl_flags.DEFINE_string(
        "rescore_checkpoint", "best", "Of the run that --rescore_with names, as --checkpoint."
    )


def define_export_dir() -> None:
    """Defines the flag that chooses an exported model instead of a run."""
    absl_flags.DEFINE_string(
        "export_dir",
        None,
        "Folder that t2t-vq-export --format=openvino or onnx wrote, instead of --output_dir.",
    )


def define_checkpoint() -> None:
    """Defines the flag that chooses a run's checkpoint."""
    absl_flags.DEFINE_string(
        "checkpoint",
        "best",
        "best (in validation), latest, average (by t2t-vq-average), or a checkpoint's prefix.",
    )


def define_search(beam_size: int = 1) -> None:
    """Defines the flags that say how a model searches, whatever model it is."""
    absl_flags.DEFINE_integer("beam_size", beam_size, "Sequences in the search; 1 is greedy.", 1)
    absl_flags.DEFINE_float("alpha", 0.6, "Exponent of the length penalty of a beam.", 0.0)


def define_batch_size() -> None:
    """Defines the flag for commands that translate here and now."""
    absl_flags.DEFINE_integer(
        "batch_size",
        BATCH_SIZE,
        "Most candidates decoded together; more suit a GPU, fewer need less memory.",
        1,
    )


def refuse_search() -> None:
    """Refuses flags that say how to translate, for a run that does not.

    Raises:
        ValueError: when one of them is given.
    """
    for name in _SEARCH:
        if name in FLAGS and FLAGS[name].present:
            raise InvalidError(
                f"--{name} is for translation, and the run in {FLAGS.output_dir} is one of images. "
                "Leave it out."
            )


def is_exported() -> bool:
    """Returns whether the flags choose an exported model rather than a run.

    Raises:
        ValueError: when they choose both, or none.
    """
    if FLAGS.output_dir and FLAGS.export_dir:
        raise InvalidError(
            "--output_dir names a run and --export_dir an exported model. Give one of the two."
        )
    if not (FLAGS.output_dir or FLAGS.export_dir):
        raise InvalidError(
            "--output_dir is missing. Give it, or --export_dir for an exported model; --help lists "
            "all flags."
        )
    return bool(FLAGS.export_dir)


def load_exported(data_dir: StrPath | None = None) -> Any:
    """Returns the exported translation model that the flags choose, as `t2t_vq.load` does.

    Args:
        data_dir: folder of the data of its problem, to score on.

    Raises:
        ValueError: when flags are given that only a run can follow, or it is one of images.
    """
    for name in ("checkpoint", *_SEARCH):
        if name != "batch_size" and FLAGS[name].present:
            raise InvalidError(
                f"--{name} is chosen when a model is exported, and {FLAGS.export_dir} holds what "
                "was chosen. Leave it out, or export again with it."
            )
    if (task := exported.load(FLAGS.export_dir).task) != "translation":
        raise InvalidError(
            f"{FLAGS.export_dir} holds a model of {task}, and one of translation is needed. Name "
            "the folder of such a model."
        )
    return loading.load(FLAGS.export_dir, batch_size=FLAGS.batch_size, data_dir=data_dir)


def search() -> Search:
    """Returns the `Search` that the flags describe."""
    names = [field.name for field in dataclasses.fields(Search)]
    given: dict[str, Any] = {name: FLAGS[name].value for name in names if name in FLAGS}
    return Search(**given)


def load(task: str | None = None) -> Any:
    """Returns the model of a run that the flags choose, as `t2t_vq.load` does.

    Args:
        task: what it must be of, "translation" or "images"; by default any.

    Raises:
        ValueError: when it is of another, or flags are given that it cannot follow.
    """
    options = {"checkpoint": FLAGS.checkpoint, "data_dir": FLAGS.data_dir}
    if runs.load(FLAGS.output_dir, task, FLAGS.data_dir).hparams.task == "images":
        refuse_search()
    else:
        names = ("rescore_with", "rescore_checkpoint", "batch_size")
        options.update({name: FLAGS[name].value for name in names if name in FLAGS})
        options["search"] = search()
    return loading.load(FLAGS.output_dir, **options)
