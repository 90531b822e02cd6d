import copy
import json
import re

import numpy as np
import pytest

from t2t_vq import atomic
from t2t_vq.data import datagen, image_datagen, manifests, text_files

WORDS = [f"{a}{b}" for a in "bdkl" for b in "aeio"]


def pairs(split, report):
    for number, word in enumerate(WORDS * 3, 1):
        report.see(split, number)
        yield word, word[::-1]
    report.see(split, number + 1)
    report.add("odd", "x")


def images(split, report):
    yield np.zeros((20, 4, 4, 3), np.uint8), np.zeros(20, np.int64)


def generate(folder):
    options = {"source": "x", "read_pairs": pairs, "vocab_size": lambda count: 290}
    return datagen.generate(folder, "text", splits=("train", "dev", "test"), **options)


@pytest.fixture(scope="module")
def folder(tf, tmp_path_factory):
    """Prepared text and images, and notes of text that is half prepared."""
    folder = tmp_path_factory.mktemp("data")
    text = generate(folder)
    image_datagen.generate(folder, "images", source="x", classes=["a"], read_images=images)
    shard = {"histogram": [0, 0, 48], "over_long": 1, "first_over_long": ["train", 3, "x"]}
    partial = {name: text[name] for name in ("name", "source", "vocab_size", "splits", "files")}
    atomic.write_json(folder / "partial.json", {**partial, "shards": {"0": shard}})
    report = text_files.Report().to_dict()
    distilled = {**text, "source": {}, "shards": {"0": {"pairs": 48, "report": report}}}
    atomic.write_json(folder / "distilled.json", distilled)
    return folder


def places(values, path=()):
    """Yields where there is something inside of values, as a sequence of names and numbers."""
    inside = values.items() if isinstance(values, dict) else enumerate(values[:3])
    for name, value in inside:
        yield (*path, name)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, name))


def without(values, path):
    values = copy.deepcopy(values)
    found = values
    for name in path[:-1]:
        found = found[name]
    del found[path[-1]]
    return values


def with_other(values, path, other):
    values = copy.deepcopy(values)
    found = values
    for name in path[:-1]:
        found = found[name]
    found[path[-1]] = other
    return values


OTHERS = [None, True, -1, 1.5, 10**30, "\u00e4", [], [[]], {}, {"x": 1}]


def harmed(values):
    for path in places(values):
        yield without(values, path)
        for other in OTHERS:
            yield with_other(values, path, other)


def use_text(folder):
    from t2t_vq.registry import problem

    text = problem("translate_ende_local")
    text.files_name = "text"
    text.is_generated(folder)
    text.generate_data(folder)
    text.model_arguments(folder)
    for split in ("dev", "test"):
        text.text(folder, split)
    options = {"batch_tokens": 64, "max_length": 16, "num_buckets": 1}
    next(iter(text.batches(folder, **options)))
    next(iter(text.train_batches(folder, 0, seed=1, **options)))


def use_images(folder):
    from t2t_vq.registry import problem

    pictures = problem("image_cifar10_local")
    pictures.files_name = "images"
    pictures.generate_data(folder)
    pictures.model_arguments(folder)
    for split in ("train", "dev", "test"):
        pictures.arrays(folder, split)
    next(iter(pictures.batches(folder, batch_size=4)))


@pytest.mark.parametrize(("name", "use"), [("text.json", use_text), ("images.json", use_images)])
def test_whatever_a_manifest_holds_it_is_used_or_refused_in_a_sentence(folder, name, use):
    path = folder / name
    content = path.read_text(encoding="utf-8")
    use(folder)
    refused = 0
    try:
        for values in harmed(json.loads(content)):
            path.write_text(json.dumps(values), encoding="utf-8")
            try:
                use(folder)
            except (ValueError, FileNotFoundError) as error:
                refused += 1
                assert str(folder) in str(error) and "\n" not in str(error), values
    finally:
        path.write_text(content, encoding="utf-8")
    assert refused > 200


FORMS = [
    ("partial.json", manifests.TRANSLATION_PARTIAL),
    ("distilled.json", manifests.DISTILLED),
    ("distilled.json", manifests.DISTILLED_PARTIAL),
]


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_notes_of_what_is_being_prepared_are_refused_in_a_sentence_too(
    folder, tmp_path, name, form
):
    path = tmp_path / name
    values = json.loads((folder / name).read_text(encoding="utf-8"))
    atomic.write_json(path, values)
    assert manifests.read(path, form) == values
    for other in OTHERS:
        atomic.write_json(path, with_other(values, ("shards", "0"), other))
        with pytest.raises(ValueError, match=r"json is damaged \(shards\.0 "):
            manifests.read(path, form)
    for number in ("x", "-1", "01", "", "1" * 5000):
        atomic.write_json(path, {**values, "shards": {number: values["shards"]["0"]}})
        with pytest.raises(ValueError, match="is not the number of a file"):
            manifests.read(path, form)


