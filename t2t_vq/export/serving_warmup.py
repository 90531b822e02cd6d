"""The request that TensorFlow Serving makes of a SavedModel before it serves it."""

import pathlib

import tensorflow as tf

from t2t_vq.paths import StrPath

# Numbers of fields in the messages of TensorFlow Serving, whose library is not needed for these.
_PREDICTION_LOG_PREDICT_LOG = 6
_PREDICT_LOG_REQUEST = 1
_PREDICT_REQUEST_MODEL_SPEC = 1
_MODEL_SPEC_SIGNATURE_NAME = 3


def write(folder: StrPath, signature: str) -> None:
    """Writes `assets.extra/tf_serving_warmup_requests`, a call of a signature without inputs.

    Args:
        folder: of the SavedModel.
        signature: its name.

    Reference:
        https://www.tensorflow.org/tfx/serving/saved_model_warmup.
    """
    path = pathlib.Path(folder) / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(prediction_log(signature))


def prediction_log(signature: str) -> bytes:
    """Returns a serialised `PredictionLog` of a call of a signature without inputs.

    Args:
        signature: its name.

    Example:
        >>> prediction_log("a")
        b'2\\x07\\n\\x05\\n\\x03\\x1a\\x01a'
    """
    model_spec = _field(_MODEL_SPEC_SIGNATURE_NAME, signature.encode("utf-8"))
    request = _field(_PREDICT_REQUEST_MODEL_SPEC, model_spec)
    return _field(_PREDICTION_LOG_PREDICT_LOG, _field(_PREDICT_LOG_REQUEST, request))


def _field(number, content):
    """Returns a field of a message in the wire format of Protocol Buffers: tag, length, content.

    Args:
        number: of the field, below 16.
        content: less than 128 bytes, so that its length takes one.
    """
    return bytes([number << 3 | 2, len(content)]) + content
