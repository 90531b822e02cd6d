"""SavedModels whose bytes hang on what they hold alone."""

import hashlib
import pathlib
from collections.abc import Callable

import tensorflow as tf
from tensorflow.core.protobuf import fingerprint_pb2

from t2t_vq.paths import StrPath


def save(module: tf.Module, folder: StrPath, signatures: dict[str, Callable]) -> None:
    """Writes a SavedModel as `tf.saved_model.save` does; the same module gives the same bytes.

    Args:
        module: a `tf.Module`.
        folder: to write to.
        signatures: dict of the functions to call it by.
    """
    tf.saved_model.save(module, folder, signatures=signatures)
    path = pathlib.Path(folder) / "fingerprint.pb"
    fingerprint = fingerprint_pb2.FingerprintDef.FromString(path.read_bytes())
    # TensorFlow draws it at random.
    fingerprint.uuid = ""
    digest = hashlib.sha256(fingerprint.SerializeToString(deterministic=True)).digest()
    fingerprint.uuid = str(int.from_bytes(digest[:16], "big"))
    path.write_bytes(fingerprint.SerializeToString(deterministic=True))
