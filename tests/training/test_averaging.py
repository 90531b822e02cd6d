import pathlib
import shutil

import numpy as np
import pytest

from t2t_vq.training.averaging import average_checkpoints
from t2t_vq.training.checkpoints import load_weights, save_weights


def values(model, path):
    load_weights(model, "", path)
    return {variable.path: np.array(variable) for variable in model.variables}


@pytest.fixture
def copy(finished, tmp_path_factory):
    """A copy of a run that keeps the checkpoints of steps 4 and 8, as near to the data."""
    folder = tmp_path_factory.mktemp("copy")
    return shutil.copytree(finished.output_dir, folder, dirs_exist_ok=True)


def test_weights_are_averaged_and_all_else_is_the_newest(copy, finished):
    path, steps = average_checkpoints(copy)
    assert (path, steps) == (str(copy / "average" / "ckpt-8"), [4, 8])
    model = finished.run.make_model()
    average = values(model, path)
    older, newest = (values(model, copy / "latest" / f"ckpt-{step}") for step in steps)
    trainable = {variable.path for variable in model.trainable_variables}
    for name, value in average.items():
        expected = newest[name]
        if name in trainable:
            expected = np.mean([older[name], newest[name]], axis=0, dtype=np.float64)
        np.testing.assert_array_equal(value, expected.astype(value.dtype), err_msg=name)
    changed = {name for name in average if np.any(older[name] != newest[name])}
    kept = [name.split("/")[-1] for name in changed - trainable]
    assert {"codebook", "counts", "sums", "step", "seed_generator_state"} <= set(kept)


def test_the_average_is_found_by_name_and_the_newest_replaces_it(copy, finished):
    with pytest.raises(FileNotFoundError, match=r"no average checkpoint yet. Make it with t2t-vq"):
        load_weights(finished.run.make_model(), copy, "average")
    for _ in range(2):
        path, _ = average_checkpoints(copy, last=2)
        assert load_weights(finished.run.make_model(), copy, "average") == path
    assert [p.name for p in (copy / "average").glob("*.index")] == ["ckpt-8.index"]


@pytest.mark.parametrize(
    "last, message",
    [
        (1, "last=1 is no number of checkpoints"),
        (6, r"holds 2 of the 6 .* --keep_checkpoints=6 .*, or average fewer with --last"),
    ],
)
def test_a_number_that_cannot_be_averaged_is_refused(finished, last, message):
    with pytest.raises(ValueError, match=message):
        average_checkpoints(finished.output_dir, last)


def test_a_single_checkpoint_is_no_average(copy):
    for path in (copy / "latest").glob("ckpt-4.*"):
        path.unlink()
    with pytest.raises(ValueError, match=r"holds 1 of the 2 .*_checkpoints=5 .* and kept\.$"):
        average_checkpoints(copy)


def test_a_damaged_checkpoint_is_named_and_nothing_is_written(copy):
    for path in (copy / "latest").glob("ckpt-4.data*"):
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match="latest/ckpt-4 cannot be read"):
        average_checkpoints(copy)
    assert not (copy / "average").exists()


def test_a_checkpoint_from_before_the_codebook_counts_for_nothing(copy, finished):
    model = finished.run.make_model()
    load_weights(model, "", copy / "latest" / "ckpt-4")
    model.bottleneck.started.assign(0.0)
    for path in pathlib.Path(save_weights(model, copy / "unstarted", 4)).parent.glob("ckpt-4.*"):
        shutil.copy(path, copy / "latest")
    with pytest.raises(ValueError, match=r"holds 1 of the 2 checkpoints from after update 3, "):
        average_checkpoints(copy)
