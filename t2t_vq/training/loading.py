"""A finished run as a translator."""

from t2t_vq import run as runs


def load_translator(output_dir, checkpoint="best", **options):
    """Loads a trained model.

    Args:
        output_dir: folder of the run.
        checkpoint: see `t2t_vq.training.checkpoints.load_weights`.
        **options: of the `Translator`, such as `beam_size`.

    Returns:
        `(run, problem, translator, path of the checkpoint)`.

    Raises:
        FileNotFoundError: when there is no such run, data or checkpoint.
        ValueError: when the checkpoint does not fit or cannot be read.

    Example:
        _, _, translator, _ = load_translator("runs/mine", beam_size=4)
        translator.translate(["The dog sleeps."])
    """
    run = runs.load(output_dir)
    problem = run.make_problem()
    tokenizer = problem.tokenizer(run.data_dir)

    # Mistakes so far are told before the seconds that these take.
    from t2t_vq.training.checkpoints import load_weights
    from t2t_vq.translator import Translator

    model = run.make_model(tokenizer)
    path = load_weights(model, output_dir, checkpoint)
    return run, problem, Translator(model, tokenizer, run.hparams.max_length, **options), path
