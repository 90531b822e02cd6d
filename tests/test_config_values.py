"""Every value that a user gives is checked when it is given, before there is data."""

import dataclasses
import functools
import typing

import pytest

from t2t_vq import config, registry
from t2t_vq.bottlenecks import DecomposedVectorQuantizer, VectorQuantizer
from t2t_vq.bottlenecks.estimators import ESTIMATORS
from t2t_vq.config import (
    BottleneckConfig,
    ImageHParams,
    TransformerHParams,
    TransformerNatHParams,
)
from t2t_vq.config.ranges import ESTIMATOR, PREDICTOR
from t2t_vq.decoding.options import Search
from t2t_vq.errors import UserError
from t2t_vq.models.transformer_nat import _PREDICTORS, TransformerNat
from t2t_vq.models.vq_autoencoder import VqAutoencoder
from t2t_vq.run import Run
from t2t_vq.training.learning_rate import WarmupSchedule
from t2t_vq.training.trainer import train

HPARAMS = {
    "model": "none",
    "train_steps": 0,
    "learning_rate": 0.0,
    "warmup_steps": -1,
    "schedule": "none",
    "schedule_start": -1,
    "schedule_steps": -1,
    "adam_beta1": 1.0,
    "adam_beta2": 1.0,
    "adam_epsilon": 0.0,
    "clip_norm": -1.0,
    "weight_ema": 1.0,
    "eval_frequency": 0,
}
TRANSFORMER = {
    **HPARAMS,
    "batch_tokens": 0,
    "max_length": 1,
    "num_buckets": 0,
    "hidden_size": 9,
    "filter_size": 0,
    "num_heads": 7,
    "encoder_layers": -1,
    "decoder_layers": 257,
    "dropout": 1.0,
    "label_smoothing": 1.0,
}
WRONG = {
    TransformerHParams: TRANSFORMER,
    TransformerNatHParams: {
        **TRANSFORMER,
        "predictor": "none",
        "predictor_layers": 0,
        "compress_steps": 9,
        "latent_label_smoothing": 1.0,
        "startup_steps": -1,
        "mask_startup_steps": -1,
        "predicted_latents": 1.1,
        "bottleneck": "em",
    },
    ImageHParams: {
        **HPARAMS,
        "batch_size": 0,
        "encoder": "none",
        "likelihood": "none",
        "num_mixtures": 0,
        "hidden_size": 0,
        "num_layers": -1,
        "filter_size": 0,
        "num_heads": 0,
        "downsample_steps": -1,
        "dropout": 1.0,
        "prior_size": 6,
        "prior_layers": 0,
        "prior_filter_size": 0,
        "prior_heads": 7,
        "prior_dropout": 1.0,
        "class_conditional": 1,
        "startup_steps": -1,
        "autoencoder_steps": 1,
        "bottleneck": None,
    },
    BottleneckConfig: {
        "kind": "none",
        "num_codes": 0,
        "num_blocks": 0,
        "num_quantizers": 0,
        "quantizer_dropout": 1.1,
        "levels": (1,),
        "soft": 1,
        "num_samples": 0,
        "temperature": 0.0,
        "temperature_end": float("inf"),
        "temperature_steps": -1,
        "relative_temperature": None,
        "through_posterior": "yes",
        "learning": "none",
        "similarity": "none",
        "estimator": "none",
        "projection": "none",
        "projection_dim": 0,
        "beta": 1e300,
        "decay": 1.0,
        "epsilon": -1.0,
        "restart_threshold": 1.0,
        "orthogonality_weight": float("nan"),
        "diversity_weight": -1.0,
        "discrete_share": 1.1,
        "entropy_weight": -1.0,
        "kl_weight": -1.0,
        "own": {"nothing": 1},
    },
}
SEARCH = {
    "beam_size": 0,
    "alpha": -1.0,
    "num_samples": -1,
    "temperature": 0.0,
    "passes": 0,
    "refinements": -1,
}


