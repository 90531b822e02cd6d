import dataclasses
import json
import os
import pathlib
import random
import shutil
import sys
import types

import keras
import numpy as np
import pytest

from t2t_vq import registry, usr_dirs
from t2t_vq import run as runs
from t2t_vq.formats import exported
from t2t_vq.run import Run

# What may stand in the place of a value.
WRONG = (
    *(None, True, 1.5, -1, 2**33, 10**400, float("nan"), [], {}, [[]]),
    *("x", "\0", "\udc80", "image_synthetic", "vq_autoencoder"),
)
HPARAMS = "softem_nat_tiny,hidden_size=16,bottleneck.num_samples=none"


@pytest.fixture
def run(tmp_path):
    return Run.create("translate_ende_synthetic", HPARAMS, data_dir=str(tmp_path / "data"), seed=3)


def test_overrides_are_resolved(run):
    assert run.hparams_set == "softem_nat_tiny"
    assert run.hparams.hidden_size == 16
    assert run.hparams.bottleneck.num_samples is None


def test_a_saved_run_loads_as_it_was(run, tmp_path):
    run.save(tmp_path / "out")
    assert runs.load(tmp_path / "out") == run


def test_unknown_names_are_refused_with_close_ones():
    with pytest.raises(registry.UnknownNameError, match="Did you mean translate_ende"):
        Run.create("translate_end", HPARAMS, data_dir="data")
    with pytest.raises(registry.UnknownNameError, match="Did you mean softem_nat_tiny"):
        Run.create("translate_ende", "softem_nat_tin", data_dir="data")


@pytest.mark.parametrize(
    "hparams, message",
    [
        ("softem_nat_tiny,hiden_size=16", "Did you mean hidden_size"),
        ("softem_nat_tiny,hidden_size=wide", "'hidden_size' is an integer; 'wide' is not"),
        ("softem_nat_tiny,hidden_size", "'hidden_size' has no value"),
        ("hidden_size=16", "does not begin with a set"),
    ],
)
def test_wrong_overrides_are_refused(hparams, message):
    with pytest.raises(ValueError, match=message):
        Run.create("translate_ende", hparams, data_dir="data")


def test_a_different_second_run_is_refused_and_told_what_changed(run, tmp_path):
    run.save(tmp_path)
    before = (tmp_path / "run.json").read_text()
    hparams = dataclasses.replace(
        run.hparams, bottleneck=dataclasses.replace(run.hparams.bottleneck, num_codes=8)
    )
    other = dataclasses.replace(run, seed=4, hparams=hparams)
    with pytest.raises(ValueError) as error:
        other.save(tmp_path)
    assert "seed was 3 and is now 4" in str(error.value)
    assert "hparams.bottleneck.num_codes was 256 and is now 8" in str(error.value)
    assert "hidden_size was" not in str(error.value)
    assert (tmp_path / "run.json").read_text() == before


def test_a_run_of_another_model_is_refused(run, tmp_path):
    run.save(tmp_path)
    other = Run.create("translate_ende_synthetic", "transformer_tiny", data_dir=run.data_dir)
    with pytest.raises(ValueError, match="model was 'transformer_nat' and is now 'transformer'"):
        other.save(tmp_path)


def test_a_run_may_be_made_longer(run, tmp_path):
    run.save(tmp_path)
    longer = dataclasses.replace(run, hparams=dataclasses.replace(run.hparams, train_steps=9_999))
    longer.save(tmp_path)
    assert runs.load(tmp_path).hparams.train_steps == 9_999


def test_a_write_that_fails_leaves_the_old_file(run, tmp_path, monkeypatch):
    run.save(tmp_path)

    def full(*paths):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        run.save(tmp_path)
    assert runs.load(tmp_path) == run


