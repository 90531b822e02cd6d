import numpy as np
import pytest

from t2t_vq.data import image_sources
from t2t_vq.data.image_sources.pixels import Report


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        image_sources.find("nowhere")


def test_an_empty_folder_says_what_belongs_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no images\. Put there sheets.*npz.*CLASS"):
        image_sources.find(tmp_path)


def test_two_forms_are_refused(tmp_path):
    (tmp_path / "train_00.webp").touch()
    (tmp_path / "train.npz").touch()
    with pytest.raises(ValueError, match=r"as sheets and NumPy files\. Keep one"):
        image_sources.find(tmp_path)


def test_a_missing_split_is_named(tmp_path):
    (tmp_path / "train.npz").touch()
    with pytest.raises(FileNotFoundError, match=r"no test images. Put there train\.npz and test"):
        image_sources.find(tmp_path)


def test_the_fingerprint_tells_contents_and_names_apart(tmp_path):
    for name in ("train", "test"):
        (tmp_path / f"{name}.npz").write_bytes(b"1")
    prints = [image_sources.fingerprint(image_sources.find(tmp_path))]
    (tmp_path / "train.npz").write_bytes(b"2")
    prints.append(image_sources.fingerprint(image_sources.find(tmp_path)))
    (tmp_path / "train.npz").write_bytes(b"1")
    (tmp_path / "test.npz").write_bytes(b"2")
    prints.append(image_sources.fingerprint(image_sources.find(tmp_path)))
    assert len({about["sha256"] for about in prints}) == 3
    assert [about["files"] for about in prints] == [2, 2, 2]


def test_a_mostly_bad_split_is_refused():
    report = Report()
    report.see("train_00.webp", count=1000)
    report.add("no label", "the labels end", count=501)
    with pytest.raises(ValueError, match=r"mostly bad: 501 of 1,000 images.*train_00\.webp: 'the"):
        report.check("The train part")


def test_arrays_are_not_mistaken_for_sheets(tmp_path):
    for name in ("train", "test"):
        np.savez(tmp_path / f"{name}.npz", images=np.zeros(1), labels=np.zeros(1))
        (tmp_path / f"{name}_labels.txt").touch()
    assert image_sources.find(tmp_path).kind == "NumPy files"
