"""What networks are called with while sentences are translated, to calibrate int8."""

import numpy as np

from t2t_vq.formats import exported as formats
from t2t_vq.paths import StrPath
from t2t_vq.runtime.networks import Network
from t2t_vq.runtime.openvino_networks import OpenVinoNetworks
from t2t_vq.runtime.translator import NetworkTranslator

# Inputs of each network that its ranges are found from.
_INPUTS = 300


def calibration_inputs(folder: StrPath, lines: list[str]) -> dict[str, list[dict[str, np.ndarray]]]:
    """Returns what each network is called with while lines are translated one by one.

    Args:
        folder: of an export in float32.
        lines: list of strings.

    Returns:
        A dict from names of networks to lists of dicts of arrays.
    """
    exported = formats.load(folder)
    recording = _Recording(OpenVinoNetworks(folder, "float32"))
    translator = NetworkTranslator(folder, exported, lambda num_streams: recording)
    for line in lines:
        translator.translate([line])
    return recording.inputs


class _Recording:
    """Networks that note in `inputs` what they are called with."""

    def __init__(self, networks):
        self._networks = networks
        self.inputs = {}

    def __getitem__(self, name):
        return _RecordedNetwork(self._networks[name], self.inputs.setdefault(name, []))


class _RecordedNetwork(Network):
    def __init__(self, network, inputs):
        super().__init__(network.inputs)
        self._network, self._noted = network, inputs

    def bound(self, fixed):
        call = self._network.bound(fixed)

        def noting(arrays):
            if len(self._noted) < _INPUTS:
                given = {**fixed, **arrays}
                self._noted.append({name: np.array(given[name]) for name in self.inputs})
            return call(arrays)

        return noting