def test_a_folder_without_a_run_is_told_from_one_with(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no training run: .*run\.json is missing"):
        runs.load(tmp_path)


def test_a_moved_run_finds_its_data_and_registrations(tmp_path, monkeypatch):
    code = (
        "from t2t_vq import registry\n"
        "@registry.register_hparams\n"
        "def moved_set():\n"
        "    return registry.hparams('transformer_tiny')\n"
    )
    (tmp_path / "before" / "mine").mkdir(parents=True)
    (tmp_path / "before" / "mine" / "registered_for_moving.py").write_text(code)
    monkeypatch.chdir(tmp_path / "before")
    registry.import_usr_dir("mine")
    run = Run.create("translate_ende_synthetic", "moved_set", data_dir="data", usr_dir="mine")
    run.save("runs/one")
    content = json.loads(pathlib.Path("runs/one/run.json").read_text())
    assert (content["data_dir"], content["usr_dir"]) == ("../../data", "../../mine")

    monkeypatch.chdir(tmp_path)
    shutil.move("before", "after")
    registry.hparams_sets._objects.pop("moved_set")
    monkeypatch.setattr(usr_dirs, "_NAMED", set())
    with pytest.raises(ValueError, match=r"nobody has named .* name it: --usr_dir=.*after/mine"):
        runs.load("after/runs/one")
    assert "moved_set" not in registry.hparams_sets.summaries()
    registry.import_usr_dir("after/mine")
    loaded = runs.load("after/runs/one")
    assert "moved_set" in registry.hparams_sets
    assert pathlib.Path(loaded.data_dir) == tmp_path / "after" / "data"
    assert loaded.hparams == run.hparams
    registry.hparams_sets._objects.pop("moved_set")


def test_a_path_from_home_is_noted_as_what_it_stands_for(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    paths = {"data_dir": "~/data", "usr_dir": pathlib.Path("~/mine")}
    run = Run.create("translate_ende_synthetic", HPARAMS, **paths)
    assert (run.data_dir, run.usr_dir) == (f"{tmp_path}/home/data", f"{tmp_path}/home/mine")


def test_a_run_is_found_through_a_link(run, tmp_path):
    run.save(tmp_path / "deep" / "down" / "out")
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "down" / "out")
    assert runs.load(tmp_path / "link").data_dir == run.data_dir


def test_the_best_validation_is_kept_when_a_run_goes_on(run, tmp_path):
    run.save(tmp_path)
    best = runs.BestSoFar("BLEU", 31.5, updates=200, validated=400)
    runs.note_best(tmp_path, best)
    assert run.save(tmp_path) == run
    assert runs.best_of(tmp_path) == best and runs.load(tmp_path) == run


def test_a_run_of_a_newer_version_is_refused_in_a_sentence(run, tmp_path):
    run.save(tmp_path)
    path = tmp_path / runs.FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2, "unknown": 1}))
    with pytest.raises(ValueError, match=rf"^{path} is of format 2, .* Install a newer t2t_vq, or"):
        runs.load(tmp_path)


def test_a_run_of_the_first_version_notes_its_format_when_it_goes_on(run, tmp_path):
    run.save(tmp_path)
    path = tmp_path / runs.FILE
    content = json.loads(path.read_text())
    assert content.pop("format") == 1
    path.write_text(json.dumps(content))
    assert runs.load(tmp_path) == run
    run.save(tmp_path)
    assert json.loads(path.read_text())["format"] == 1


def test_code_that_is_named_now_stands_for_that_of_the_run(run, tmp_path, monkeypatch):
    dataclasses.replace(run, usr_dir=str(tmp_path / "gone")).save(tmp_path / "run")
    monkeypatch.setattr(usr_dirs, "_NAMED", {"elsewhere"})
    assert runs.load(tmp_path / "run").hparams == run.hparams
    monkeypatch.setattr(usr_dirs, "_NAMED", set())
    with pytest.raises(ValueError, match="nobody has named"):
        runs.load(tmp_path / "run")


def test_runs_of_two_folders_of_code_load_in_one_process(run, tmp_path, monkeypatch):
    code = (
        "from t2t_vq import registry\n"
        "@registry.register_hparams\n"
        "def set_of_{name}():\n"
        "    return registry.hparams('transformer_tiny')\n"
    )
    for name in ("alice", "bob"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"code_of_{name}.py").write_text(code.format(name=name))
        registry.import_usr_dir(tmp_path / name)
        options = {"data_dir": run.data_dir, "usr_dir": str(tmp_path / name)}
        Run.create(run.problem, f"set_of_{name}", **options).save(tmp_path / f"run_of_{name}")
    # As in the next process, which imports anew, and where one of the two may be named again.
    for named in (set(), {tmp_path / "bob"}):
        monkeypatch.setattr(usr_dirs, "_NAMED", named)
        for name in ("alice", "bob"):
            registry.hparams_sets._objects.pop(f"set_of_{name}")
            del sys.modules[f"code_of_{name}"]
        for name in ("alice", "bob"):
            assert runs.load(tmp_path / f"run_of_{name}").hparams_set == f"set_of_{name}"
    for name in ("alice", "bob"):
        registry.hparams_sets._objects.pop(f"set_of_{name}")


def test_checkpoints_that_no_file_tells_of_are_left_alone(run, tmp_path):
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "ckpt-4.index").touch()
    with pytest.raises(ValueError, match=r"checkpoints of a run, and its run\.json is missing"):
        run.check_same(tmp_path)


def test_a_run_started_differently_is_told_how_to_go_on(run, tmp_path):
    run.save(tmp_path)
    other = Run.create("translate_ende_synthetic", "softem_nat_tiny", data_dir=run.data_dir, seed=3)
    with pytest.raises(ValueError) as error:
        other.check_same(tmp_path)
    assert str(error.value).endswith(
        "--hparams=softem_nat_tiny,hidden_size=16,bottleneck.num_samples=none"
    )
    for change, flags in (
        ({"seed": 4}, "--seed=3"),
        ({"precision": "mixed_bfloat16", "seed": 4}, "--seed=3 --precision=float32"),
        ({"problem": "translate_ende_local"}, "--problem=translate_ende_synthetic"),
    ):
        with pytest.raises(ValueError, match=f"as it was started: {flags}$"):
            dataclasses.replace(run, **change).check_same(tmp_path)
    run.check_same(tmp_path)


