import pytest

from t2t_vq import config, registry
from t2t_vq.training import memory


@pytest.fixture
def large_batch(monkeypatch):
    """Hyper-parameters whose batches take 4.3 GiB in float32, on a machine that has 3 GiB."""
    monkeypatch.setattr(memory, "machine_memory", lambda: 3 * 2**30)
    return config.override(registry.hparams("softem_nat_tiny"), "batch_tokens=1000000")


def test_in_mixed_precision_a_batch_takes_half(large_batch):
    with pytest.raises(ValueError, match=r"4\.3 GiB for a batch"):
        memory.check_memory(large_batch)
    memory.check_memory(large_batch, "mixed_bfloat16")


def test_where_a_gpu_is_in_use_the_machine_does_not_count(large_batch, tf, monkeypatch):
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [kind])
    memory.check_memory(large_batch)
