"""Every value of a hyper-parameter makes a model, or is refused in a sentence, before any data."""

import contextlib
import dataclasses

import pytest

from t2t_vq import config, registry
from t2t_vq.bottlenecks.factory import make_bottleneck
from t2t_vq.run import Run
from t2t_vq.training import memory, trainer

SETS = {
    "transformer_test": "translate_tiny",
    "softem_nat_test": "translate_tiny",
    "softem_nat_tiny": "translate_tiny",
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


def is_sentence(error):
    text = str(error)
    return "\n" not in text and (text.endswith((".", "?")) or "less: --hparams=" in text)


def checked(name, overrides):
    run = Run.create(SETS[name], f"{name},{overrides}", data_dir="none")
    run.check()
    memory.check_memory(run, run.try_model())
    return run


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("transformer_test", marks=pytest.mark.slow),
        "softem_nat_test",
        pytest.param("softem_image_test", marks=pytest.mark.slow),
    ],
)
def test_a_value_makes_a_model_or_is_one_sentence(tf, name):
    passed = {}
    for field in names(registry.hparams(name)):
        for value in VALUES:
            try:
                run = Run.create(SETS[name], f"{name},{field}={value}", data_dir="none")
                run.check()
                # One odd value of each field is enough to see that what passes can be built.
                if field not in passed and run.hparams != registry.hparams(name):
                    checked(name, f"{field}={value}")
                    passed[field] = value
            except (ValueError, registry.UnknownNameError) as error:
                assert is_sentence(error), (field, value)
    assert len(passed) > 20


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(registry.bottlenecks))
def test_the_least_and_the_most_of_an_option_make_a_bottleneck_or_are_one_sentence(tf, kind):
    fields = names(config.BottleneckConfig())
    for name in [*fields, *config.BottleneckConfig(kind=kind).own_options()]:
        found = []
        for value in VALUES:
            with contextlib.suppress(ValueError, registry.UnknownNameError):
                text = f"bottleneck={kind},bottleneck.{name}={value}"
                found.append(config.override(registry.hparams("softem_nat_test"), text).bottleneck)
        for options in found[:1] + found[-1:]:
            try:
                with tf.Graph().as_default():
                    make_bottleneck(config.to_dict(options)).build((None, None, 16))
            except ValueError as error:
                assert is_sentence(error), options


@pytest.mark.parametrize(("field", "value"), NONSENSE.items())
def test_nonsense_is_refused_and_names_what_is_wrong(field, value):
    with pytest.raises((ValueError, registry.UnknownNameError)) as error:
        checked("softem_nat_test", f"{field}={value}")
    assert field.removesuffix(".kind") in str(error.value)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("train_steps", 1e5, "is an integer; 100000.0 is not"),
        ("hidden_size", "512", "is an integer; '512' is not"),
        ("hidden_size", None, "is an integer; None is not"),
        ("dropout", True, "is a number; True is not"),
    ],
)
def test_a_value_of_another_type_in_a_set_of_ones_own_is_named(field, value, told):
    wrong = dataclasses.replace(registry.hparams("transformer_test"), **{field: value})
    with pytest.raises(ValueError, match=f"'{field}' {told}"):
        config.check(wrong)


def test_a_set_of_ones_own_is_checked_too(monkeypatch, tmp_path):
    wrong = dataclasses.replace(registry.hparams("transformer_test"), dropout=7.0)
    monkeypatch.setitem(registry.hparams_sets._objects, "wrong_set", lambda: wrong)
    with pytest.raises(ValueError, match=r"'dropout' is 7\.0, and it must be at least 0 and less"):
        Run.create("translate_tiny", "wrong_set", data_dir="none")
    run = Run("translate_tiny", "wrong_set", wrong, data_dir=str(tmp_path / "data"))
    with pytest.raises(ValueError, match=r"'dropout' is 7\.0, and it must be at least 0 and less"):
        trainer.train(run, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_model_larger_than_the_machine_is_told_what_it_would_take(monkeypatch):
    monkeypatch.setattr(memory, "machine_memory", lambda: 2**30)
    for overrides, told in (
        ("bottleneck.num_codes=1000000", r"at least \d\.\d GiB for the model .* has 1\.0 GiB"),
        ("bottleneck=gumbel-softmax,bottleneck.num_codes=1000000000", "for the model"),
        ("bottleneck=lfq,bottleneck.num_codes=1073741824", "for the model"),
        ("batch_tokens=1000000", r"4\.3 GiB for a batch"),
    ):
        with pytest.raises(ValueError, match=told):
            checked("softem_nat_tiny", overrides)
    with pytest.raises(ValueError, match="for the model"):
        checked("softem_image_test", "bottleneck=vae,bottleneck.latent_dim=1000000000")
    checked("softem_nat_tiny", "dropout=0")


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