def test_a_run_with_another_vocabulary_is_told_to_take_its_own_data(run, tmp_path):
    dataclasses.replace(run, vocabulary="one").save(tmp_path)
    with pytest.raises(ValueError, match=r"or go on with the data that it had\.$"):
        dataclasses.replace(run, vocabulary="other").check_same(tmp_path)


def test_a_run_of_an_earlier_version_that_notes_no_vocabulary_goes_on(run, tmp_path):
    run.save(tmp_path)
    dataclasses.replace(run, vocabulary="one").save(tmp_path)
    assert runs.load(tmp_path).vocabulary == "one"


def test_a_run_in_a_folder_that_is_a_pattern_is_told_to_be_renamed(run, tmp_path):
    run.save(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "out [old]")
    with pytest.raises(ValueError, match=r"out \[old\] holds \[ and \], .* Rename it to a name"):
        runs.load(tmp_path / "out [old]")


@pytest.mark.parametrize(
    ("hparams", "message"),
    [
        (
            "schedule_start=1200",
            r"schedule_start=1200 updates, which is not before train_steps=1200",
        ),
        ("schedule_start=600,schedule_steps=600", "is not before schedule_steps=600"),
    ],
)
def test_a_schedule_that_does_not_begin_before_its_end_is_refused(hparams, message):
    hparams = f"softem_nat_tiny,train_steps=1200,{hparams}"
    with pytest.raises(ValueError, match=message):
        Run.create("translate_ende_synthetic", hparams, data_dir="d").check()


@pytest.mark.parametrize(
    ("hparams", "typed"),
    [
        ("softem_image_tiny,train_steps=100", "startup_steps=20"),
        ("softem_image_small,train_steps=500,autoencoder_steps=15000", "autoencoder_steps=250"),
        ("softem_image_tiny,train_steps=1,autoencoder_steps=999", "startup_steps=0"),
    ],
)
def test_what_a_short_training_is_told_to_type_can_be_trained(hparams, typed):
    with pytest.raises(ValueError, match=typed) as error:
        Run.create("image_synthetic", hparams, data_dir="d").check()
    told = str(error.value).partition("--hparams=")[2]
    Run.create("image_synthetic", told, data_dir="d").check()


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_no_generator_takes_is_refused(run, seed):
    with pytest.raises(ValueError, match="must be a whole number from 0 to 4,294,967,295"):
        dataclasses.replace(run, seed=seed).check()


def damaged(content):
    """Texts that a `run.json` of this content may become, by hand or on a bad disk."""
    yield from ("", "null", "[]", "3", '"run"', "{", "\0", "[" * 100_000, '{"problem": ', "{}")
    text = json.dumps(content)
    yield text[: len(text) // 2]
    for values in (content, content["hparams"], content["hparams"]["bottleneck"], content["best"]):
        for name, old in list(values.items()):
            if name in ("problem", "hparams_set", "hparams", "data_dir", "model"):
                values.pop(name)
                yield json.dumps(content)
            for wrong in WRONG:
                values[name] = wrong
                yield json.dumps(content)
            values[name] = old


def test_a_damaged_description_is_one_sentence_or_as_good_as_it_was(run, tmp_path):
    run.save(tmp_path)
    path = tmp_path / "run.json"
    for text in damaged(json.loads(path.read_text())):
        path.write_text(text)
        try:
            loaded = runs.load(tmp_path)
        except (ValueError, registry.UnknownNameError) as error:
            assert "\n" not in str(error) and str(error).endswith((".", "?")), (text[:80], error)
            assert str(path) in str(error) or "is called" in str(error), (text[:80], error)
        else:
            # Where none or a whole number are among the values that a field may have.
            loaded.check()
            assert isinstance(loaded.data_dir, str)


@pytest.mark.parametrize(
    ("problem", "hparams", "arguments"),
    [
        ("translate_ende_synthetic", "softem_nat_tiny", {"vocab_size": 9}),
        ("image_synthetic", "softem_image_tiny", {"image_shape": (8, 8, 3), "num_classes": 2}),
    ],
)
def test_a_model_that_draws_takes_the_seed_of_its_run(monkeypatch, problem, hparams, arguments):
    known = types.SimpleNamespace(model_arguments=lambda data_dir: arguments)
    monkeypatch.setattr(Run, "make_problem", lambda self: known)
    start = []
    for seed in (0, 3):
        model = Run.create(problem, hparams, data_dir="data", seed=seed).make_model()
        start.append(np.array(model.bottleneck.weights[0]))
    assert np.any(start[0] != start[1])


def test_trying_a_model_changes_nothing_else_in_the_process(run):
    mixed = dataclasses.replace(run, precision="mixed_bfloat16")
    states = random.getstate(), keras.config.dtype_policy()
    model = mixed.try_model()
    assert model.dtype_policy.name == "mixed_bfloat16"
    assert (random.getstate(), keras.config.dtype_policy()) == states


def test_an_export_is_told_from_a_run(tmp_path):
    (tmp_path / exported.FILE).touch()
    with pytest.raises(FileNotFoundError, match="holds an export, and a run is needed"):
        runs.load(tmp_path)
