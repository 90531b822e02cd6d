import shutil

import keras
import numpy as np
import pytest

from t2t_vq import registry
from t2t_vq.training.checkpoints import (
    Checkpoints,
    checkpoints_in,
    clear_leftovers,
    load_weights,
    newest_in,
    save_weights,
)
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
def trainee(make_run):
    """A model with dropout and a codebook, its optimizer and its averaged weights."""
    model = make_run("softem_nat_test,mask_startup_steps=5").make_model()
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
    step = checkpoints.step
    checkpoints.save()
    saved = [np.array(variable) for variable in variables]

    scramble(variables)
    again = Checkpoints(tmp_path, *trainee)
    assert again.restore() == step
    for old, variable in zip(saved, variables, strict=True):
        np.testing.assert_array_equal(np.array(variable), old)
    assert [int(again.epoch), int(again.batch)] == [2, 5]


def test_only_the_newest_are_kept(trainee, tmp_path):
    checkpoints = Checkpoints(tmp_path, *trainee, keep=2)
    for step in (1, 2, 3):
        trainee[1].iterations.assign(step)
        checkpoints.save()
    assert sorted(path.name for path in (tmp_path / "latest").glob("*.index")) == [
        "ckpt-2.index",
        "ckpt-3.index",
    ]


def save_at(checkpoints, optimizer, *steps):
    for step in steps:
        optimizer.iterations.assign(step)
        checkpoints.save()


def damage(folder, name):
    for path in folder.glob(f"{name}.data*"):
        path.write_bytes(path.read_bytes()[:1000])


def test_a_damaged_newest_checkpoint_gives_way_to_the_one_before(trainee, tmp_path, caplog):
    save_at(Checkpoints(tmp_path, *trainee), trainee[1], 1, 2)
    damage(tmp_path / "latest", "ckpt-2")
    trainee[1].iterations.assign(0)
    checkpoints = Checkpoints(tmp_path, *trainee)
    assert checkpoints.restore() == 1
    assert "ckpt-2 cannot be read" in caplog.text and "Going on from" in caplog.text
    assert newest_in(tmp_path / "latest").endswith("ckpt-1")
    save_at(checkpoints, trainee[1], 2)
    assert Checkpoints(tmp_path, *trainee).restore() == 2


def test_what_cannot_be_read_for_a_while_is_not_set_aside(trainee, tmp_path):
    save_at(Checkpoints(tmp_path, *trainee), trainee[1], 1, 2)
    folder = tmp_path / "latest"
    whole = {path: path.read_bytes() for path in folder.iterdir()}
    for step in (1, 2):
        damage(folder, f"ckpt-{step}")
    names = sorted(path.name for path in folder.iterdir())
    with pytest.raises(ValueError, match=r"ckpt-2 cannot be read.* Nor can any before.*delete"):
        Checkpoints(tmp_path, *trainee).restore()
    assert sorted(path.name for path in folder.iterdir()) == names
    for path, content in whole.items():
        path.write_bytes(content)
    assert Checkpoints(tmp_path, *trainee).restore() == 2


@pytest.mark.parametrize("content", [None, b"", b"model_checkpoint_path: 'ckpt-1'", b"\xff\0"])
def test_checkpoints_are_found_whatever_tensorflow_lists(trainee, tmp_path, content):
    save_at(Checkpoints(tmp_path, *trainee, keep=3), trainee[1], 1, 2, 10)
    if content is None:
        (tmp_path / "latest" / "checkpoint").unlink()
    else:
        (tmp_path / "latest" / "checkpoint").write_bytes(content)
    trainee[1].iterations.assign(0)
    checkpoints = Checkpoints(tmp_path, *trainee, keep=3)
    assert checkpoints.restore() == 10
    save_at(checkpoints, trainee[1], 11)
    found = [path.rpartition("/")[2] for path in checkpoints_in(tmp_path / "latest")]
    assert found == ["ckpt-2", "ckpt-10", "ckpt-11"]
    assert tf_lists(tmp_path / "latest") == found


