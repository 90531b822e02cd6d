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
