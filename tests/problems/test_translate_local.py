"""Any two languages: files, names, and how the pair is found again."""

import pytest

from t2t_vq import registry
from t2t_vq.errors import InvalidError

PAIRS = [(f"дом {a}{b}", f"la maison {b}{a}") for a in "абвгдежз" for b in "клмнопрс"]


def write(folder, **languages):
    folder.mkdir(exist_ok=True)
    for split, pairs in {"train": PAIRS, "dev": PAIRS[:3]}.items():
        for code, side in languages.items():
            text = "".join(f"{pair[side]}\n" for pair in pairs)
            (folder / f"{split}.{code}").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def source_dir(tmp_path):
    return write(tmp_path / "text", ru=0, fr=1)


def test_the_files_end_with_the_languages(source_dir, tmp_path):
    problem = registry.problem("translate_local", "ru", "fr")
    problem.generate_data(tmp_path, source_dir)
    sources, references = problem.text(tmp_path, "dev")
    assert list(zip(sources, references, strict=True)) == PAIRS[:3]


def test_the_first_column_is_the_source_language(tmp_path):
    for split in ("train", "dev"):
        lines = "".join("\t".join((*pair, "a remark")) + "\n" for pair in PAIRS)
        (tmp_path / f"{split}.tsv").write_text(lines, encoding="utf-8")
    problem = registry.problem("translate_local", "ru", "fr")
    problem.generate_data(tmp_path / "data", tmp_path)
    assert problem.text(tmp_path / "data", "dev")[0][0] == PAIRS[0][0]


def test_text_beyond_ascii_comes_back_from_the_records(source_dir, tmp_path):
    problem = registry.problem("translate_local", "ru", "fr")
    problem.generate_data(tmp_path, source_dir)
    decode = problem.tokenizer(tmp_path).decode_batch
    batches = problem.batches(tmp_path, "dev", batch_tokens=64, max_length=32, num_buckets=1)
    found = {
        pair
        for batch in batches.as_numpy_iterator()
        for pair in zip(decode(batch["source"]), decode(batch["target"]), strict=True)
    }
    assert found - {("", "")} == set(PAIRS[:3])


def test_the_reverse_reads_the_same_data(source_dir, tmp_path):
    registry.problem("translate_local", "ru", "fr").generate_data(tmp_path, source_dir)
    reverse = registry.problem("translate_local_rev", "fr", "ru")
    assert reverse.is_generated(tmp_path)
    assert (reverse.source_language, reverse.target_language) == ("fr", "ru")
    assert reverse.text(tmp_path, "dev")[0] == [french for _, french in PAIRS[:3]]


def test_two_pairs_lie_side_by_side(source_dir, tmp_path):
    write(source_dir, de=1)
    for target in ("fr", "de"):
        registry.problem("translate_local", "ru", target).generate_data(tmp_path, source_dir)
    names = {path.name for path in tmp_path.glob("*.json")}
    assert names == {"translate_local.ru.fr.json", "translate_local.ru.de.json"}
    assert not registry.problem("translate_local", "fr", "ru").is_generated(tmp_path)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("translate_local", ("ru", "fr")), ("translate_local_rev", ("fr", "ru"))],
)
def test_prepared_data_tells_the_languages(source_dir, tmp_path, name, arguments):
    registry.problem("translate_local", "ru", "fr").generate_data(tmp_path, source_dir)
    assert registry.problems[name].find_arguments((), tmp_path) == arguments


def test_data_of_two_pairs_or_none_tells_no_languages(tmp_path):
    find = registry.problems["translate_local"].find_arguments
    with pytest.raises(InvalidError, match=r"--target_language=fr, say.* holds data of no pair"):
        find((), tmp_path)
    for name in ("translate_local.en.fr", "translate_local.en.de", "translate_local.en.fr.partial"):
        (tmp_path / f"{name}.json").touch()
    with pytest.raises(InvalidError, match="holds data of en-de and en-fr"):
        find((), tmp_path)
    assert find(("en", "de"), tmp_path) == ("en", "de")


@pytest.mark.parametrize(
    "languages", [(), ("en",), ("en", "../fr"), ("en", ""), ("en", "a.b"), ("tsv", "en"), (1, 2)]
)
def test_what_cannot_end_a_file_name_is_no_language(languages):
    with pytest.raises(InvalidError, match="translate_local needs two languages"):
        registry.problem("translate_local", *languages)


def test_one_language_cannot_be_translated_to_itself():
    with pytest.raises(InvalidError, match="are both en"):
        registry.problem("translate_local", "en", "en")


def test_missing_data_names_the_languages_in_the_command(tmp_path):
    problem = registry.problem("translate_local_rev", "fr", "pt-BR")
    command = "--problem=translate_local_rev --source_language=fr --target_language=pt-BR --data"
    with pytest.raises(FileNotFoundError, match=command):
        problem.tokenizer(tmp_path)


def test_missing_text_is_told_with_the_languages(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"Put train\.tsv or train\.ru and train\.fr"):
        registry.problem("translate_local", "ru", "fr").generate_data(tmp_path / "d", tmp_path)


def test_problems_of_one_pair_take_no_languages(tmp_path):
    with pytest.raises(InvalidError, match=r"translate_ende_local has languages of its own\. .*"):
        registry.problems["translate_ende_local"].find_arguments(("en", "fr"), tmp_path)


@pytest.mark.parametrize("name", ["translate_local", "translate_local_rev"])
def test_each_has_a_counterpart_of_its_languages(name):
    from t2t_vq.problems.distilled import counterpart

    distilled = counterpart(registry.problem(name, "en", "fr"))
    assert distilled.name == f"{name}_distill"
    assert (distilled.source_language, distilled.target_language) == ("en", "fr")
    assert counterpart(distilled) is distilled
