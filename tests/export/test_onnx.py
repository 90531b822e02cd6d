"""The folders of exports to ONNX; tests/runtime/test_onnx_translator.py compares their lines."""

import sys

import pytest

from t2t_vq.data import synthetic_ende
from t2t_vq.data.tokenizer import Tokenizer, train_vocabulary
from t2t_vq.decoding.options import Search
from t2t_vq.export.networks import export_networks
from t2t_vq.translator import Translator


@pytest.fixture(scope="module")
def translator(random_model):
    words = [english for english, _ in synthetic_ende.pairs("train", 0, 200)]
    tokenizer = Tokenizer(train_vocabulary(words, 400))
    model = random_model(tokenizer.vocab_size, "causal", decoder_layers=1, predictor_layers=1)
    return Translator(model, tokenizer, 16, Search(refinements=1))


@pytest.fixture(scope="module")
def folder(translator, tmp_path_factory):
    """An export, where what it needs is installed."""
    pytest.importorskip("tf2onnx")
    folder = tmp_path_factory.mktemp("export")
    export_networks(translator, folder, "onnx", provenance={"problem": "translate_ende"})
    return folder


def test_every_network_takes_what_it_says_at_any_length(translator, folder):
    import onnx

    from t2t_vq.export.translation_networks import translation_networks

    networks = translation_networks(translator)
    assert [network.name for network in networks] == [
        *("encoder", "predictor", "decoder", "compressor")
    ]
    for network in networks:
        model = onnx.load(folder / f"{network.name}.onnx")
        onnx.checker.check_model(model, full_check=True)
        assert {
            port.name: [dim.dim_value or None for dim in port.type.tensor_type.shape.dim]
            for port in model.graph.input
        } == {name: spec.shape.as_list() for name, spec in network.inputs.items()}


def test_a_network_gives_what_it_says(folder):
    import onnx

    outputs = onnx.load(folder / "predictor.onnx").graph.output
    assert {port.name for port in outputs} == {"logits", "next_keys_0", "next_values_0"}


def test_the_best_of_many_is_one_operation(folder):
    import onnx

    kinds = [node.op_type for node in onnx.load(folder / "decoder.onnx").graph.node]
    assert kinds.count("ArgMax") == 1 and "ReduceMin" not in kinds


def test_it_says_what_it_is(folder):
    from t2t_vq.formats import exported

    found = exported.load(folder)
    assert (found.engine, found.precision, found.task) == ("onnx", "float32", "translation")
    assert found.provenance == {"problem": "translate_ende"}
    assert "onnxruntime" in (folder / "README.md").read_text()


def test_without_the_library_the_extra_is_named(translator, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "t2t_vq.export.onnx_format", raising=False)
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ValueError, match=r'pip install "t2t-vq\[onnx\]"'):
        export_networks(translator, tmp_path / "export", "onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_is_not_written_to(translator, tmp_path):
    pytest.importorskip("tf2onnx")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"is not empty. Choose another --export_dir"):
        export_networks(translator, tmp_path, "onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
