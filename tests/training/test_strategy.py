import pytest

from t2t_vq.training.strategy import make_strategy, share


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


def test_every_replica_has_its_rows_of_a_batch(tf, two_replicas):
    batch = {"image": tf.reshape(tf.range(8), (4, 2)), "label": tf.range(4)}
    shared = share(two_replicas, batch)
    images, labels = (
        [rows.numpy().tolist() for rows in two_replicas.experimental_local_results(shared[name])]
        for name in ("image", "label")
    )
    assert images == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
    assert labels == [[0, 1], [2, 3]]


def test_one_device_has_the_whole_batch(tf):
    batch = {"label": tf.range(3)}
    assert share(make_strategy("one_device"), batch) is batch
