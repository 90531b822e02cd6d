"""A finished run as a translator, or as a codec of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from t2t_vq import run as runs
from t2t_vq.decoding.options import BATCH_SIZE, GREEDY, check_choice
from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath

if TYPE_CHECKING:
    from t2t_vq.decoding.options import Search
    from t2t_vq.loading.trained_codec import TrainedCodec
    from t2t_vq.loading.trained_translator import TrainedTranslator


def load_translator(
    output_dir: StrPath,
    checkpoint: str = "best",
    search: Search = GREEDY,
    rescore_with: StrPath | None = None,
    rescore_checkpoint: str = "best",
    batch_size: int = BATCH_SIZE,
    data_dir: StrPath | None = None,
) -> TrainedTranslator:
    """Loads a trained translation model.

    Args:
        output_dir: folder of the run.
        checkpoint: see `t2t_vq.training.checkpoints.load_weights`.
        search: a `t2t_vq.decoding.options.Search`. Default: greedy.
        rescore_with: folder of another run, which chooses among the search's candidates; or
            "self": the model itself does.
        rescore_checkpoint: of that other run, as `checkpoint`.
        batch_size: most candidates decoded together.
        data_dir: where the run's data lies, if it is elsewhere than when it was trained.

    Raises:
        FileNotFoundError: when there is no such run, data or checkpoint.
        ValueError: when a checkpoint does not fit or cannot be read, the run that rescores has
            another vocabulary or direction, or there is a `rescore_checkpoint` and no such run.

    Example:
        >>> from t2t_vq.decoding.options import Search
        >>> model = load_translator(
        ...     "runs/student", search=Search(beam_size=4), rescore_with="runs/teacher")
        >>> model.search.beam_size
        4
    """
    check_choice(search, rescore_with is not None)
    if rescore_checkpoint != "best" and rescore_with in (None, "self"):
        raise InvalidError(
            f"rescore_checkpoint={rescore_checkpoint} is for another run that rescores, and there "
            "is none. Give its folder as rescore_with, or leave rescore_checkpoint out."
        )
    run = runs.load(output_dir, "translation", data_dir)
    problem = run.make_problem()
    tokenizer = problem.tokenizer(run.data_dir)
    other = None
    if rescore_with is not None and rescore_with != "self":
        other = runs.load(rescore_with, "translation")
        _check_alike(rescore_with, other, problem, tokenizer)

    # Mistakes so far are told before the seconds that these take.
    from t2t_vq.loading.trained_translator import TrainedTranslator
    from t2t_vq.training.checkpoints import load_weights
    from t2t_vq.translator import Translator

    rescorer = None
    if rescore_with is not None and other:
        rescorer = other.make_model(problem.model_arguments(run.data_dir))
        load_weights(rescorer, rescore_with, rescore_checkpoint)
    model = run.make_model()
    path = load_weights(model, output_dir, checkpoint)
    if rescore_with == "self":
        rescorer = model
    hparams: Any = run.hparams
    translator = Translator(model, tokenizer, hparams.max_length, search, rescorer, batch_size)
    return TrainedTranslator(output_dir, run, translator, path)


def load_image_codec(
    output_dir: StrPath,
    checkpoint: str = "best",
    data_dir: StrPath | None = None,
    batch_size: int | None = None,
) -> TrainedCodec:
    """Loads a trained image model.

    Args:
        output_dir: folder of the run.
        checkpoint: see `t2t_vq.training.checkpoints.load_weights`.
        data_dir: as in `load_translator`.
        batch_size: images in a batch; by default the codec's own.

    Raises:
        FileNotFoundError: when there is no such run, data or checkpoint.
        ValueError: when the run is not one of images, or the checkpoint cannot be used.

    Example:
        >>> load_image_codec("runs/images").sample(16).shape
        (16, 32, 32, 3)
    """
    run = runs.load(output_dir, "images", data_dir)
    run.make_problem().manifest(run.data_dir)

    from t2t_vq.image_codec import ImageCodec
    from t2t_vq.loading.trained_codec import TrainedCodec
    from t2t_vq.training.checkpoints import load_weights

    model = run.make_model()
    path = load_weights(model, output_dir, checkpoint)
    sizes = () if batch_size is None else (batch_size,)
    return TrainedCodec(output_dir, run, ImageCodec(model, *sizes), path)


def _check_alike(rescore_with, other, problem, tokenizer):
    theirs, ours = (
        f"{each.source_language} to {each.target_language}"
        for each in (other.make_problem(), problem)
    )
    if theirs != ours:
        raise InvalidError(
            f"The run in {rescore_with} translates from {theirs}, and this one from {ours}, so it "
            "cannot rescore this one. Rescore with a run of the same languages and direction."
        )
    # Runs of earlier versions do not note their vocabulary; else their data may be elsewhere.
    digest = other.vocabulary or other.make_problem().vocabulary_digest(other.data_dir)
    if digest != tokenizer.digest:
        raise InvalidError(
            f"The run in {rescore_with} has another vocabulary than this one and cannot rescore "
            "it. Train both on data that shares a vocabulary: a student on what t2t-vq-distill "
            "made with that run."
        )
