"""Networks in files of ONNX, for ONNX Runtime."""

from __future__ import annotations

import contextlib
import logging
import pathlib
import tempfile
from collections.abc import Iterable
from typing import TYPE_CHECKING

from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath

try:
    import onnx
    from tf2onnx import tfonnx
except ImportError as error:
    raise InvalidError(
        f"An export to ONNX needs the library tf2onnx ({error}). Install it: "
        'pip install "t2t-vq[onnx]".'
    ) from error

from t2t_vq.export.onnx_passes import rewrite

if TYPE_CHECKING:
    from t2t_vq.export.network import Network

# The newest that tf2onnx writes.
_OPSET = 18


@contextlib.contextmanager
def _quietly():
    """Keeps libraries from telling of each operation and each tensor that they look at."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def graph_of(network: Network) -> onnx.ModelProto:
    """Returns a `Network` as an `onnx.ModelProto` whose inputs and outputs are named as it says."""
    graph, outputs = network.frozen()
    # TensorFlow names the results of an operation, of which each of these has one.
    names = {f"{name}:0": name for name in (*network.inputs, *outputs)}
    with _quietly():
        converted = tfonnx.process_tf_graph(
            graph,
            opset=_OPSET,
            input_names=[f"{name}:0" for name in network.inputs],
            output_names=[f"{name}:0" for name in outputs],
            tensors_to_rename=names,
        )
    model = converted.make_model(network.name)
    rewrite(model)
    return model


def save(graph: onnx.ModelProto, path: StrPath, precision: str) -> None:
    """Writes a graph to a path without ending; a graph of int8 holds its own precision."""
    onnx.save_model(graph, f"{path}.onnx")


def quantized(
    graphs: Iterable[str], reference: pathlib.Path, lines: list[str]
) -> dict[str, onnx.ModelProto]:
    """Returns graphs whose products with weights are of int8.

    The range of what is multiplied with them is found anew for each product, so nothing needs
    calibrating.

    Args:
        graphs: dict from names to graphs.
        reference: folder of the export in float32.
        lines: list of strings to calibrate on.
    """
    try:
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError as error:
        raise InvalidError(
            f"The library onnxruntime, which makes networks of int8, cannot be imported ({error}). "
            'Install it: pip install "t2t-vq[onnx]".'
        ) from error

    found = {}
    with tempfile.TemporaryDirectory() as folder, _quietly():
        for name in graphs:
            path = pathlib.Path(folder) / f"{name}.onnx"
            quantize_dynamic(
                reference / f"{name}.onnx",
                path,
                op_types_to_quantize=["MatMul"],
                per_channel=True,
                weight_type=QuantType.QInt8,
            )
            found[name] = onnx.load(path)
    return found
