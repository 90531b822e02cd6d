import pytest

from t2t_vq.data import progress


@pytest.fixture
def clock(monkeypatch):
    """A list whose last number is the time in seconds."""
    times = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: times[-1])
    return times


def test_the_time_left_is_estimated_from_what_this_run_did(clock, capsys):
    shown = progress.Progress("Work", 1_000, done=400)
    clock.append(40.0)
    shown.add(200)
    clock.append(90.0)
    shown.add(400)
    shown.finish()
    assert capsys.readouterr().err.splitlines() == [
        "Work: 400 of 1,000 (40%), 0 s",
        "Work: 600 of 1,000 (60%), 40 s, 1 min 20 s left",
        "Work: 1,000 of 1,000 (100%), 90 s",
    ]


def test_a_final_line_that_was_shown_already_is_not_shown_again(clock, capsys):
    shown = progress.Progress("Work")
    clock.append(60.0)
    shown.add(5)
    clock.append(61.0)
    shown.finish()
    assert capsys.readouterr().err.splitlines() == ["Work: 0, 0 s", "Work: 5, 60 s"]


def test_without_a_total_there_is_no_estimate(clock, capsys):
    shown = progress.Progress("Work")
    clock.append(60.0)
    shown.add(5)
    assert capsys.readouterr().err.splitlines()[-1] == "Work: 5, 60 s"


def test_work_goes_on_where_nothing_can_be_printed(clock, monkeypatch):
    class Closed:
        def write(self, text):
            raise OSError("Input/output error")

        def isatty(self):
            return False

    monkeypatch.setattr(progress.sys, "stderr", Closed())
    shown = progress.Progress("Work", 10)
    shown.add(10)
    shown.finish()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 min 00 s"), (3_599.4, "59 min 59 s"), (7_260, "2 h 01 min")],
)
def test_durations_are_words(seconds, text):
    assert progress.duration(seconds) == text
