"""The folders of exported image models; tests/runtime/test_images.py compares what they compute."""

import keras
import numpy as np
import pytest

from t2t_vq import runtime
from t2t_vq.bottlenecks import (
    DecomposedVectorQuantizer,
    DenseBottleneck,
    Projected,
    ResidualVectorQuantizer,
    SoftEM,
    VariationalBottleneck,
    VectorQuantizer,
)
from t2t_vq.formats import exported
from t2t_vq.formats.details import ImageDetails
from t2t_vq.models.vq_autoencoder import VqAutoencoder

SIZE = {
    **{"image_shape": (8, 8, 3), "hidden_size": 8, "num_layers": 1, "num_mixtures": 2},
    **{"prior_size": 8, "prior_layers": 1, "prior_filter_size": 16, "prior_heads": 2},
}
NETWORKS = {
    "codes": (VectorQuantizer, ["encoder", "decoder", "prior"]),
    "several": (
        lambda: DecomposedVectorQuantizer(num_blocks=4),
        ["encoder", "decoder", "prior", "code_head_1", "code_head_2", "code_head_3"],
    ),
    "a prior": (VariationalBottleneck, ["reconstructor", "decoder"]),
    "projected": (
        lambda: Projected(VariationalBottleneck(), dim=4),
        ["reconstructor", "decoder"],
    ),
    "neither": (DenseBottleneck, ["reconstructor"]),
}


@pytest.fixture
def export(tf):
    from t2t_vq.export.networks import export_networks

    return export_networks


@pytest.mark.parametrize(("bottleneck", "names"), NETWORKS.values(), ids=NETWORKS)
def test_a_kind_consists_of_what_it_can_do(tf, bottleneck, names):
    from t2t_vq.export.image_networks import image_networks

    networks = image_networks(VqAutoencoder(bottleneck(), **SIZE))
    assert [network.name for network in networks] == names


def test_a_prior_that_nothing_here_draws_from_is_refused(tf):
    from t2t_vq.export.image_networks import image_networks

    class Uniform(DenseBottleneck):
        has_own_prior = True

    with pytest.raises(ValueError, match="Uniform have a prior that is no standard normal one"):
        image_networks(VqAutoencoder(Uniform(4), **SIZE))


@pytest.mark.parametrize("make", [SoftEM, ResidualVectorQuantizer])
def test_no_constant_without_axes_is_indexed(tf, make):
    # Of such an index OpenVINO 2026.4 makes an arbitrary number, now and then the right one.
    from t2t_vq.export.image_networks import image_networks

    encoder = image_networks(VqAutoencoder(make(), **SIZE))[0]
    graph, _ = encoder.frozen()
    indexed = [each.inputs[0] for each in graph.get_operations() if each.type == "StridedSlice"]
    assert indexed and all(tensor.shape.rank != 0 for tensor in indexed)


def test_a_folder_says_what_it_holds(export, tmp_path):
    model = VqAutoencoder(VectorQuantizer(num_codes=4), num_classes=3, **SIZE)
    export(model, tmp_path, provenance={"problem": "image_synthetic"})
    found = exported.load(tmp_path)
    assert (found.engine, found.precision, found.task) == ("openvino", "float32", "images")
    assert found.provenance == {"problem": "image_synthetic"}
    assert found.details == ImageDetails(
        image_shape=(8, 8, 3),
        grid=(2, 2),
        num_classes=3,
        has_prior=True,
        has_own_prior=False,
        num_codes=4,
        num_codebooks=1,
    )
    text = (tmp_path / "README.md").read_text()
    assert "codec.decode" in text and "search" not in text


def test_bfloat16_moves_images_little(export, tmp_path):
    import openvino

    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("Needs a processor that multiplies in bfloat16.")
    keras.utils.set_random_seed(1)
    model = VqAutoencoder(DenseBottleneck(4), **SIZE)
    images = np.random.default_rng(0).integers(256, size=(5, 8, 8, 3), dtype=np.uint8)
    export(model, tmp_path, precision="bfloat16")
    found = runtime.load(tmp_path).reconstruct(images).astype(int)
    expected = np.asarray(model.reconstruct(images))
    assert np.abs(found - expected).mean() < 2
    assert expected.std() > 2


def test_int8_is_refused(export, tmp_path):
    with pytest.raises(ValueError, match="int8 is for translation"):
        export(VqAutoencoder(DenseBottleneck(4), **SIZE), tmp_path / "new", precision="int8")
    assert not (tmp_path / "new").exists()


def test_a_model_that_computes_something_else_is_refused(export, tmp_path):
    class Other(VqAutoencoder):
        pass

    with pytest.raises(ValueError, match="Nothing says which networks a Other consists of"):
        export(Other(DenseBottleneck(4), **SIZE), tmp_path)
