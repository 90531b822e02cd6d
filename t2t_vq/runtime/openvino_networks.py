"""Networks that OpenVINO runs on a processor."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from t2t_vq import processors
from t2t_vq.errors import InvalidError
from t2t_vq.formats.exported import file_of
from t2t_vq.paths import StrPath
from t2t_vq.runtime.libraries import library
from t2t_vq.runtime.networks import Network, unreadable

if TYPE_CHECKING:
    import openvino

_TYPES = {"bfloat16": "bf16", "float32": "f32", "int8": "f32"}


class OpenVinoNetworks:
    """The networks of an exported folder, each compiled when it is first asked for.

    Args:
        folder: that holds `NAME.xml` and `NAME.bin` for each network.
        precision: "float32", "bfloat16" or "int8".
        num_streams: calls that run at the same time, each on its share of the processors.

    Raises:
        ValueError: when openvino is not installed, or the processor lacks the precision.
    """

    def __init__(self, folder: StrPath, precision: str, num_streams: int = 1) -> None:
        self._folder = folder
        self._process = os.getpid()
        self._core = library("openvino").Core()
        if precision == "bfloat16":
            _check_bfloat16(self._core, folder)
        self._options = {
            "INFERENCE_PRECISION_HINT": _TYPES[precision],
            "PERFORMANCE_HINT": "LATENCY" if num_streams == 1 else "THROUGHPUT",
            "NUM_STREAMS": num_streams,
            "INFERENCE_NUM_THREADS": processors.usable(),
            # Attention compiled to one program is wrong in version 2026.4 once there have been
            # fewer than 16 keys and then are more. Without, 6 % of the time are lost.
            "SNIPPETS_MODE": "DISABLE",
        }
        self._lock = threading.Lock()
        self._networks: dict[str, OpenVinoNetwork] = {}

    def __getitem__(self, name: str) -> OpenVinoNetwork:
        """Returns the `Network` of a name.

        Raises:
            FileNotFoundError: when a file of it is missing.
            RuntimeError: in a process that was forked from the one that opened the networks.
            ValueError: when it cannot be read.
        """
        if os.getpid() != self._process:
            # It has none of the threads that OpenVINO waits for.
            raise RuntimeError(
                f"{self._folder} was loaded before this process was forked, and OpenVINO cannot "
                "translate here. Load it in each process, after the fork."
            )
        with self._lock:
            if name not in self._networks:
                self._networks[name] = self._compiled(name)
            return self._networks[name]

    def _compiled(self, name):
        try:
            paths = [file_of(self._folder, name + ending) for ending in (".xml", ".bin")]
            model = self._core.read_model(*paths)
            return OpenVinoNetwork(model, self._core.compile_model(model, "CPU", self._options))
        except RuntimeError as error:
            raise unreadable(self._folder, name, error) from error


class OpenVinoNetwork(Network):
    """A network that OpenVINO has compiled.

    Args:
        model: an `openvino.Model`, whose inputs and outputs have one name each.
        compiled: the `openvino.CompiledModel` made of it, in which they have more.
    """

    def __init__(self, model: openvino.Model, compiled: openvino.CompiledModel) -> None:
        import openvino

        super().__init__({port.any_name: _shape(port) for port in model.inputs})
        self._tensor = openvino.Tensor
        self._compiled = compiled
        self._dtypes = {port.any_name: port.element_type.to_dtype() for port in model.inputs}
        self._numbers = {name: number for number, name in enumerate(self.inputs)}
        self._outputs = [port.any_name for port in model.outputs]
        self._by_thread = threading.local()

    def bound(self, fixed: Mapping[str, np.ndarray]) -> Callable:
        request = self._request()
        # OpenVINO reads the arrays where they are, so they must be there while it does.
        kept = self._set(request, fixed)

        def call(arrays, _kept=kept):
            changing = self._set(request, arrays)
            request.infer()
            del changing
            return {
                name: np.array(request.get_output_tensor(number).data)
                for number, name in enumerate(self._outputs)
            }

        return call

    def _request(self):
        if not hasattr(self._by_thread, "request"):
            self._by_thread.request = self._compiled.create_infer_request()
        return self._by_thread.request

    def _set(self, request, arrays):
        kept = []
        for name, array in arrays.items():
            if name in self._numbers:
                # It takes no array that cannot be written to.
                array = np.require(array, self._dtypes[name], ["C", "W"])
                request.set_input_tensor(self._numbers[name], self._tensor(array, True))
                kept.append(array)
        return kept


def _shape(port):
    return tuple(each.get_length() if each.is_static else None for each in port.partial_shape)


def _check_bfloat16(core, folder):
    if "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise InvalidError(
            f"{folder} is exported for bfloat16, which this processor does not multiply. Export "
            "with --precision=float32, or with int8, which is faster."
        )
