import keras
import numpy as np
import pytest

from t2t_vq.training.learning_rate import WarmupSchedule


def rates(schedule, steps):
    return [float(schedule(step)) for step in steps]


@pytest.mark.parametrize("decay", ["rsqrt", "cosine"])
def test_the_rate_rises_linearly_and_is_never_zero(decay):
    schedule = WarmupSchedule(1.0, 4, decay, total_steps=10)
    np.testing.assert_allclose(rates(schedule, range(4)), [0.25, 0.5, 0.75, 1.0], rtol=1e-6)


def test_rsqrt_halves_when_the_steps_are_fourfold():
    schedule = WarmupSchedule(1e-3, 100, "rsqrt")
    np.testing.assert_allclose(rates(schedule, [99, 399, 1599]), [1e-3, 5e-4, 2.5e-4], rtol=1e-5)


def test_cosine_falls_to_two_percent_and_stays_there():
    schedule = WarmupSchedule(1.0, 10, "cosine", total_steps=110)
    # Halfway the cosine is 0: the mean of the peak and two percent.
    np.testing.assert_allclose(rates(schedule, [9, 59, 109, 500]), [1, 0.51, 0.02, 0.02], rtol=1e-4)


def test_no_warmup_starts_at_the_peak():
    assert rates(WarmupSchedule(0.5, 0, "rsqrt"), [0]) == [0.5]


def test_it_is_rebuilt_from_its_config():
    schedule = WarmupSchedule(1e-3, 10, "cosine", total_steps=50)
    config = keras.optimizers.schedules.serialize(schedule)
    again = keras.optimizers.schedules.deserialize(config)
    assert rates(again, range(60)) == rates(schedule, range(60))


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ValueError, match=r"no schedule 'linear'. Choose one of rsqrt, cosine"):
        WarmupSchedule(1e-3, 10, "linear")