CHOICES = [
    *(
        (BottleneckConfig, each, VectorQuantizer)
        for each in ("learning", "similarity", "estimator")
    ),
    (BottleneckConfig, "projection", DecomposedVectorQuantizer),
    (ImageHParams, "encoder", lambda **options: VqAutoencoder(VectorQuantizer(), **options)),
    (ImageHParams, "likelihood", lambda **options: VqAutoencoder(VectorQuantizer(), **options)),
    (TransformerNatHParams, "predictor", functools.partial(TransformerNat, 9, VectorQuantizer())),
    (TransformerNatHParams, "schedule", lambda schedule: WarmupSchedule(1.0, 9, schedule)),
]


def with_names(table):
    return [(cls, name, value) for cls, values in table.items() for name, value in values.items()]


@pytest.mark.parametrize("cls", list(WRONG))
def test_the_table_has_every_hyper_parameter(cls):
    assert list(WRONG[cls]) == [field.name for field in dataclasses.fields(cls)]


@pytest.mark.parametrize(("cls", "name", "value"), with_names(WRONG))
def test_every_hyper_parameter_has_values_that_are_refused(cls, name, value):
    config.check(cls())
    with pytest.raises(UserError):
        config.check(dataclasses.replace(cls(), **{name: value}))


@pytest.mark.parametrize(("name", "value"), SEARCH.items())
def test_every_option_of_a_search_has_values_that_are_refused(name, value):
    assert list(SEARCH) == [field.name for field in dataclasses.fields(Search)]
    with pytest.raises(UserError):
        Search(**{name: value})


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("hidden_size=129,num_heads=3", "hidden_size=129 must be even"),
        ("bottleneck=fsq,bottleneck.levels=[]", "must hold at least one number"),
        ("bottleneck=fsq,bottleneck.levels=[30000,30000,30000]", "cannot count"),
        ("bottleneck=lfq,bottleneck.num_codes=1000", "must be a power of 2"),
        ("bottleneck=dvq,bottleneck.num_blocks=3", "cannot cut vectors of 128 into 3 equal blocks"),
        ("bottleneck=vae", "has no codes"),
        ("bottleneck.restart_threshold=5", "must be at least 0 and less than 1"),
    ],
)
def test_what_does_not_fit_together_is_told_before_there_is_data(tmp_path, overrides, message):
    with pytest.raises(UserError, match=message):
        run = Run.create(
            "translate_ende_synthetic", f"softem_nat_tiny,{overrides}", data_dir=tmp_path / "data"
        )
        train(run, tmp_path / "run")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("run", "arguments", "message"),
    [
        ({"seed": -1}, {}, "seed=-1 must be a whole number"),
        ({"seed": 1.5}, {}, "seed=1.5 must be a whole number"),
        ({"precision": "float16"}, {}, "There is no precision 'float16'"),
        ({}, {"strategy": "tpu"}, "There is no strategy 'tpu'"),
        ({}, {"eval_steps": 0}, "eval_steps=0 is no number of them"),
        ({}, {"keep_checkpoints": None}, "keep_checkpoints=None is no number of them"),
    ],
)
def test_arguments_are_checked_before_there_is_data(tmp_path, run, arguments, message):
    run = Run.create(
        "translate_ende_synthetic", "transformer_tiny", data_dir=tmp_path / "data", **run
    )
    with pytest.raises(UserError, match=message):
        train(run, tmp_path / "run", **arguments)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("cls", "name", "make"), CHOICES, ids=[name for _, name, _ in CHOICES])
def test_what_may_be_chosen_is_the_same_for_a_hyper_parameter_and_what_it_is_for(cls, name, make):
    allowed = typing.get_type_hints(cls, include_extras=True)[name].__metadata__[0]
    with pytest.raises(UserError, match=f"{allowed}\\.$"):
        make(**{name: "none"})


def test_there_is_a_function_for_every_estimator_and_a_layer_for_every_predictor():
    assert str(ESTIMATOR) == f"one of {', '.join(ESTIMATORS)}"
    assert str(PREDICTOR) == f"one of {', '.join(_PREDICTORS)}"


def test_a_weight_that_leaves_nothing_of_the_others_is_refused():
    with pytest.raises(UserError, match=r"at least 0 and at most 1,000,000,000"):
        config.override(registry.hparams("softem_nat_tiny"), "bottleneck.beta=1e30")
