"""`t2t_vq.train`, by names."""

import pytest

import t2t_vq
from t2t_vq.run import load
from t2t_vq.training.averaging import average_checkpoints


def test_a_model_is_trained_by_names_and_loaded(data_dir, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = {"train_steps": 4, "eval_frequency": 4, "seed": 3, "strategy": "one_device"}
    output_dir, best = t2t_vq.train(
        "translate_tiny", "softem_nat_test,dropout=0.2", data_dir=data_dir, **options
    )
    assert output_dir == "t2t_vq_runs/translate_tiny-softem_nat_test-dropout=0.2-seed=3"
    run = load(output_dir)
    assert (run.hparams.train_steps, run.hparams.dropout, run.seed) == (4, 0.2, 3)
    model = t2t_vq.load(output_dir)
    assert model.step == 4 and model.best_score == pytest.approx(best.value)


def test_a_run_below_home_is_trained_loaded_averaged_and_exported(data_dir, tmp_path, monkeypatch):
    home, work = tmp_path / "home", tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(work)
    options = {"train_steps": 2, "eval_frequency": 1, "strategy": "one_device"}
    t2t_vq.train("translate_tiny", "transformer_test", "~/run", data_dir, **options)
    path, _ = average_checkpoints("~/run")
    model = t2t_vq.load("~/run", checkpoint=path.replace(str(home), "~"))
    model.export("~/export")
    assert model.path == home / "run" and (home / "export" / "saved_model.pb").is_file()
    assert not any(work.iterdir())


def test_names_that_do_not_exist_are_told(tmp_path):
    with pytest.raises(t2t_vq.registry.UnknownNameError, match="translate_tinny"):
        t2t_vq.train("translate_tinny", "softem_nat_test", tmp_path)
    assert not any(tmp_path.iterdir())