@pytest.mark.parametrize("name", ["", ".", "..", "corpus/vocab.model", "x\0"])
@pytest.mark.parametrize(("notes", "form"), FORMS)
def test_no_file_of_another_folder_is_noted(folder, tmp_path, notes, form, name):
    values = json.loads((folder / notes).read_text(encoding="utf-8"))
    atomic.write_json(tmp_path / notes, {**values, "files": {name: {"size": 1, "sha256": ""}}})
    with pytest.raises(ValueError, match=r"json is damaged \(files\..*is not that of a file in"):
        manifests.read(tmp_path / notes, form)


def test_whatever_unfinished_notes_hold_they_are_used_or_refused_in_a_sentence(folder, tmp_path):
    content = (folder / "partial.json").read_text(encoding="utf-8")
    path = manifests.partial_path(tmp_path, "text")
    small = json.loads(content)
    small["splits"]["train"]["histogram"] = small["splits"]["train"]["histogram"][:3]
    whole = {name: (folder / name).read_bytes() for name in small["files"]}
    for number, values in enumerate(harmed(small)):
        # Each takes a while, and the forms of all fields are tested with the manifests.
        if number % 7:
            continue
        for name, data in whole.items():
            (tmp_path / name).write_bytes(data)
        path.write_text(json.dumps(values), encoding="utf-8")
        try:
            generate(tmp_path)
        except ValueError as error:
            assert str(path) in str(error) and "\n" not in str(error), values
        manifests.path(tmp_path, "text").unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "Expecting value"),
        (b'{"source": ', "Expecting value"),
        (b"[]", "it is not an object"),
        (b"3", "it is not an object"),
        (b"{}", "it has no source"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b"\xff\xfe{\0}\0", "can't decode"),
    ],
)
def test_a_file_that_holds_no_notes_is_named(tmp_path, content, wrong):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    message = rf"^{re.escape(str(path))} is damaged \(.*{wrong}.*\)\. Delete it and prepare the"
    with pytest.raises(ValueError, match=message):
        manifests.read(path, manifests.ANY)


def test_a_folder_is_no_manifest_and_no_file_is_none(tmp_path):
    (tmp_path / "x.json").mkdir()
    with pytest.raises(ValueError, match=r"is damaged \(it is a folder\)"):
        manifests.read(tmp_path / "x.json", manifests.ANY)
    assert manifests.read(tmp_path / "y.json", manifests.ANY) is None
    (tmp_path / "file").touch()
    assert manifests.read(tmp_path / "file" / "x.json", manifests.ANY) is None


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("text.json", manifests.TRANSLATION),
        ("distilled.json", manifests.DISTILLED),
        ("images.json", manifests.IMAGES),
    ],
)
def test_data_of_a_newer_version_is_refused_and_that_of_the_first_read(
    folder, tmp_path, name, form
):
    values, path = manifests.read(folder / name, form), tmp_path / name
    atomic.write_json(path, {"format": manifests.FORMAT + 1, "unknown": 1})
    with pytest.raises(ValueError, match=rf"^{path} is of format .* Install a newer t2t_vq, or"):
        manifests.read(path, form)
    values.pop("format", None)
    atomic.write_json(path, values)
    assert manifests.read(path, form) == values


def test_what_is_written_notes_its_format(folder):
    for name in ("text.json", "images.json"):
        assert json.loads((folder / name).read_text())["format"] == manifests.FORMAT


def test_a_format_in_the_notes_of_a_problem_of_the_users_is_its_own(tmp_path):
    atomic.write_json(tmp_path / "x.json", {"source": "x", "format": "csv"})
    assert manifests.read(tmp_path / "x.json", manifests.ANY)["format"] == "csv"


def test_data_of_an_earlier_version_is_read(folder, tmp_path):
    values = json.loads((folder / "text.json").read_text(encoding="utf-8"))
    del values["files"]
    for about in values["splits"].values():
        about.pop("shard_pairs", None)
    atomic.write_json(tmp_path / "text.json", values)
    assert manifests.read(tmp_path / "text.json", manifests.TRANSLATION) == values
