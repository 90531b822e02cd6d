import io

import pytest

from t2t_vq import progress


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


def terminal_of(monkeypatch):
    """Makes standard error a terminal of 40 columns, and returns what it shows."""
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(progress.sys, "stderr", stream)
    monkeypatch.setattr(progress, "_columns", lambda: 40)
    monkeypatch.setattr(progress, "_is_moving", False)
    return stream


def test_on_a_terminal_one_line_moves_until_it_is_finished(clock, monkeypatch):
    terminal = terminal_of(monkeypatch)
    shown = progress.Progress("Work", 10)
    clock.append(1.0)
    shown.add(5)
    clock.append(2.0)
    shown.reach(10)
    shown.finish()
    assert terminal.getvalue().split("\r\033[K") == [
        "",
        "Work: 0 of 10 (0%), 0 s",
        "Work: 5 of 10 (50%), 1 s, 1 s left",
        "Work: 10 of 10 (100%), 2 s\n",
    ]


def test_a_line_that_stays_takes_the_place_of_one_that_moves(monkeypatch):
    terminal = terminal_of(monkeypatch)
    progress.move("moves")
    progress.tell("stays")
    progress.tell("too")
    assert terminal.getvalue() == "\r\033[Kmoves\r\033[Kstays\ntoo\n"


def test_nothing_is_left_of_a_line_that_is_taken_away(monkeypatch):
    terminal = terminal_of(monkeypatch)
    progress.clear()
    progress.move("moves")
    progress.clear()
    assert terminal.getvalue() == "\r\033[Kmoves\r\033[K"


def test_a_line_that_moves_stays_within_a_row_of_the_terminal(monkeypatch):
    terminal = terminal_of(monkeypatch)
    progress.move(40 * "x")
    progress.move(40 * "x", shorter="short")
    progress.move(39 * "x", shorter="short")
    assert terminal.getvalue().split("\r\033[K")[1:] == [39 * "x", "short", 39 * "x"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 min 00 s"), (3_599.4, "59 min 59 s"), (7_260, "2 h 01 min")],
)
def test_durations_are_words(seconds, text):
    assert progress.duration(seconds) == text
