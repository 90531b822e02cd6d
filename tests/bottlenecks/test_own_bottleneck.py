"""A bottleneck of a --usr_dir, and its options among the hyper-parameters."""

import json

import pytest

from t2t_vq import config, registry
from t2t_vq.bottlenecks.factory import make_bottleneck
from t2t_vq.run import Run

CODE = """
from __future__ import annotations

import keras
from t2t_vq import register_bottleneck
from t2t_vq.bottlenecks.vector_quantizer import VectorQuantizer


@register_bottleneck("scaled-vq")
@keras.saving.register_keras_serializable(package="own")
class ScaledVectorQuantizer(VectorQuantizer):
    "Hard EM of scaled inputs."

    def __init__(self, num_codes, scale: float = 2, floor: float | None = None, where="before",
                 fixed=False, rounds: int = 1, **kwargs):
        super().__init__(num_codes, **kwargs)
        self.scale, self.floor, self.where, self.fixed = scale, floor, where, fixed
        self.rounds = rounds
"""
OVERRIDES = (
    "bottleneck.kind=scaled-vq,bottleneck.num_codes=16,bottleneck.scale=0.5,bottleneck.floor=-1.0,"
    "bottleneck.where=behind,bottleneck.fixed=true,bottleneck.rounds=3"
)


@pytest.fixture(scope="module", autouse=True)
def usr_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("usr")
    (folder / "own_bottleneck.py").write_text(CODE)
    registry.import_usr_dir(folder)


def overridden(overrides):
    return config.override(registry.hparams("softem_nat_tiny"), overrides)


def test_every_plain_option_is_reached_by_an_override(tf):
    made = make_bottleneck(config.to_dict(overridden(OVERRIDES).bottleneck))
    assert type(made).__name__ == "ScaledVectorQuantizer" and made.num_codes == 16
    assert (made.scale, made.floor, made.where, made.fixed) == (0.5, -1.0, "behind", True)
    assert made.rounds == 3


def test_options_that_are_left_out_have_the_defaults_of_the_class(tf):
    made = make_bottleneck(config.to_dict(overridden("bottleneck=scaled-vq").bottleneck))
    assert (made.scale, made.floor, made.rounds) == (2, None, 1)
    none = overridden("bottleneck=scaled-vq,bottleneck.floor=none")
    assert make_bottleneck(config.to_dict(none.bottleneck)).floor is None


def test_they_come_back_from_a_run_and_as_overrides():
    hparams = overridden(OVERRIDES)
    values = json.loads(json.dumps(config.to_dict(hparams)))
    assert config.from_dict(type(hparams), values) == hparams
    base = registry.hparams("softem_nat_tiny")
    again = config.override(base, config.overrides_of(hparams, base))
    assert again == hparams


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("bottleneck.scale=wide", r"'bottleneck\.scale' is a number; 'wide' is not"),
        ("bottleneck.floor=deep", r"'bottleneck\.floor' is a number or none; 'deep' is not"),
        ("bottleneck.rounds=1.5", r"'bottleneck\.rounds' is an integer; '1\.5' is not"),
        ("bottleneck.scal=1", r"Did you mean bottleneck\.scale"),
        ("bottleneck.floor=nan", "must be finite"),
    ],
)
def test_a_wrong_one_is_told_before_there_is_data(override, message):
    with pytest.raises(ValueError, match=message):
        Run.create(
            "translate_ende_synthetic",
            f"softem_nat_tiny,bottleneck=scaled-vq,{override}",
            data_dir="none",
        )


def test_what_a_kind_gives_the_constructor_that_it_inherits_is_no_option(tf):
    # `number`, of parts that are all alike.
    with pytest.raises(ValueError, match=r"no hyper-parameter 'bottleneck\.number'"):
        overridden("bottleneck=dvq,bottleneck.number=3")
