import concurrent.futures
import os
import sys

import numpy as np
import pytest

from t2t_vq.runtime.openvino_networks import OpenVinoNetworks

X = np.arange(6, dtype=np.float32).reshape(2, 1, 1, 3)
SIGN = np.array([1, -1, 1], np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Holds one network, `grow`, which adds `x` or `-x` to `past_x` as its newest position."""
    openvino = pytest.importorskip("openvino")
    from openvino import opset13

    folder = tmp_path_factory.mktemp("networks")
    past = opset13.parameter([-1, 1, -1, 3], np.float32, "past_x")
    x = opset13.parameter([-1, 1, 1, 3], np.float32, "x")
    negate = opset13.parameter([], np.bool_, "negate")
    # Weights, so that the file of weights has something to be cut.
    scaled = opset13.multiply(x, opset13.constant(SIGN.reshape(1, 1, 1, 3)))
    signed = opset13.select(negate, opset13.negative(scaled), scaled)
    model = openvino.Model([opset13.concat([past, signed], 2)], [past, x, negate], "grow")
    for port, name in zip(
        (*model.inputs, *model.outputs), ("past_x", "x", "negate", "next_x"), strict=True
    ):
        port.get_tensor().set_names({name})
    openvino.save_model(model, folder / "grow.xml", compress_to_fp16=False)
    return folder


def opened(folder, **options):
    return OpenVinoNetworks(folder, "float32", **options)


@pytest.fixture
def grow(folder):
    return opened(folder)["grow"]


def test_it_knows_which_dimensions_are_free(grow):
    assert grow.inputs == {"past_x": (None, 1, None, 3), "x": (None, 1, 1, 3), "negate": ()}


def test_a_past_without_positions_grows(grow):
    found = grow({**grow.empty("past_", 2), "x": X, "negate": False})
    assert list(found) == ["next_x"]
    np.testing.assert_array_equal(found["next_x"], X * SIGN)


def test_bound_arguments_hold_for_all_calls_and_others_are_left_out(grow):
    call = grow.bound({"x": X, "negate": True, "unknown": X})
    first = call({**grow.empty("past_", 2), "unknown": X})["next_x"]
    second = call({"past_x": first})["next_x"]
    np.testing.assert_array_equal(first, -X * SIGN)
    np.testing.assert_array_equal(second, np.concatenate([-X, -X], axis=2) * SIGN)


def test_results_are_arrays_of_their_own(grow):
    call = grow.bound({"negate": False, **grow.empty("past_", 2)})
    first = call({"x": X})["next_x"]
    call({"x": X + 1})
    np.testing.assert_array_equal(first, X * SIGN)


def test_arrays_of_another_type_or_order_are_understood(grow):
    x = np.broadcast_to(np.asfortranarray(X, np.float64)[:1, ..., ::-1], (2, 1, 1, 3))
    found = grow({**grow.empty("past_", 2), "x": x, "negate": 0})
    np.testing.assert_array_equal(found["next_x"], x * SIGN)


@pytest.mark.parametrize("num_streams", [1, 4])
def test_threads_compute_apart(folder, num_streams):
    networks = opened(folder, num_streams=num_streams)

    def grown(number):
        call = networks["grow"].bound({"x": X + number, "negate": False})
        x = networks["grow"].empty("past_", 2)["past_x"]
        for _ in range(20):
            x = call({"past_x": x})["next_x"]
        return x

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        for number, found in enumerate(threads.map(grown, range(8))):
            np.testing.assert_array_equal(found, np.repeat((X + number) * SIGN, 20, axis=2))


@pytest.mark.parametrize("ending", [".xml", ".bin"])
def test_a_missing_file_is_named(folder, tmp_path, ending):
    for path in folder.iterdir():
        if path.suffix != ending:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(FileNotFoundError, match=rf"is not whole: grow\{ending} is missing\. Copy"):
        opened(tmp_path)["grow"]


@pytest.mark.parametrize("ending", [".xml", ".bin"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_a_file_cut_short_cannot_be_read(folder, tmp_path, ending, share):
    for path in folder.iterdir():
        content = path.read_bytes()
        kept = int(share * len(content)) if path.suffix == ending else len(content)
        (tmp_path / path.name).write_bytes(content[:kept])
    networks = opened(tmp_path)
    with pytest.raises(ValueError, match=r"The network grow in .* cannot be read \(.*cut short"):
        networks["grow"]


def test_a_forked_process_is_told_to_load_for_itself(folder, monkeypatch):
    """It would wait for threads that it does not have, for ever."""
    networks = opened(folder)
    networks["grow"]
    process = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: process + 1)
    with pytest.raises(RuntimeError, match=r"before this process was forked.*Load it in each"):
        networks["grow"]


def test_without_the_library_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ValueError, match=r'pip install openvino, or.*"t2t-vq\[openvino\]"'):
        opened(tmp_path)


def test_a_processor_without_bfloat16_is_told_what_to_export(folder, monkeypatch):
    openvino = pytest.importorskip("openvino")

    class Older:
        """Stands for OpenVINO on a processor that multiplies in float32 and int8 alone."""

        def get_property(self, device, name):
            assert (device, name) == ("CPU", "OPTIMIZATION_CAPABILITIES")
            return ["FP32", "INT8"]

    monkeypatch.setattr(openvino, "Core", Older)
    with pytest.raises(ValueError, match=r"is exported for bfloat16, .* Export with --precision="):
        OpenVinoNetworks(folder, "bfloat16")
