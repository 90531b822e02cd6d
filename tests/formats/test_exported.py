import dataclasses
import hashlib
import json
import re

import pytest

from t2t_vq.decoding.options import Search
from t2t_vq.formats import exported
from t2t_vq.formats.details import ImageDetails, TranslationDetails
from t2t_vq.formats.exported import Exported

DESCRIPTION = Exported(
    engine="openvino",
    precision="bfloat16",
    task="translation",
    model="transformer_nat",
    networks=("encoder", "decoder"),
    details=TranslationDetails(Search(beam_size=4), False, ((16, 32),), "causal", 8, 1, 3),
    provenance={"problem": "translate_ende", "note": "ä"},
    files={"decoder.xml": hashlib.sha256(b"decoder").hexdigest()},
)
IMAGES = ImageDetails((8, 8, 3), (2, 2), num_classes=0, has_prior=False, has_own_prior=False)


WRONG_DETAILS = [
    *[("predictor", value) for value in (None, "fast", 1)],
    *[("target_lengths", value) for value in ({}, [], [16], [[16]], [[16, 0]], [["16", 32]])],
    *[("is_rescored", "yes"), ("num_codes", "8"), ("surprise", 1)],
]
WRONG_SEARCHES = [
    *[{"beam_size": value} for value in (0, -1, "4", 1.5, None)],
    *[{"temperature": 0.0}, {"passes": 0}, {"num_samples": 2, "beam_size": 2}],
    *[{"surprise": 1}, 7, None],
]


def changed(**changes):
    """A description's details with other values."""
    return {"details": {**dataclasses.asdict(DESCRIPTION.details), **changes}}


def written(folder, **changes):
    """A folder whose description has other values."""
    content = {**dataclasses.asdict(DESCRIPTION), **changes}
    (folder / exported.FILE).write_text(json.dumps(content))
    return folder


def refusal(error, folder):
    """The message with which a folder is refused; a sentence that says what to do."""
    with pytest.raises(error) as caught:
        exported.load(folder)
    message = str(caught.value)
    assert str(folder) in message
    assert re.search(r"\. (Write|Install|Copy) .*\.$", message)
    return message


@pytest.mark.parametrize(
    "description", [DESCRIPTION, dataclasses.replace(DESCRIPTION, task="images", details=IMAGES)]
)
def test_what_is_saved_is_loaded(tmp_path, description):
    description.save(tmp_path)
    assert exported.load(tmp_path) == description
    assert exported.load(str(tmp_path)) == description
    assert "ä" in (tmp_path / "t2t_vq.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [".", "missing"])
def test_a_folder_without_description_is_no_export(tmp_path, name):
    message = refusal(FileNotFoundError, tmp_path / name)
    assert "is no export with networks: it holds no t2t_vq.json" in message
    assert "t2t-vq-export --format=openvino or --format=onnx" in message


def test_a_run_is_told_from_an_export(tmp_path):
    (tmp_path / "run.json").write_text("{}")
    assert "is no export with networks: it is a run." in refusal(FileNotFoundError, tmp_path)


def test_a_newer_format_asks_for_a_newer_version(tmp_path):
    message = refusal(ValueError, written(tmp_path, format=exported.FORMAT + 1))
    assert f"is of format {exported.FORMAT + 1}" in message
    assert "Install a newer t2t_vq" in message


def test_a_newer_format_may_hold_what_is_unknown(tmp_path):
    message = refusal(ValueError, written(tmp_path, format=exported.FORMAT + 1, tasks=["video"]))
    assert "Install a newer t2t_vq" in message


@pytest.mark.parametrize(
    "text", ["", '{"engine": "openv', "[]", '"engine"', "{}", "\x80", "null", "7", 100_000 * "["]
)
def test_what_is_no_description_is_said_to_be_none(tmp_path, text):
    (tmp_path / exported.FILE).write_text(text, encoding="latin-1")
    assert "is no description of an export" in refusal(ValueError, tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"engine": "tensorrt"},
        {"precision": "float64"},
        {"task": "speech"},
        {"engine": ["openvino"]},
        {"format": "1"},
        {"format": None},
        {"format": True},
        {"surprise": 1},
        {"networks": 7},
        {"networks": [7]},
        {"provenance": "a run"},
        {"files": []},
        {"details": None},
        {"details": []},
        {"details": {}},
        {"task": "images"},
        *(changed(**{name: value}) for name, value in WRONG_DETAILS),
        *(changed(search=value) for value in WRONG_SEARCHES),
    ],
)
def test_values_that_nobody_writes_are_refused(tmp_path, changes):
    message = refusal(ValueError, written(tmp_path, **changes))
    assert "is no description of an export" in message


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Exported)])
def test_a_description_without_one_of_its_values_is_refused(tmp_path, field):
    content = dataclasses.asdict(DESCRIPTION)
    del content[field]
    (tmp_path / exported.FILE).write_text(json.dumps(content))
    assert field in refusal(ValueError, tmp_path)


def test_files_are_those_that_were_exported(tmp_path):
    (tmp_path / "decoder.xml").write_bytes(b"decoder")
    assert exported.digests(tmp_path) == DESCRIPTION.files
    exported.check_files(tmp_path, DESCRIPTION)


def test_a_file_cut_short_or_from_elsewhere_is_named(tmp_path):
    (tmp_path / "decoder.xml").write_bytes(b"decode")
    with pytest.raises(ValueError, match=r"whole: decoder\.xml is not as .* Copy the folder"):
        exported.check_files(tmp_path, DESCRIPTION)


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"is not whole: decoder\.xml is missing\. Copy"):
        exported.check_files(tmp_path, DESCRIPTION)


def test_a_file_is_found_or_said_to_be_missing(tmp_path):
    (tmp_path / "encoder.xml").write_text("")
    assert exported.file_of(tmp_path, "encoder.xml") == tmp_path / "encoder.xml"
    with pytest.raises(FileNotFoundError, match=r"is not whole: decoder.xml is missing. Copy"):
        exported.file_of(tmp_path, "decoder.xml")
