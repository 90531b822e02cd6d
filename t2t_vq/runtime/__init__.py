"""Runs exported folders of networks, without TensorFlow and Keras.

Example:
    >>> from t2t_vq import runtime
    >>> translations = runtime.load("export/fast").translate(["The dog sleeps."])
    >>> codec = runtime.load("export/images")
    >>> codec.decode(codec.encode(np.zeros((2, 32, 32, 3), np.uint8))).shape
    (2, 32, 32, 3)
"""

import functools
from typing import Any

from t2t_vq import processors
from t2t_vq.paths import StrPath, expanded


def load(folder: StrPath, batch_size: int | None = None) -> Any:
    """Loads what `t2t-vq-export --format=openvino` or `--format=onnx` wrote.

    Needs numpy, sentencepiece for translation, and openvino or onnxruntime, as the folder says. Of
    processes that are forked, each loads for itself.

    Args:
        folder: of the export.
        batch_size: most candidates of translations decoded together, by default 64; or images,
            by default 100.

    Returns:
        A `t2t_vq.runtime.translator.NetworkTranslator`, or of an image model a
        `t2t_vq.runtime.images.NetworkImageCodec`.

    Raises:
        FileNotFoundError: when the folder is no export, or a file of it is missing.
        ValueError: when it is of a newer format, a file of it is not as it was exported, or the
            library or the precision that it needs is not here; or when the batch size is less
            than 1.

    Example:
        >>> translations = load("export/fast").translate(["The dog sleeps."])
    """
    from t2t_vq.formats import exported as formats
    from t2t_vq.runtime.libraries import library

    folder = expanded(folder)
    exported = formats.load(folder)
    # What is missing is told now, not with the first line.
    formats.check_files(folder, exported)
    if exported.task == "translation":
        library("sentencepiece")
    networks = _networks(folder, exported)
    networks(1)
    sizes = () if batch_size is None else (batch_size,)
    if exported.task == "images":
        from t2t_vq.runtime.images import NetworkImageCodec

        return NetworkImageCodec(exported, networks, *sizes)

    from t2t_vq.runtime.translator import NetworkTranslator

    return NetworkTranslator(folder, exported, networks, *sizes)


def _networks(folder, exported):
    """Returns the function from a number of calls at a time to the networks of a folder."""
    if exported.engine == "onnx":
        from t2t_vq.runtime.onnx_networks import OnnxNetworks

        def opened(num_streams):
            return OnnxNetworks(folder, max(1, processors.usable() // num_streams))

    else:
        from t2t_vq.runtime.openvino_networks import OpenVinoNetworks

        def opened(num_streams):
            return OpenVinoNetworks(folder, exported.precision, num_streams)

    return functools.cache(opened)
