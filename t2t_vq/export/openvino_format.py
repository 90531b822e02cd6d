"""Networks in files of OpenVINO."""

from __future__ import annotations

import contextlib
import io
import logging
import pathlib
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath

try:
    import openvino
except ImportError as error:
    raise InvalidError(
        f"The library openvino cannot be imported ({error}). Install it: "
        'pip install "t2t-vq[openvino]".'
    ) from error

from t2t_vq.export.calibration import calibration_inputs
from t2t_vq.export.openvino_passes import rewrite

if TYPE_CHECKING:
    import tensorflow as tf

    from t2t_vq.export.network import Network


def graph_of(network: Network) -> openvino.Model:
    """Returns a `Network` as an `openvino.Model` whose inputs and outputs are named as it says."""
    graph, outputs = network.frozen()
    model = converted(graph)
    known = {*network.inputs, *outputs}
    # A tensor has the names of what it passed through, too, and rewriting moves some.
    names = [
        {name.removesuffix(":0") for name in port.get_names()} & known
        for port in (*model.inputs, *model.outputs)
    ]
    rewrite(model)
    for port, name in zip((*model.inputs, *model.outputs), names, strict=True):
        port.get_tensor().set_names(name)
    return model


def converted(graph: tf.Graph) -> openvino.Model:
    """Returns a frozen graph of TensorFlow's as OpenVINO reads it, none of it rewritten."""
    with tempfile.TemporaryDirectory() as folder:
        # By a file: what OpenVINO does with a graph itself fails in Python 3.13.
        path = pathlib.Path(folder) / "graph.pb"
        path.write_bytes(graph.as_graph_def().SerializeToString())
        return openvino.convert_model(path)


def save(graph: openvino.Model, path: StrPath, precision: str) -> None:
    """Writes a graph to a path without ending; for bfloat16 its weights take 16 bits there."""
    openvino.save_model(graph, f"{path}.xml", compress_to_fp16=precision == "bfloat16")


def quantized(
    graphs: Mapping[str, openvino.Model], reference: StrPath, lines: list[str]
) -> dict[str, openvino.Model]:
    """Returns graphs whose products are of int8.

    Args:
        graphs: dict from names to graphs.
        reference: folder of the export in float32.
        lines: list of strings, translated to find the ranges of what is multiplied.

    Reference:
        "Post-training quantization" in https://docs.openvino.ai.
    """
    try:
        import nncf
    except ImportError as error:
        raise InvalidError(
            f"The library nncf, which makes networks of int8, cannot be imported ({error}). "
            'Install it: pip install "t2t-vq[openvino]".'
        ) from error

    nncf.set_log_level(logging.ERROR)
    inputs = calibration_inputs(reference, lines)
    # It draws progress bars.
    with contextlib.redirect_stdout(io.StringIO()):
        return {
            name: nncf.quantize(
                graph,
                nncf.Dataset(inputs[name]),
                model_type=nncf.ModelType.TRANSFORMER,
                subset_size=len(inputs[name]),
            )
            for name, graph in graphs.items()
        }
