import subprocess
import sys

# What numbers its functions by the process, as commands do.
SAVE = """
import sys
import tensorflow as tf
from t2t_vq.export import reproducible

class Scaling(tf.Module):
    def __init__(self, factor):
        self.factor = tf.Variable(factor)

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def scale(self, x):
        return {"y": self.factor * x}

module = Scaling(float(sys.argv[2]))
reproducible.save(module, sys.argv[1], {"serving_default": module.scale})
"""


def saved(folder, factor):
    subprocess.run([sys.executable, "-c", SAVE, folder, str(factor)], check=True)
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_module_gives_the_same_files(tf, tmp_path):
    first, again = saved(tmp_path / "first", 2), saved(tmp_path / "again", 2)
    assert first == again and "fingerprint.pb" in first
    assert saved(tmp_path / "other", 3)["fingerprint.pb"] != first["fingerprint.pb"]
    loaded = tf.saved_model.load(str(tmp_path / "first")).signatures["serving_default"]
    assert loaded(tf.constant(3.0))["y"] == 6.0
