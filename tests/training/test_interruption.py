import concurrent.futures
import os
import signal

import pytest

from t2t_vq.training.interruption import Interrupted, Interruption

pytestmark = pytest.mark.usefixtures("usual_handlers")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_is_only_noted(number):
    with Interruption() as interruption:
        assert interruption.signal is None
        os.kill(os.getpid(), number)
        assert interruption.signal == number


def test_who_ignores_that_the_terminal_is_closed_goes_on():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
        assert interruption.signal is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_second_signal_acts_as_usual():
    with pytest.raises(KeyboardInterrupt), Interruption():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)


def test_a_closed_terminal_may_be_told_twice():
    acted = []
    signal.signal(signal.SIGHUP, lambda number, frame: acted.append(number))
    with Interruption() as interruption:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGHUP)
    assert interruption.signal == signal.SIGHUP and not acted


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Interruption():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_another_thread_than_the_main_one_leaves_signals_alone():
    def entered():
        with Interruption() as interruption:
            return interruption.signal, signal.getsignal(signal.SIGTERM)

    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        assert threads.submit(entered).result() == (None, signal.getsignal(signal.SIGTERM))


def test_the_message_says_how_to_go_on():
    stop = Interrupted(signal.SIGTERM, 1_500, "runs/mine")
    assert str(stop) == (
        "Stopped by SIGTERM after step 1,500; saved in runs/mine. "
        "The same command goes on from there."
    )
