"""What older versions have written, and what came of it then; it must load forever.

`scripts/write_golden.py` writes such a folder. That of 0.1.0 also holds, in a model of its own,
each kind whose class is a function since; tests/test_keras_names.py loads these.
"""

import pathlib
import shutil

import numpy as np
import pytest

from t2t_vq import run as runs
from t2t_vq import runtime

pytestmark = pytest.mark.usefixtures("one_length")
FOLDERS = sorted(path for path in pathlib.Path(__file__).parent.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def write_golden(load_script):
    return load_script("write_golden")


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def folder(request):
    return request.param


def assert_alike(found, expected):
    assert found.shape == expected.shape and found.dtype.kind == expected.dtype.kind
    if expected.dtype == np.uint8:
        np.testing.assert_allclose(found.astype(int), expected.astype(int), atol=1)
    elif expected.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["transformer_nat", "vq_autoencoder"])
def test_a_run_goes_on_where_it_was(folder, tmp_path, name):
    from t2t_vq.training import trainer
    from t2t_vq.training.checkpoints import Checkpoints
    from t2t_vq.training.weight_ema import WeightEma

    run = runs.load(folder / "runs" / name)
    run.check_same(folder / "runs" / name)
    model = run.make_model()
    optimizer = trainer._make_optimizer(run.hparams)
    optimizer.build(model.trainable_variables)
    ema = WeightEma(model, run.hparams.weight_ema)
    shutil.copytree(folder / "runs" / name / "latest", tmp_path / "latest")
    assert Checkpoints(tmp_path, model, optimizer, ema).restore() == run.hparams.train_steps == 12


def test_all_that_a_version_wrote_gives_what_it_gave_then(folder, write_golden):
    found = write_golden.outputs(folder)
    with np.load(folder / write_golden.EXPECTED) as expected:
        for name in expected:
            assert_alike(found[name], expected[name])


def test_an_export_is_found_below_the_home(folder, monkeypatch):
    pytest.importorskip("openvino")
    monkeypatch.setenv("HOME", str(folder))
    assert runtime.load("~/exports/transformer_nat-openvino").translate([""]) == [""]
