import pytest

from t2t_vq import registry

TRAIN = "".join(f"the {a} {b}\tder {b} {a}\n" for a in "abcdefgh" for b in "klmnopqr")


@pytest.fixture
def source_dir(tmp_path):
    folder = tmp_path / "text"
    folder.mkdir()
    (folder / "train.tsv").write_text(TRAIN)
    (folder / "dev.en").write_text("the a\nthe b\n")
    (folder / "dev.de").write_text("der a\nder b\n")
    return folder


@pytest.fixture
def problem():
    return registry.problem("translate_ende_local")


def test_own_text_is_prepared_without_a_test_split(problem, source_dir, tmp_path):
    problem.generate_data(tmp_path, source_dir)
    assert problem.text(tmp_path, "dev") == (["the a", "the b"], ["der a", "der b"])
    with pytest.raises(FileNotFoundError, match="has no test text; it has dev"):
        problem.text(tmp_path, "test")


def test_changed_text_is_refused(problem, source_dir, tmp_path):
    problem.generate_data(tmp_path, source_dir)
    (source_dir / "train.tsv").write_text(TRAIN + "more\tmehr\n")
    with pytest.raises(ValueError, match="Choose another --data_dir"):
        problem.generate_data(tmp_path, source_dir)


@pytest.mark.parametrize(("split", "file"), [("train", "train.tsv"), ("dev", "dev.en")])
def test_missing_splits_are_named(problem, source_dir, tmp_path, split, file):
    for path in source_dir.glob(f"{split}.*"):
        path.unlink()
    with pytest.raises(FileNotFoundError, match=rf"has no {split} text. Put {split}\.tsv or"):
        problem.generate_data(tmp_path / "data", source_dir)
    assert not (tmp_path / "data").exists()


def test_a_missing_source_folder_is_explained(problem, tmp_path):
    with pytest.raises(ValueError, match="needs your own text: --source_dir"):
        problem.generate_data(tmp_path)


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_languages_of_different_lengths_are_told_before_anything_is_written(
    problem, source_dir, tmp_path, split
):
    for path in source_dir.glob(f"{split}.*"):
        path.unlink()
    (source_dir / f"{split}.en").write_text("the a\nthe b\n")
    (source_dir / f"{split}.de").write_text("der a\n")
    with pytest.raises(ValueError, match=rf"{split}\.en has 2 lines and .*{split}\.de has 1,"):
        problem.generate_data(tmp_path / "data", source_dir)
    assert not (tmp_path / "data").exists()


def test_a_bad_text_can_be_corrected_and_prepared_in_the_same_folder(problem, source_dir, tmp_path):
    good = (source_dir / "dev.en").read_text()
    (source_dir / "dev.en").write_text("\n\n")
    with pytest.raises(ValueError, match="The dev text is mostly bad"):
        problem.generate_data(tmp_path / "data", source_dir)
    (source_dir / "dev.en").write_text(good)
    problem.generate_data(tmp_path / "data", source_dir)
    assert len(problem.text(tmp_path / "data", "dev")[0]) == 2


def test_vocabularies_grow_with_the_corpus(problem):
    assert [problem.vocab_size(pairs) for pairs in (249_999, 250_000)] == [8_000, 32_000]
