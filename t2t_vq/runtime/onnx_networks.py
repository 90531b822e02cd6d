"""Networks that ONNX Runtime runs on a processor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from t2t_vq import processors
from t2t_vq.formats.exported import file_of
from t2t_vq.paths import StrPath
from t2t_vq.runtime.libraries import library
from t2t_vq.runtime.networks import Network, unreadable

if TYPE_CHECKING:
    import onnxruntime

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}
_ERRORS_ONLY = 3


class OnnxNetworks:
    """The networks of an exported folder, each loaded when it is first asked for.

    Args:
        folder: that holds `NAME.onnx` for each network.
        num_threads: that each call has; all processors by default.

    Raises:
        ValueError: when onnxruntime is not installed.
    """

    def __init__(self, folder: StrPath, num_threads: int | None = None) -> None:
        onnxruntime = library("onnxruntime")
        self._folder = folder
        self._session = onnxruntime.InferenceSession
        self._options = onnxruntime.SessionOptions()
        self._options.intra_op_num_threads = num_threads or processors.usable()
        # Else the threads of one network still wait busily for more work while the next computes,
        # and a translation takes three times as long.
        self._options.add_session_config_entry("session.force_spinning_stop", "1")
        self._options.log_severity_level = _ERRORS_ONLY
        self._lock = threading.Lock()
        self._networks: dict[str, OnnxNetwork] = {}

    def __getitem__(self, name: str) -> OnnxNetwork:
        """Returns the `Network` of a name.

        Raises:
            FileNotFoundError: when its file is missing.
            ValueError: when it cannot be read.
        """
        with self._lock:
            if name not in self._networks:
                self._networks[name] = self._loaded(name)
            return self._networks[name]

    def _loaded(self, name):
        content = file_of(self._folder, f"{name}.onnx").read_bytes()
        try:
            session = self._session(content, self._options, providers=["CPUExecutionProvider"])
        # The errors of ONNX Runtime have no class in common.
        except Exception as error:
            raise unreadable(self._folder, name, error) from error
        return OnnxNetwork(session)


class OnnxNetwork(Network):
    """A network in a session of ONNX Runtime, which any number of threads may call.

    Args:
        session: an `onnxruntime.InferenceSession`.
    """

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        super().__init__({port.name: _shape(port) for port in session.get_inputs()})
        self._session = session
        self._dtypes = {port.name: _TYPES[port.type] for port in session.get_inputs()}
        self._outputs = [port.name for port in session.get_outputs()]

    def bound(self, fixed: Mapping[str, np.ndarray]) -> Callable:
        kept = self._typed(fixed)

        def call(arrays):
            found = self._session.run(self._outputs, {**kept, **self._typed(arrays)})
            return dict(zip(self._outputs, found, strict=True))

        return call

    def _typed(self, arrays):
        return {
            name: np.asarray(array, self._dtypes[name])
            for name, array in arrays.items()
            if name in self._dtypes
        }


def _shape(port):
    return tuple(size if isinstance(size, int) else None for size in port.shape)
