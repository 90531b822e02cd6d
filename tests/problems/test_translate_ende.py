import json
import pathlib
import shutil

import pytest

from t2t_vq import registry

PAIRS = {
    "train": [(f"the {a} {b}", f"der {b} {a}") for a in "abcdefgh" for b in "klmnopqr"],
    "validation": [("the a", "der a"), ("the b", "der b")],
    "test": [("the c", "der c")],
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A tiny data set in the place and format of the real one."""
    tfds = pytest.importorskip("tensorflow_datasets")
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("tfds")
    tfds.dataset_builders.store_as_tfds_dataset(
        name="wmt14_translate",
        config="de-en",
        version="1.0.0",
        features=tfds.features.Translation(languages=("de", "en")),
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices(
                {"en": [pair[0] for pair in pairs], "de": [pair[1] for pair in pairs]}
            )
            for split, pairs in PAIRS.items()
        },
        data_dir=folder,
        disable_shuffling=True,
    )
    return folder


def test_a_prepared_copy_is_read(prepared, tmp_path):
    problem = registry.problem("translate_ende")
    problem.vocab_size = lambda pairs: 320
    problem.generate_data(tmp_path, source_dir=prepared)
    assert problem.text(tmp_path, "dev") == (["the a", "the b"], ["der a", "der b"])
    assert problem.text(tmp_path, "test") == (["the c"], ["der c"])
    batches = problem.train_batches(
        tmp_path, 0, batch_tokens=64, max_length=32, num_buckets=1, seed=1
    )
    decode = problem.tokenizer(tmp_path).decode_batch
    found = {
        pair
        for batch in batches.as_numpy_iterator()
        for pair in zip(decode(batch["source"]), decode(batch["target"]), strict=True)
    }
    assert found - {("", "")} == set(PAIRS["train"])


def test_the_environment_names_the_copy(prepared, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(prepared))
    source = registry.problem("translate_ende_rev").source(None)
    assert source["version"] == "1.0.0"
    assert source["pairs"] == {"train": 64, "dev": 2, "test": 1}


def cut(path):
    path.write_bytes(path.read_bytes()[:-5])


def empty(path):
    path.write_bytes(b"")


def without_validation(path):
    about = json.loads(path.read_text())
    about["splits"] = [split for split in about["splits"] if split["name"] != "validation"]
    path.write_text(json.dumps(about))


@pytest.mark.parametrize(
    ("files", "harm", "wrong"),
    [
        ("dataset_info.json", cut, "Failed to load JSON"),
        ("dataset_info.json", without_validation, "it has no examples of validation"),
        ("features.json", pathlib.Path.unlink, "generated with an old TFDS version"),
        ("*-train.*", cut, r"\(truncated record"),
        ("*-train.*", pathlib.Path.unlink, "No such file"),
        ("*-validation.*", empty, "expected to contain 2 elements but contained only 0"),
    ],
)
def test_a_copy_that_cannot_be_read_is_named(prepared, tmp_path, files, harm, wrong):
    copy = shutil.copytree(prepared, tmp_path / "copy")
    (path,) = copy.glob(f"wmt14_translate/de-en/1.0.0/{files}")
    harm(path)
    with pytest.raises(ValueError, match=rf"^The copy .*{path.parent} cannot be read: .*{wrong}"):
        registry.problem("translate_ende").generate_data(tmp_path / "data", source_dir=copy)
