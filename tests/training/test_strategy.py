import pytest

from t2t_vq.training.strategy import make_strategy


def test_an_unknown_strategy_is_refused():
    with pytest.raises(ValueError, match=r"no strategy 'tpu'. Choose one of auto, one_device"):
        make_strategy("tpu")


def test_mirrored_takes_every_logical_cpu_where_there_is_no_gpu(tf):
    if tf.config.list_logical_devices("GPU"):
        pytest.skip("There is a GPU.")
    assert make_strategy("mirrored").num_replicas_in_sync == 2


def test_runs_of_one_process_share_the_mirrored_strategy(tf):
    assert make_strategy("mirrored") is make_strategy("mirrored")


@pytest.mark.parametrize("name", ["auto", "one_device"])
def test_cpus_do_not_train_together_unless_asked(tf, name):
    if len(tf.config.list_logical_devices("GPU")) > 1:
        pytest.skip("There are several GPUs.")
    assert make_strategy(name).num_replicas_in_sync == 1
