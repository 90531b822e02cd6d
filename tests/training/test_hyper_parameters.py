"""Every value of a hyper-parameter makes a model, or is refused in a sentence, before any data."""

import dataclasses

import pytest

from t2t_vq import config, registry
from t2t_vq.run import Run
from t2t_vq.training import memory, trainer

SETS = {
    "transformer_test": "translate_tiny",
    "softem_nat_test": "translate_tiny",
    "softem_image_test": "image_tiny",
}
VALUES = (
    *("-1", "0", "1", "2", "3", "7", "0.5", "1.5", "1e-30", "1e9", "1000000000", "9" * 20),
    *("nan", "inf", "-inf", "none", "true", "x", "", "[]", "[1]", "[2,3]"),
)
NONSENSE = {
    **dict.fromkeys(("learning_rate", "warmup_steps", "batch_tokens", "eval_frequency"), "-1"),
    **{"adam_beta1": "1e9", "adam_epsilon": "inf", "label_smoothing": "1e9", "dropout": "7"},
    **{"num_buckets": "0", "schedule": "linear", "encoder_layers": "-1", "hidden_size": "0"},
    **{"num_heads": "0", "max_length": "0", "filter_size": "-1", "predictor_layers": "0"},
    **{"decoder_layers": "1000000000", "compress_steps": "1000000000"},
    **{"bottleneck.temperature": "nan", "bottleneck.temperature_end": "-1"},
    **{"bottleneck.temperature_steps": "-1", "bottleneck.beta": "-1", "bottleneck.epsilon": "-1"},
    **{"bottleneck.projection_dim": "0", "bottleneck.diversity_weight": "-1"},
    **{"bottleneck.num_blocks": "1000000000", "bottleneck.kind": "none", "model": "none"},
}


def names(hparams, prefix=""):
    for field in dataclasses.fields(hparams):
        value = getattr(hparams, field.name)
        if dataclasses.is_dataclass(value):
            yield from names(value, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name


def checked(name, overrides):
    run = Run.create(SETS[name], f"{name},{overrides}", data_dir="none")
    run.check()
    memory.check_memory(run.hparams)
    return run


@pytest.mark.parametrize("name", SETS)
def test_a_value_makes_a_model_or_is_one_sentence(tf, name):
    passed = {}
    for field in names(registry.hparams(name)):
        for value in VALUES:
            try:
                run = checked(name, f"{field}={value}")
                # One odd value of each field is enough to see that what passes can be built.
                if field not in passed and run.hparams != registry.hparams(name):
                    run.try_model()
                    passed[field] = value
            except (ValueError, registry.UnknownNameError) as error:
                assert "\n" not in str(error), (field, value)
                assert str(error).endswith((".", "?")) or "less: --hparams=" in str(error), (
                    field,
                    value,
                )
    assert len(passed) > 20


@pytest.mark.parametrize(("field", "value"), NONSENSE.items())
def test_nonsense_is_refused_and_names_what_is_wrong(field, value):
    with pytest.raises((ValueError, registry.UnknownNameError)) as error:
        checked("softem_nat_test", f"{field}={value}")
    assert field in str(error.value) or value in str(error.value)


def test_a_set_of_ones_own_is_checked_too(monkeypatch, tmp_path):
    wrong = dataclasses.replace(registry.hparams("transformer_test"), dropout=7.0)
    monkeypatch.setitem(registry.hparams_sets._objects, "wrong_set", lambda: wrong)
    with pytest.raises(ValueError, match=r"'dropout' is 7\.0, and it must be at least 0 and less"):
        Run.create("translate_tiny", "wrong_set", data_dir="none")
    run = Run("translate_tiny", "wrong_set", wrong, data_dir=str(tmp_path / "data"))
    with pytest.raises(ValueError, match=r"'dropout' is 7\.0, and it must be at least 0 and less"):
        trainer.train(run, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_what_a_model_takes_at_least_is_no_more_than_it_has(tf):
    for name in ("transformer_small", "softem_nat_tiny", "vq_nat_small", "softem_image_tiny"):
        hparams = registry.hparams(name)
        problem = "image_tiny" if hparams.task == "images" else "translate_tiny"
        arguments = registry.problem(problem).stand_in
        with tf.Graph().as_default():
            model = registry.models[hparams.model].from_hparams(hparams, **arguments)
        assert model.count_params() / 4 < hparams.least_weights() <= model.count_params(), name


def test_a_model_larger_than_the_machine_is_told_what_it_would_take(monkeypatch):
    monkeypatch.setattr(memory, "machine_memory", lambda: 2**30)
    hparams = config.override(registry.hparams("softem_nat_tiny"), "bottleneck.num_codes=1000000")
    with pytest.raises(ValueError, match=r"at least 1\.9 GiB for the model .* has 1\.0 GiB"):
        memory.check_memory(hparams)
    hparams = config.override(registry.hparams("softem_nat_tiny"), "batch_tokens=1000000")
    with pytest.raises(ValueError, match=r"4\.3 GiB for a batch"):
        memory.check_memory(hparams)
    memory.check_memory(registry.hparams("softem_nat_tiny"))


def test_a_model_that_cannot_be_built_is_refused_before_data_are_prepared(tmp_path):
    hparams = "softem_nat_test,bottleneck=dvq,bottleneck.num_blocks=3"
    run = Run.create("translate_tiny", hparams, data_dir=str(tmp_path / "data"))
    with pytest.raises(ValueError, match="cannot cut vectors of 16 into 3"):
        trainer.train(run, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_training_that_ends_too_early_is_told_what_to_type():
    run = Run.create("image_tiny", "softem_image_tiny,train_steps=100", data_dir="none")
    with pytest.raises(ValueError) as error:
        run.check()
    assert str(error.value).endswith("--hparams=softem_image_tiny,train_steps=100,startup_steps=20")
