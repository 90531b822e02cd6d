import json
import pathlib

import numpy as np
import pytest

from t2t_vq.data import sources


def test_the_fingerprint_tells_contents_apart(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_bytes(b"a\tb\n")
    first = sources.fingerprint([path])
    path.write_bytes(b"a\tc\n")
    assert sources.fingerprint([path]) != first


def test_a_path_and_numbers_of_numpy_are_noted_as_plain_values():
    report = sources.Report()
    report.see(pathlib.Path("a") / "b.tsv", np.int64(3), np.int64(2))
    report.add("odd", "x", count=np.int64(1))
    assert json.dumps(report.where) == '["a/b.tsv", 3]'
    assert json.loads(json.dumps(report.to_dict()))["first"] == {"odd": "a/b.tsv:3: 'x'"}


@pytest.mark.parametrize("source", [pathlib.Path("a"), {"x": {1}}, b"1", [float("nan")]])
def test_a_source_that_no_manifest_can_note_is_refused(source):
    with pytest.raises(ValueError, match="`source` gives what no manifest can note"):
        sources.as_noted(source)
