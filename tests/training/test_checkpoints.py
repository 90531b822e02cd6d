import dataclasses
import shutil

import keras
import numpy as np
import pytest

from t2t_vq.training.checkpoints import Checkpoints, load_weights
from t2t_vq.training.weight_ema import WeightEma


def values(model):
    return [np.array(variable) for variable in model.variables]


def scramble(variables):
    """Changes every number of every variable."""
    rng = np.random.default_rng(0)
    for variable in variables:
        noise = rng.integers(1, 9, variable.shape)
        variable.assign(np.array(variable) + noise.astype(variable.dtype))


@pytest.fixture
def trainee(make_run, model_of):
    """A model with dropout and a codebook, its optimizer and its averaged weights."""
    model = model_of(make_run("softem_nat_test,mask_startup_steps=5"))
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    return model, optimizer, WeightEma(model, decay=0.9)


def test_nothing_to_restore_is_step_zero(trainee, tmp_path):
    assert Checkpoints(tmp_path, *trainee).restore() == 0


def test_every_variable_and_the_place_in_the_data_are_restored(trainee, tmp_path):
    model, optimizer, ema = trainee
    variables = [*model.variables, *optimizer.variables, *ema.variables]
    names = " ".join(variable.path for variable in model.variables)
    for part in ("seed_generator_state", "codebook", "counts", "sums", "started", "step"):
        assert part in names
    checkpoints = Checkpoints(tmp_path, *trainee)
    scramble(variables)
    checkpoints.epoch.assign(2)
    checkpoints.batch.assign(5)
    checkpoints.best_score.assign(7.5)
    step = checkpoints.step
    checkpoints.save()
    saved = [np.array(variable) for variable in variables]

    scramble(variables)
    again = Checkpoints(tmp_path, *trainee)
    assert again.restore() == step
    for old, variable in zip(saved, variables, strict=True):
        np.testing.assert_array_equal(np.array(variable), old)
    assert [int(again.epoch), int(again.batch), float(again.best_score)] == [2, 5, 7.5]


def test_only_the_newest_are_kept(trainee, tmp_path):
    checkpoints = Checkpoints(tmp_path, *trainee, keep=2)
    for step in (1, 2, 3):
        trainee[1].iterations.assign(step)
        checkpoints.save()
    assert sorted(path.name for path in (tmp_path / "latest").glob("*.index")) == [
        "ckpt-2.index",
        "ckpt-3.index",
    ]


def test_the_best_is_kept_whatever_follows(trainee, tmp_path):
    checkpoints = Checkpoints(tmp_path, *trainee)
    kept = []
    for step, score in enumerate((3.0, 9.0, 9.0, 4.0), 1):
        trainee[1].iterations.assign(step)
        kept.append(checkpoints.save_if_best(score))
    assert kept == [True, True, False, False]
    assert [path.name for path in (tmp_path / "best").glob("*.index")] == ["ckpt-2.index"]


def test_weights_of_a_run_are_found_by_name_and_by_path(finished, model_of):
    model = model_of(finished.run)
    latest = load_weights(model, finished.output_dir, "latest")
    assert latest.endswith("latest/ckpt-8")
    newest = values(model)
    best = load_weights(model, finished.output_dir)
    assert "/best/ckpt-" in best
    for path in (latest, f"{latest}.index"):
        scramble(model.variables)
        assert load_weights(model, finished.output_dir, path) == latest
        for old, new in zip(newest, values(model), strict=True):
            np.testing.assert_array_equal(new, old)


def test_a_missing_best_points_to_the_latest(finished, model_of, tmp_path):
    shutil.copytree(finished.output_dir / "latest", tmp_path / "latest")
    with pytest.raises(FileNotFoundError, match=r"has no best checkpoint yet. Use --check"):
        load_weights(model_of(finished.run), tmp_path)


def test_a_run_without_checkpoints_is_told_to_train_longer(finished, model_of, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no latest checkpoint yet. Train for longer"):
        load_weights(model_of(finished.run), tmp_path, "latest")


def test_a_path_without_a_checkpoint_is_told_what_one_looks_like(finished, model_of):
    with pytest.raises(FileNotFoundError, match=r"no checkpoint runs/ckpt-1. Give best, latest"):
        load_weights(model_of(finished.run), finished.output_dir, "runs/ckpt-1")


@pytest.mark.parametrize(
    "hparams",
    ["softem_nat_test,hidden_size=8", "transformer_test", "softem_nat_test,encoder_layers=2"],
)
def test_a_checkpoint_of_another_model_is_refused(finished, make_run, model_of, hparams):
    with pytest.raises(ValueError, match="does not fit the model"):
        load_weights(model_of(make_run(hparams)), finished.output_dir, "latest")


def test_a_run_of_another_vocabulary_cannot_go_on(finished, make_run, model_of, tmp_path):
    shutil.copytree(finished.output_dir, tmp_path / "copy")
    run = finished.run
    model = run.make_model(dataclasses.make_dataclass("Tokenizer", ["vocab_size"])(77))
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    with pytest.raises(ValueError, match="does not fit the model"):
        Checkpoints(tmp_path / "copy", model, optimizer, WeightEma(model, 0.0)).restore()


def test_a_damaged_checkpoint_is_refused(finished, model_of, tmp_path):
    shutil.copytree(finished.output_dir, tmp_path / "copy")
    for path in (tmp_path / "copy" / "latest").glob("ckpt-8.data*"):
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match="latest/ckpt-8 cannot be read"):
        load_weights(model_of(finished.run), tmp_path / "copy", "latest")


def test_every_replica_restores_the_same(make_run, model_of, two_replicas, tmp_path):
    def restored():
        with two_replicas.scope():
            model = model_of(make_run("softem_nat_test"))
            optimizer = keras.optimizers.Adam()
            optimizer.build(model.trainable_variables)
            ema = WeightEma(model, decay=0.9)
        return model, ema, Checkpoints(tmp_path, model, optimizer, ema)

    model, ema, checkpoints = restored()
    scramble([*model.variables, *ema.variables])
    checkpoints.save()
    saved = [*values(model), *(np.array(average) for average in ema.variables)]
    model, ema, checkpoints = restored()
    checkpoints.restore()
    variables = [*model.variables, *ema.variables]
    for variable, expected in zip(variables, saved, strict=True):
        for local in two_replicas.experimental_local_results(variable.value):
            np.testing.assert_array_equal(np.array(local), expected)
