"""What tests of training share."""

import dataclasses
import pathlib
import signal

import pytest

from t2t_vq import registry

registry.import_usr_dir(pathlib.Path(__file__).parent.parent / "usr_dir")


@pytest.fixture(scope="module", autouse=True)
def little_to_compile(one_length):
    """For all tests of this folder."""


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
