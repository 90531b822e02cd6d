"""The tiny problem, its data, and one finished run of it."""

import dataclasses
import pathlib
import signal
import types

import pytest

from t2t_vq import registry
from t2t_vq.run import Run

registry.import_usr_dir(pathlib.Path(__file__).parent.parent / "usr_dir")


@pytest.fixture(scope="session")
def data_dir(tf, tmp_path_factory):
    """Folder of the prepared data of `translate_tiny`."""
    folder = tmp_path_factory.mktemp("data")
    registry.problem("translate_tiny").generate_data(folder)
    return str(folder)


@pytest.fixture(scope="session")
def make_run(data_dir):
    """A function from hyper-parameters to a `Run` on `translate_tiny`."""
    return lambda hparams, **options: Run.create(
        "translate_tiny", hparams, data_dir=data_dir, **options
    )


@pytest.fixture(scope="session")
def finished(make_run, tmp_path_factory):
    """An uninterrupted run of soft EM over two epochs: `run`, `output_dir` and `best`."""
    from t2t_vq.training.trainer import train

    run = make_run("softem_nat_test")
    output_dir = tmp_path_factory.mktemp("finished")
    best = train(run, output_dir, strategy="one_device")
    return types.SimpleNamespace(run=run, output_dir=output_dir, best=best)


@pytest.fixture
def usual_handlers():
    """A shell that starts tests in the background has them ignore SIGINT, and nohup SIGHUP."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def with_steps():
    """A function from a `Run` and a number to the same run of so many updates."""

    def replace(run, train_steps):
        return dataclasses.replace(
            run, hparams=dataclasses.replace(run.hparams, train_steps=train_steps)
        )

    return replace
