import concurrent.futures
import sys

import numpy as np
import pytest

from t2t_vq.runtime.onnx_networks import OnnxNetworks

X = np.arange(6, dtype=np.float32).reshape(2, 1, 1, 3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Holds one network, `grow`, which adds `x` or `-x` to `past_x` as its newest position."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("networks")
    grow = onnx.parser.parse_model(
        """<ir_version: 8, opset_import: ["" : 18]>
        grow (float[rows, 1, n, 3] past_x, float[rows, 1, 1, 3] x, bool negate)
            => (float[rows, 1, m, 3] next_x) {
            negative = Neg (x)
            signed = Where (negate, negative, x)
            next_x = Concat <axis = 2> (past_x, signed)
        }"""
    )
    onnx.save_model(grow, folder / "grow.onnx")
    return folder


@pytest.fixture
def grow(folder):
    return OnnxNetworks(folder)["grow"]


def test_it_knows_which_dimensions_are_free(grow):
    assert grow.inputs == {"past_x": (None, 1, None, 3), "x": (None, 1, 1, 3), "negate": ()}


def test_a_past_without_positions_grows(grow):
    found = grow({**grow.empty("past_", 2), "x": X, "negate": False})
    assert list(found) == ["next_x"]
    np.testing.assert_array_equal(found["next_x"], X)


def test_bound_arguments_hold_for_all_calls_and_others_are_left_out(grow):
    call = grow.bound({"x": X, "negate": True, "unknown": X})
    first = call({**grow.empty("past_", 2), "unknown": X})["next_x"]
    second = call({"past_x": first})["next_x"]
    np.testing.assert_array_equal(first, -X)
    np.testing.assert_array_equal(second, np.concatenate([-X, -X], axis=2))


def test_threads_compute_apart(folder):
    networks = OnnxNetworks(folder)

    def grown(number):
        call = networks["grow"].bound({"x": X + number, "negate": False})
        x = networks["grow"].empty("past_", 2)["past_x"]
        for _ in range(20):
            x = call({"past_x": x})["next_x"]
        return x

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        for number, found in enumerate(threads.map(grown, range(8))):
            np.testing.assert_array_equal(found, np.repeat(X + number, 20, axis=2))


def test_a_missing_file_is_named(folder):
    with pytest.raises(FileNotFoundError, match=r"is not whole: decoder\.onnx is missing\. Copy"):
        OnnxNetworks(folder)["decoder"]


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_a_file_cut_short_cannot_be_read(folder, tmp_path, share):
    content = (folder / "grow.onnx").read_bytes()
    (tmp_path / "grow.onnx").write_bytes(content[: int(share * len(content))])
    networks = OnnxNetworks(tmp_path)
    with pytest.raises(ValueError, match=r"The network grow in .* cannot be read \(.*cut short"):
        networks["grow"]


def test_without_the_library_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ValueError, match=r'pip install onnxruntime, or.*"t2t-vq\[onnx\]"'):
        OnnxNetworks(tmp_path)
