import dataclasses
import json
import re

import pytest

from t2t_vq.formats import exported
from t2t_vq.formats.exported import Exported

DESCRIPTION = Exported(
    engine="openvino",
    precision="bfloat16",
    task="translation",
    model="transformer_nat",
    networks=["encoder", "decoder"],
    details={"target_lengths": {"16": 32}, "search": {"alpha": 0.6}},
    provenance={"problem": "translate_ende", "note": "ä"},
)


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
    assert re.search(r"\. (Write|Install|Export) .*\.$", message)
    return message


def test_what_is_saved_is_loaded(tmp_path):
    DESCRIPTION.save(tmp_path)
    assert exported.load(tmp_path) == DESCRIPTION
    assert exported.load(str(tmp_path)) == DESCRIPTION
    assert "ä" in (tmp_path / "t2t_vq.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [".", "missing"])
def test_a_folder_without_description_is_no_export(tmp_path, name):
    message = refusal(FileNotFoundError, tmp_path / name)
    assert "holds no export with networks" in message
    assert "t2t-vq-export --format=openvino" in message


def test_a_newer_format_asks_for_a_newer_version(tmp_path):
    message = refusal(ValueError, written(tmp_path, format=exported.FORMAT + 1))
    assert f"is of format {exported.FORMAT + 1}" in message
    assert "Install a newer t2t_vq" in message


def test_a_newer_format_may_hold_what_is_unknown(tmp_path):
    message = refusal(ValueError, written(tmp_path, format=exported.FORMAT + 1, tasks=["video"]))
    assert "Install a newer t2t_vq" in message


@pytest.mark.parametrize("text", ["", '{"engine": "openv', "[]", '"engine"', "{}", "\x80", "null"])
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
        {"surprise": 1},
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


def test_a_file_is_found_or_said_to_be_missing(tmp_path):
    (tmp_path / "encoder.xml").write_text("")
    assert exported.file_of(tmp_path, "encoder.xml") == tmp_path / "encoder.xml"
    with pytest.raises(FileNotFoundError, match=r"is not whole: decoder.xml is missing. Copy"):
        exported.file_of(tmp_path, "decoder.xml")
