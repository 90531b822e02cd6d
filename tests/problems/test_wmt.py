"""The pairs of WMT: that the data sets exist, and which side of them is which."""

import io

import pytest

from t2t_vq import registry

NAMES = [f"translate_en{language}" for language in ("de", "fr", "cs", "ru", "fi")]
PAIRS = [(f"the {a} {b}", f"ё {b} ø {a}") for a in "abcdefgh" for b in "klmnopqr"]
SIZES = {"train": 64, "validation": 2, "test": 1}


@pytest.mark.parametrize("name", NAMES)
def test_its_data_set_is_one_of_tensorflow_datasets(name):
    tfds = pytest.importorskip("tensorflow_datasets")
    problem = registry.problem(name)
    dataset, _, config = problem.dataset.partition("/")
    assert config in tfds.builder_cls(dataset).builder_configs
    assert set(config.split("-")) == set(problem.languages)


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_prepared_copy_is_read_in_both_directions(tmp_path, name):
    tfds = pytest.importorskip("tensorflow_datasets")
    import tensorflow as tf

    problem = registry.problem(name)
    other = problem.target_language
    dataset, _, config = problem.dataset.partition("/")
    tfds.dataset_builders.store_as_tfds_dataset(
        name=dataset,
        config=config,
        version="1.0.0",
        features=tfds.features.Translation(languages=config.split("-")),
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices(
                {"en": [pair[0] for pair in PAIRS[:size]], other: [p[1] for p in PAIRS[:size]]}
            )
            for split, size in SIZES.items()
        },
        data_dir=tmp_path / "tfds",
        disable_shuffling=True,
    )
    problem.vocab_size = lambda pairs: 320
    problem.generate_data(tmp_path, source_dir=tmp_path / "tfds")
    english, foreign = (list(side) for side in zip(*PAIRS[:2], strict=True))
    assert problem.text(tmp_path, "dev") == (english, foreign)
    reverse = registry.problem(f"{name}_rev")
    assert reverse.text(tmp_path, "dev") == (foreign, english)
    assert (reverse.source_language, reverse.target_language) == (other, "en")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("direction", ["", "_rev"])
def test_each_has_a_distilled_counterpart(name, direction):
    problem = registry.problem(name + direction)
    distilled = registry.problem(f"{name}{direction}_distill")
    assert isinstance(distilled, type(problem)) and distilled.reversed == problem.reversed
    assert distilled.corpus_name == f"{name}{direction}_distill"


def test_parts_that_a_person_must_fetch_are_told(tmp_path, monkeypatch):
    tfds = pytest.importorskip("tensorflow_datasets")
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: io.BytesIO())

    class Builder:
        def download_and_prepare(self):
            raise AssertionError("You must manually download 1mcorpus.zip and place it in x.")

    monkeypatch.setattr(tfds, "builder", lambda *_, **__: Builder())
    told = r"cannot download all of wmt14_translate/ru-en for translate_enru itself \(You must"
    with pytest.raises(FileNotFoundError, match=told):
        registry.problem("translate_enru").generate_data(tmp_path, tmp_path / "empty")