def tf_lists(folder):
    import tensorflow as tf

    paths = tf.train.get_checkpoint_state(str(folder)).all_model_checkpoint_paths
    return [path.rpartition("/")[2] for path in paths]


def test_a_run_whose_checkpoints_are_gone_does_not_begin_anew(trainee, tmp_path):
    save_weights(trainee[0], tmp_path / "best", 12)
    with pytest.raises(ValueError, match=r"holds no checkpoint, .* replace .*best/ckpt-12\. Put"):
        Checkpoints(tmp_path, *trainee).restore()


def test_data_without_an_index_stay_until_they_are_older_than_all_that_are_kept(
    trainee, tmp_path, caplog
):
    checkpoints = Checkpoints(tmp_path, *trainee, keep=2)
    save_at(checkpoints, trainee[1], 1, 3)
    (orphan,) = (tmp_path / "latest").glob("ckpt-3.data-*")
    orphan.with_name("ckpt-3.index").unlink()
    assert Checkpoints(tmp_path, *trainee).restore() == 1
    assert "latest/ckpt-3.index is missing. Going on from" in caplog.text
    save_at(checkpoints, trainee[1], 2)
    assert orphan.exists()
    save_at(checkpoints, trainee[1], 4, 5)
    assert not orphan.exists()
    assert len(list((tmp_path / "latest").glob("ckpt-*.data-*"))) == 2


def test_a_run_whose_indices_are_gone_keeps_its_data(trainee, tmp_path):
    save_at(Checkpoints(tmp_path, *trainee), trainee[1], 1, 2)
    save_weights(trainee[0], tmp_path / "best", 1)
    for path in (tmp_path / "latest").glob("*.index"):
        path.unlink()
    with pytest.raises(ValueError, match="Put the checkpoints back"):
        Checkpoints(tmp_path, *trainee).restore()
    assert len(list((tmp_path / "latest").glob("ckpt-*.data-*"))) == 2


def test_what_a_killed_process_left_is_cleared_and_nothing_else(trainee, tmp_path):
    save_at(Checkpoints(tmp_path, *trainee), trainee[1], 1)
    folder = tmp_path / "latest"
    whole = {path.name for path in folder.iterdir()}
    (folder / "ckpt-2_temp").mkdir()
    (folder / "ckpt-2_temp" / "part-00000-of-00001.data-00000-of-00001").write_bytes(b"x")
    (folder / "ckpt-3.data-00000-of-00001.tempstate123").write_bytes(b"x")
    (folder / "notes.txt").write_bytes(b"mine")
    clear_leftovers(folder)
    assert {path.name for path in folder.iterdir()} == {*whole, "notes.txt"}


def test_weights_of_a_run_are_found_by_name_and_by_path(finished):
    model = finished.run.make_model()
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


def test_a_missing_best_points_to_the_latest(finished, tmp_path):
    shutil.copytree(finished.output_dir / "latest", tmp_path / "latest")
    with pytest.raises(FileNotFoundError, match=r"has no best checkpoint yet. Use --check"):
        load_weights(finished.run.make_model(), tmp_path)


