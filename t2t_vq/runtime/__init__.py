"""Runs exported folders of networks, without TensorFlow and Keras.

from t2t_vq import runtime

translator = runtime.load("export/fast")
translator.translate(["The dog sleeps."])  # a list of strings
"""


def load(folder, batch_size=64):
    """Loads what `t2t-vq-export --format=openvino` or `--format=onnx` wrote.

    Needs numpy, sentencepiece for translation, and openvino or onnxruntime, as the folder says.

    Args:
        folder: of the export.
        batch_size: most candidates of translations decoded together. Default 64.

    Returns:
        A `t2t_vq.runtime.translator.NetworkTranslator`.

    Raises:
        FileNotFoundError: when the folder is no export, or a file of it is missing.
        ValueError: when it is of a newer format, a file of it cannot be read, or the library or
            the precision that it needs is not here.

    Example:
        load("export/fast").translate(["The dog sleeps."])  # ["Der Hund schläft."]
    """
    from t2t_vq.formats import exported as formats

    exported = formats.load(folder)

    def open_networks(num_streams):
        from t2t_vq.runtime.openvino_networks import OpenVinoNetworks

        return OpenVinoNetworks(folder, exported.networks, exported.precision, num_streams)

    from t2t_vq.runtime.translator import NetworkTranslator

    return NetworkTranslator(folder, exported, open_networks, batch_size)
