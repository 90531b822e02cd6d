"""A trained run as a translator."""

from t2t_vq import run as runs
from t2t_vq.decoding.options import GREEDY
from t2t_vq.training.checkpoints import load_weights
from t2t_vq.translator import Translator


def restore_translator(output_dir, checkpoint="best", search=GREEDY, rescore_with=None):
    """Returns the translator that a run has learned.

    Args:
        output_dir: folder of the run.
        checkpoint: see `t2t_vq.training.checkpoints.load_weights`.
        search: a `t2t_vq.decoding.options.Search`.
        rescore_with: folder of another run, whose best checkpoint chooses among the search's
            candidates; or "self": the model itself does.

    Returns:
        `(translator, path of the checkpoint)`.

    Raises:
        FileNotFoundError: when a run or a checkpoint is missing.
        ValueError: when the run that rescores has another vocabulary or direction, or something
            does not fit together.

    Example:
        translator, _ = restore_translator("runs/student", search=Search(beam_size=10),
                                           rescore_with="runs/teacher")
        translator.translate(["The dog sleeps."])
    """
    run = runs.load(output_dir)
    tokenizer = run.make_problem().tokenizer(run.data_dir)
    model = run.make_model(tokenizer)
    path = load_weights(model, output_dir, checkpoint)
    rescorer = model if rescore_with == "self" else None
    if rescore_with and rescore_with != "self":
        rescorer = _rescorer(rescore_with, run, tokenizer)
    return Translator(model, tokenizer, run.hparams.max_length, search, rescorer), path


def _rescorer(rescore_with, run, tokenizer):
    other = runs.load(rescore_with)
    if run.make_problem().reversed != other.make_problem().reversed:
        raise ValueError(
            f"The run in {rescore_with} translates in the other direction ({other.problem}) and "
            "cannot rescore this one. Rescore with a run that translates in the same direction."
        )
    vocabulary = other.make_problem().tokenizer(other.data_dir)
    if vocabulary.model_bytes != tokenizer.model_bytes:
        raise ValueError(
            f"The run in {rescore_with} has another vocabulary than this one and cannot rescore "
            "it. Train both on data that shares a vocabulary: a student on what t2t-vq-distill "
            "made with that run."
        )
    model = other.make_model(vocabulary)
    load_weights(model, rescore_with)
    return model
