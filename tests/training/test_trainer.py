import dataclasses
import io
import itertools
import os
import signal
import sys
import types

import numpy as np
import pytest

from t2t_vq import run as runs
from t2t_vq.locks import locked
from t2t_vq.training import trainer
from t2t_vq.training.checkpoints import Checkpoints, load_weights
from t2t_vq.training.interruption import Interrupted
from t2t_vq.training.trainer import NotFiniteError, train
from t2t_vq.training.weight_ema import WeightEma


def names(folder):
    return sorted(path.name for path in folder.glob("*.index"))


def checkpoint_values(tf, path):
    """Everything that a checkpoint holds, but how often it was saved."""
    reader = tf.train.load_checkpoint(str(path))
    kept = [
        name
        for name in reader.get_variable_to_shape_map()
        if name != "_CHECKPOINTABLE_OBJECT_GRAPH" and not name.startswith("save_counter")
    ]
    return {name: reader.get_tensor(name) for name in kept}


def summaries_in(folder):
    """`{tag: {step: value}}` of a folder's TensorBoard files."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util import tensor_util

    events = EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()
    return {
        tag: {e.step: tensor_util.make_ndarray(e.tensor_proto) for e in events.Tensors(tag)}
        for tag in events.Tags()["tensors"]
    }


@pytest.fixture
def stop_after(monkeypatch):
    """A function that makes the next runs send themselves a signal after some updates, or none."""
    make = trainer.make_train_step

    def patch(updates, number=signal.SIGTERM):
        def make_and_count(*arguments):
            step, calls = make(*arguments), itertools.count(1)

            def counted(batch):
                result = step(batch)
                if next(calls) == updates:
                    os.kill(os.getpid(), number)
                return result

            return counted

        monkeypatch.setattr(trainer, "make_train_step", make_and_count)

    return patch


@pytest.fixture(scope="module")
def averaged(make_run, tmp_path_factory):
    """A finished run with averaged weights that validates at its end only."""
    run = make_run("transformer_test,weight_ema=0.75,train_steps=4,eval_frequency=4")
    output_dir = tmp_path_factory.mktemp("averaged")
    train(run, output_dir, strategy="one_device")
    return types.SimpleNamespace(run=run, output_dir=output_dir)


def test_a_run_leaves_itself_and_its_checkpoints(finished):
    kept = runs.load(finished.output_dir)
    assert kept.vocabulary and dataclasses.replace(kept, vocabulary="") == finished.run
    assert names(finished.output_dir / "latest") == ["ckpt-4.index", "ckpt-8.index"]
    assert len(names(finished.output_dir / "best")) == 1
    assert finished.best.measure == "BLEU"
    assert finished.best.value >= 0


def test_losses_and_metrics_of_training_are_in_tensorboard(finished):
    found = summaries_in(finished.output_dir / "train")
    assert set(found) == {
        *("loss", "loss/reconstruction", "loss/latents", "loss/bottleneck"),
        *("token_accuracy", "latent_accuracy", "gradient_norm"),
        *("codebook_perplexity", "codes_in_use", "posterior_entropy", "mean_distance"),
        "commitment_loss",
        *("tokens_per_second", "learning_rate"),
    }
    assert all(set(values) >= {4, 8} for values in found.values())
    for step in found["loss"]:
        parts = [
            found[f"loss/{part}"][step] for part in ("reconstruction", "latents", "bottleneck")
        ]
        np.testing.assert_allclose(found["loss"][step], sum(parts), rtol=1e-5)


def test_validation_is_in_tensorboard_with_translations(finished):
    found = summaries_in(finished.output_dir / "dev")
    assert {"loss", "loss/reconstruction", "bleu", "token_accuracy", "translations"} <= set(found)
    assert float(max(found["bleu"].values())) == pytest.approx(finished.best.value)
    sources, references = finished.run.make_problem().text(finished.run.data_dir, "dev")
    table = found["translations"][8].item().decode("utf-8").split("\n")
    assert table[0] == "source | reference | translation"
    assert len(table) == 2 + 5
    assert table[2].startswith(f"{sources[0]} | {references[0]} | ")


def test_the_same_command_after_the_end_does_nothing_and_says_so(finished, capsys):
    before = {p: p.stat().st_mtime_ns for p in (finished.output_dir / "latest").iterdir()}
    assert train(finished.run, finished.output_dir) == finished.best
    assert "Nothing to do: the run has made its 8 updates." in capsys.readouterr().err
    after = {p: p.stat().st_mtime_ns for p in (finished.output_dir / "latest").iterdir()}
    assert after == before


def test_stopping_and_going_on_ends_in_the_same_bits(tf, finished, stop_after, tmp_path):
    # After 3 updates an epoch ends and the codebook starts.
    stop_after(3)
    with pytest.raises(Interrupted, match="Stopped by SIGTERM after step 3; saved in"):
        train(finished.run, tmp_path, strategy="one_device")
    assert names(tmp_path / "latest") == ["ckpt-3.index"]
    stop_after(None)
    assert train(finished.run, tmp_path, strategy="one_device") == finished.best
    straight = checkpoint_values(tf, finished.output_dir / "latest" / "ckpt-8")
    stopped = checkpoint_values(tf, tmp_path / "latest" / "ckpt-8")
    assert stopped["epoch/.ATTRIBUTES/VARIABLE_VALUE"] == 2
    assert straight.keys() == stopped.keys()
    for name, value in straight.items():
        np.testing.assert_array_equal(stopped[name], value, err_msg=name)


def test_a_terminal_that_is_closed_costs_no_update(
    finished, stop_after, usual_handlers, monkeypatch, tmp_path
):
    master, terminal = os.openpty()
    with io.TextIOWrapper(io.FileIO(terminal, "w"), write_through=True) as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        os.close(master)
        with pytest.raises(OSError, match="Input/output error"):
            stderr.write("Nobody reads this.")
        stop_after(3, signal.SIGHUP)
        with pytest.raises(Interrupted, match="Stopped by SIGHUP after step 3; saved in"):
            train(finished.run, tmp_path, strategy="one_device")
    assert names(tmp_path / "latest") == ["ckpt-3.index"]


def test_with_averaged_weights_validations_and_stops_change_no_bit_of_training(
    tf, averaged, make_run, stop_after, tmp_path
):
    run = make_run("transformer_test,weight_ema=0.75,train_steps=4,eval_frequency=2")
    stop_after(3)
    with pytest.raises(Interrupted):
        train(run, tmp_path, strategy="one_device")
    stop_after(None)
    train(run, tmp_path, strategy="one_device")
    straight, stopped = (
        checkpoint_values(tf, folder / "latest" / "ckpt-4")
        for folder in (averaged.output_dir, tmp_path)
    )
    assert any(name.startswith("ema/") for name in straight)
    for name, value in straight.items():
        if not name.startswith("best_score"):
            np.testing.assert_array_equal(stopped[name], value, err_msg=name)


def test_the_best_holds_the_averaged_weights_and_the_latest_the_plain_ones(averaged):
    model, optimizer = averaged.run.make_model(), trainer._make_optimizer(averaged.run.hparams)
    optimizer.build(model.trainable_variables)
    ema = WeightEma(model, averaged.run.hparams.weight_ema)
    assert Checkpoints(averaged.output_dir, model, optimizer, ema).restore() == 4

    def values():
        return [np.array(variable) for variable in model.variables]

    plain = values()
    with ema.in_place():
        average = values()
    assert any(np.any(old != new) for old, new in zip(plain, average, strict=True))
    for checkpoint, expected in (("best", average), ("latest", plain)):
        load_weights(model, averaged.output_dir, checkpoint)
        for old, new in zip(expected, values(), strict=True):
            np.testing.assert_array_equal(new, old)


def test_a_signal_during_the_last_update_is_too_late(make_run, stop_after, tmp_path):
    stop_after(2, signal.SIGINT)
    assert train(make_run("transformer_test,train_steps=2"), tmp_path).value >= 0
    assert names(tmp_path / "best") == ["ckpt-2.index"]


def test_a_finished_run_can_be_made_longer_and_keeps_the_newest(make_run, tmp_path, capsys):
    hparams = "transformer_test,eval_frequency=1,schedule=rsqrt"
    train(make_run(f"{hparams},train_steps=3"), tmp_path, keep_checkpoints=2)
    assert names(tmp_path / "latest") == ["ckpt-2.index", "ckpt-3.index"]
    train(make_run(f"{hparams},train_steps=4"), tmp_path, keep_checkpoints=2)
    assert names(tmp_path / "latest") == ["ckpt-3.index", "ckpt-4.index"]
    assert "from step 3" in capsys.readouterr().err


def test_a_run_asked_for_differently_is_refused(finished, make_run):
    with pytest.raises(ValueError, match=r"hparams.dropout was 0.1 and is now 0.5"):
        train(make_run("softem_nat_test,dropout=0.5"), finished.output_dir)


@pytest.mark.parametrize(
    "hparams", ["softem_nat_test,train_steps=3", "softem_image_test,autoencoder_steps=8"]
)
def test_a_training_that_ends_before_what_is_to_come_is_refused(hparams, tmp_path):
    problem = "image_tiny" if "image" in hparams else "translate_tiny"
    run = runs.Run.create(problem, hparams, data_dir=str(tmp_path / "data"))
    with pytest.raises(ValueError, match=r"_steps=\d .* training ends with train_steps=\d\."):
        train(run, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_in_the_model_can_be_corrected(make_run, tmp_path):
    with pytest.raises(ValueError, match="hidden_size=16 must be a multiple of num_heads=3"):
        train(make_run("transformer_test,num_heads=3"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_problem_that_nothing_can_validate_is_refused_before_its_data(
    make_run, tmp_path, monkeypatch
):
    run = dataclasses.replace(make_run("transformer_test"), data_dir=str(tmp_path / "data"))
    monkeypatch.setattr(type(run.make_problem()), "task", "ranking")
    with pytest.raises(ValueError, match="Set its attribute evaluator"):
        train(run, tmp_path / "run")
    assert not any(tmp_path.iterdir())


def test_a_batch_larger_than_the_data_can_be_corrected(tmp_path):
    run = runs.Run.create(
        "image_tiny", "softem_image_test,batch_size=64", data_dir=str(tmp_path / "data")
    )
    with pytest.raises(ValueError, match=r"fewer than a batch of 64\. Choose a smaller batch"):
        train(run, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.fixture
def exploding(monkeypatch):
    """Has training begin with updates that make all weights useless."""
    monkeypatch.setattr(trainer, "schedule_of", lambda hparams: 1e37)


def test_a_loss_that_is_not_finite_stops_the_run_and_is_not_saved(make_run, exploding, tmp_path):
    with pytest.raises(NotFiniteError, match=r"'tokens' of the loss is nan at step 2\. Nothing"):
        train(make_run("transformer_test"), tmp_path)
    assert names(tmp_path / "latest") == []


def test_weights_that_are_not_finite_are_not_saved(make_run, monkeypatch, tmp_path):
    monkeypatch.setattr(trainer, "schedule_of", lambda hparams: float("inf"))
    with pytest.raises(NotFiniteError, match=r"weight is NaN or infinite after step 1.*the start"):
        train(make_run("transformer_test,eval_frequency=1"), tmp_path)
    assert names(tmp_path / "latest") == names(tmp_path / "best") == []


def test_a_run_that_another_process_trains_is_left_alone(make_run, tmp_path):
    run = make_run("transformer_test")
    vocabulary = run.make_problem().vocabulary_digest(run.data_dir)
    dataclasses.replace(run, vocabulary=vocabulary).save(tmp_path)
    before = (tmp_path / "run.json").read_bytes()
    with (
        locked(tmp_path),
        pytest.raises(ValueError, match="Another process is training in"),
    ):
        train(make_run("transformer_test,train_steps=40"), tmp_path)
    assert (tmp_path / "run.json").read_bytes() == before
    assert names(tmp_path / "latest") == []


class Broken(Exception):
    """What a validation may fail with."""


def test_a_validation_that_fails_costs_no_update_and_is_made_up_for(
    make_run, monkeypatch, tmp_path, capsys
):
    run = make_run("transformer_test,train_steps=2")
    evaluator_of = trainer.evaluator_of

    def failing(problem):
        def evaluate(self, step):
            raise Broken

        return type("Failing", (evaluator_of(problem),), {"evaluate": evaluate})

    monkeypatch.setattr(trainer, "evaluator_of", failing)
    with pytest.raises(Broken):
        train(run, tmp_path)
    assert names(tmp_path / "latest") == ["ckpt-2.index"]
    assert runs.best_of(tmp_path).validated == 0
    monkeypatch.setattr(trainer, "evaluator_of", evaluator_of)
    best = train(run, tmp_path)
    assert names(tmp_path / "best") == ["ckpt-2.index"]
    assert runs.best_of(tmp_path) == runs.BestSoFar("BLEU", best.value, updates=2, validated=2)
    assert "step 2: validation loss" in capsys.readouterr().err


def test_going_on_for_longer_says_that_a_cosine_schedule_rises_again(make_run, tmp_path, capsys):
    run = "transformer_test,eval_frequency=100,learning_rate=0.001"
    train(make_run(f"{run},train_steps=5"), tmp_path)
    train(make_run(f"{run},train_steps=6,schedule_steps=5"), tmp_path)
    assert "learning rate rises" not in capsys.readouterr().err
    train(make_run(f"{run},train_steps=9"), tmp_path)
    told = capsys.readouterr().err
    assert "The cosine schedule of 5 updates became one of 9, so the learning rate rises" in told
    assert "add schedule_steps=5 to --hparams; to warm up anew, add schedule_start=6." in told


def test_a_gradient_that_is_not_finite_stops_the_run(make_run, tmp_path, monkeypatch):
    def make(*arguments):
        return lambda batch: {"loss": 1.0, "loss/tokens": 1.0, "gradient_norm": float("inf")}

    monkeypatch.setattr(trainer, "make_train_step", make)
    with pytest.raises(NotFiniteError, match="norm of the gradient is inf at step 1"):
        train(make_run("transformer_test"), tmp_path)


@pytest.mark.parametrize(
    "hparams",
    [
        "softem_nat_test,weight_ema=0.9",
        pytest.param("transformer_test", marks=pytest.mark.slow),
    ],
)
def test_two_replicas_train_from_data_to_translations(tf, make_run, hparams, tmp_path):
    run = make_run(f"{hparams},train_steps=4")
    assert train(run, tmp_path, strategy="mirrored").value >= 0
    assert names(tmp_path / "latest") == ["ckpt-4.index"]
    values = checkpoint_values(tf, tmp_path / "latest" / "ckpt-4")
    assert all(np.all(np.isfinite(value)) for value in values.values())
    assert "translations" in summaries_in(tmp_path / "dev")