def test_a_run_without_checkpoints_is_told_to_train_longer(finished, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no latest checkpoint yet. Train for longer"):
        load_weights(finished.run.make_model(), tmp_path, "latest")


def test_a_path_without_a_checkpoint_is_told_what_one_looks_like(finished):
    with pytest.raises(FileNotFoundError, match=r"no checkpoint runs/ckpt-1. Give best, latest"):
        load_weights(finished.run.make_model(), finished.output_dir, "runs/ckpt-1")


@pytest.mark.parametrize(
    "hparams",
    ["softem_nat_test,hidden_size=8", "transformer_test", "softem_nat_test,encoder_layers=2"],
)
def test_a_checkpoint_of_another_model_is_refused(finished, make_run, hparams):
    with pytest.raises(ValueError, match="does not fit the model"):
        load_weights(make_run(hparams).make_model(), finished.output_dir, "latest")


class Pair(keras.Model):
    """Two layers of one shape, and others, made in the order that it is told."""

    def __init__(self, *names, size=2):
        super().__init__()
        for name in names:
            setattr(self, name, keras.layers.Dense(size))
            getattr(self, name).build((None, 2))
            getattr(self, name).kernel.assign(np.random.default_rng(0).normal(size=(2, size)))
        self.built = True


def test_weights_of_one_shape_that_change_places_are_told_by_name(tmp_path):
    model, other = Pair("left", "right"), Pair("right", "left")
    scramble(model.variables)
    save_weights(model, tmp_path / "best", 1)
    load_weights(other, tmp_path)
    for name in ("left", "right"):
        saved, loaded = (getattr(each, name).kernel for each in (model, other))
        np.testing.assert_array_equal(np.array(loaded), np.array(saved))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (Pair("left", "right", "middle"), r"it has no middle/kernel \(2 differences in all\)\."),
        (Pair("left"), r"it has right/bias, which the model has not \(2 differences in"),
        (
            Pair("left", "right", size=3),
            r"\[2, 2\] as the shape of left/kernel, and the model \[2, 3",
        ),
    ],
)
def test_a_weight_that_does_not_fit_is_named(tmp_path, other, message):
    save_weights(Pair("left", "right"), tmp_path / "best", 1)
    with pytest.raises(ValueError, match=rf"ckpt-1 does not fit the model: .*{message}"):
        load_weights(other, tmp_path)


def write_as_0_1_0(folder, tf, place=None, **owners):
    """Writes a checkpoint as version 0.1.0 did: variables by their order."""
    values = {
        name: [variable.value for variable in owner.variables] for name, owner in owners.items()
    }
    folder.mkdir()
    tf.train.Checkpoint(**values, **(place or {})).write(str(folder / "ckpt-7"))


def test_a_checkpoint_of_version_0_1_0_is_restored_by_order(trainee, tmp_path, tf):
    model, optimizer, ema = trainee
    variables = [*model.variables, *optimizer.variables, *ema.variables]
    scramble(variables)
    optimizer.iterations.assign(7)
    saved = [np.array(variable) for variable in variables]
    place = {"epoch": tf.Variable(2, dtype=tf.int64), "batch": tf.Variable(5, dtype=tf.int64)}
    write_as_0_1_0(tmp_path / "latest", tf, place, model=model, optimizer=optimizer, ema=ema)
    scramble(variables)
    checkpoints = Checkpoints(tmp_path, *trainee)
    assert checkpoints.restore() == 7
    for old, variable in zip(saved, variables, strict=True):
        np.testing.assert_array_equal(np.array(variable), old)
    assert [int(checkpoints.epoch), int(checkpoints.batch)] == [2, 5]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (Pair("left", size=3), r"\[2, 2\] as the shape of left/kernel, and the model \[2, 3\]"),
        (Pair("left", "right"), "it has 2 weights, and the model 4"),
    ],
)
def test_a_checkpoint_of_version_0_1_0_that_does_not_fit_is_refused(tmp_path, tf, other, message):
    write_as_0_1_0(tmp_path / "best", tf, model=Pair("left"))
    with pytest.raises(ValueError, match=f"does not fit the model: .*{message}"):
        load_weights(other, tmp_path)


def test_a_run_of_another_vocabulary_cannot_go_on(finished, tmp_path):
    shutil.copytree(finished.output_dir, tmp_path / "copy")
    hparams = finished.run.hparams
    model = registry.models[hparams.model].from_hparams(hparams, vocab_size=77)
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    with pytest.raises(ValueError, match="does not fit the model"):
        Checkpoints(tmp_path / "copy", model, optimizer, WeightEma(model, 0.0)).restore()


def test_a_damaged_checkpoint_is_refused(finished, tmp_path):
    shutil.copytree(finished.output_dir, tmp_path / "copy")
    for path in (tmp_path / "copy" / "latest").glob("ckpt-8.data*"):
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"latest/ckpt-8 cannot be read.* another --checkpoint: "):
        load_weights(finished.run.make_model(), tmp_path / "copy", "latest")


def test_every_replica_restores_the_same(make_run, two_replicas, tmp_path):
    def restored():
        with two_replicas.scope():
            model = make_run("softem_nat_test").make_model()
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
