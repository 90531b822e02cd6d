import pytest

from t2t_vq.run import Run
from t2t_vq.training import memory


@pytest.fixture
def large_batch(monkeypatch):
    """A function that makes a run whose batches take 4.3 GiB in float32, on a machine of 3 GiB."""
    monkeypatch.setattr(memory, "machine_memory", lambda: 3 * 2**30)

    def run(precision):
        hparams = "softem_nat_tiny,batch_tokens=1000000"
        return Run.create("translate_tiny", hparams, data_dir="none", precision=precision)

    return run


def test_in_mixed_precision_a_batch_takes_half(large_batch):
    with pytest.raises(ValueError, match=r"4\.3 GiB for a batch"):
        memory.check_memory(large_batch("float32"), None)
    memory.check_memory(large_batch("mixed_bfloat16"), None)


def test_where_a_gpu_is_in_use_the_machine_does_not_count(large_batch, tf, monkeypatch):
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [kind])
    memory.check_memory(large_batch("float32"), None)
