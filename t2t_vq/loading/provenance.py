"""What is known of the model of a run."""


def about_run(path, run, checkpoint):
    """Returns what a run and its checkpoint tell of a model, a dict that JSON can hold.

    Args:
        path: folder of the run.
        run: its `t2t_vq.run.Run`.
        checkpoint: path of the checkpoint.
    """
    from t2t_vq.training.checkpoints import step_of
    from t2t_vq.training.validations import best_score

    return {
        **run.describe(),
        "checkpoint": str(checkpoint),
        "updates": step_of(str(checkpoint)),
        "best_validation_score": best_score(path),
    }
