import os

import pytest

from t2t_vq import processors


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone lets us choose.")
def test_processors_that_a_process_may_not_use_do_not_count():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert processors.usable() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_where_no_process_is_told_its_processors_all_count(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert processors.usable() == 6
