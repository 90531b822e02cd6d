"""Trained models as objects that do what such a model can: of a run's folder, or of an export."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from t2t_vq import registry
from t2t_vq import run as runs
from t2t_vq.decoding.options import BATCH_SIZE, GREEDY, check_batch_size
from t2t_vq.errors import InvalidError, MissingError
from t2t_vq.formats import exported as formats
from t2t_vq.loading.from_run import load_image_codec, load_translator
from t2t_vq.paths import StrPath, expanded

if TYPE_CHECKING:
    from t2t_vq.decoding.options import Search
    from t2t_vq.loading.loaded import Loaded

_SAVED_MODEL = "saved_model.pb"


def load(
    path: StrPath,
    checkpoint: str = "best",
    search: Search = GREEDY,
    rescore_with: StrPath | None = None,
    rescore_checkpoint: str = "best",
    batch_size: int | None = None,
    data_dir: StrPath | None = None,
    usr_dir: StrPath | None = None,
) -> Loaded:
    """Loads a trained model, of a run or of an export with networks.

    Nothing else in this process changes: neither Keras's settings nor anybody's random numbers.

    Args:
        path: folder of a run (`t2t-vq-train`), or of an export (`t2t-vq-export --format=openvino`
            or `onnx`), which runs without TensorFlow.
        checkpoint: of a run, "best" (in validation), "latest", "average", or a checkpoint's prefix.
        search: a `t2t_vq.decoding.options.Search`, of a run that translates. Default: greedy.
        rescore_with: folder of another run, which chooses among the search's candidates, or "self".
        rescore_checkpoint: of that run.
        batch_size: most candidates or images worked on together; by default 64 and 100.
        data_dir: folder of the data of its problem, if it is elsewhere than when it was trained.
            An export does not know where that is; only scoring needs it.
        usr_dir: folder of your own registrations, if the run needs any.

    Returns:
        A `TrainedTranslator` or `TrainedCodec` of a run, a `LoadedTranslator` or `LoadedCodec` of
        an export.

    Raises:
        FileNotFoundError: when there is no such run, export, data or checkpoint.
        ValueError: when something in it is damaged or does not fit, or an option is not for it.

    Example:
        >>> model = t2t_vq.load("runs/mine")
        >>> translations = model.translate(["The dog sleeps."])
        >>> model.task, model.hparams.model
        ('translation', 'transformer_nat')
    """
    if batch_size is not None:
        check_batch_size(batch_size)
    if usr_dir:
        registry.import_usr_dir(usr_dir)
    path, data_dir = pathlib.Path(expanded(path)), expanded(data_dir)
    chosen = {
        "search": search != GREEDY,
        "rescore_with": rescore_with is not None,
        "rescore_checkpoint": rescore_checkpoint != "best",
    }
    given = [name for name, is_given in chosen.items() if is_given]
    checkpoint, rescore_checkpoint = expanded(checkpoint), expanded(rescore_checkpoint)
    if (path / formats.FILE).is_file():
        given += ["checkpoint"] if checkpoint != "best" else []
        return _load_export(path, given, batch_size, data_dir)
    if (path / _SAVED_MODEL).is_file():
        raise InvalidError(
            f"{path} holds a SavedModel, which TensorFlow loads: tf.saved_model.load. Name a run, "
            "or an export with --format=openvino or onnx."
        )
    if not (path / runs.FILE).exists():
        raise MissingError(
            f"{path} holds neither a run nor an export: there is no {runs.FILE} and no "
            f"{formats.FILE} in it. Name the folder of one: what t2t-vq-train or t2t-vq-export "
            "wrote to."
        )
    if runs.load(path, data_dir=data_dir).hparams.task == "images":
        if given:
            raise InvalidError(
                f"The run in {path} is one of images, and a search is for translation. Leave "
                f"{given[0]} out."
            )
        return load_image_codec(path, checkpoint, data_dir, batch_size)
    rescoring = (expanded(rescore_with), rescore_checkpoint)
    size = BATCH_SIZE if batch_size is None else batch_size
    return load_translator(path, checkpoint, search, *rescoring, size, data_dir)


def _load_export(path, refused, batch_size, data_dir):
    from t2t_vq import runtime
    from t2t_vq.loading.loaded_codec import LoadedCodec
    from t2t_vq.loading.loaded_translator import LoadedTranslator

    if refused:
        raise InvalidError(
            f"{refused[0]} is chosen when a model is exported, and {path} holds what was chosen. "
            "Leave it out, or export again with it."
        )
    description = formats.load(path)
    model = runtime.load(path, batch_size)
    about = {
        **description.provenance,
        "engine": description.engine,
        "export_precision": description.precision,
    }
    if description.task == "images":
        return LoadedCodec(path, about, model)
    return LoadedTranslator(path, about, model, data_dir)
