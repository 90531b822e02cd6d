import json

import numpy as np
import pytest

from t2t_vq.decoding.options import (
    Search,
    check_batch_size,
    check_choice,
    check_max_length,
    sources_together,
)


@pytest.mark.parametrize("name", ["beam_size", "num_samples", "passes", "refinements"])
@pytest.mark.parametrize("value", [-1, 2.5, 2.0, "2", True, None, float("nan"), [2]])
def test_what_is_counted_is_a_whole_number(name, value):
    with pytest.raises(ValueError, match=rf"The {name} of a search is a whole number from . to 1,"):
        Search(**{name: value})


@pytest.mark.parametrize("name", ["alpha", "temperature"])
@pytest.mark.parametrize("value", [-0.1, "1", True, None, float("nan"), float("inf")])
def test_what_is_measured_is_a_number(name, value):
    with pytest.raises(
        ValueError, match=rf"The {name} of a search is a number from .* to 1,000,000"
    ):
        Search(**{name: value})


@pytest.mark.parametrize(("name", "value"), [("beam_size", 0), ("passes", 0), ("temperature", 0)])
def test_a_search_that_nobody_can_do_is_refused(name, value):
    with pytest.raises(ValueError, match=f"and this one is {value}. Correct it."):
        Search(**{name: value})


def test_a_search_holds_plain_numbers():
    found = Search(beam_size=np.int64(4), alpha=np.float32(0.5), passes=np.int32(2))
    assert found == Search(beam_size=4, alpha=0.5, passes=2)
    assert json.loads(json.dumps(vars(found))) == vars(found)
    assert Search(alpha=1).alpha == 1.0


def test_a_beam_and_samples_exclude_each_other():
    with pytest.raises(ValueError, match="Choose one of the two"):
        Search(beam_size=2, num_samples=2)


@pytest.mark.parametrize(
    ("search", "sources"),
    [(Search(), 10), (Search(beam_size=4), 2), (Search(num_samples=5), 2), (Search(11), 1)],
)
def test_a_batch_holds_all_candidates_of_its_sources(search, sources):
    assert sources_together(search, 10) == sources


@pytest.mark.parametrize("size", [0, -1, 2.5, "8", None, True])
def test_a_batch_without_rows_is_refused(size):
    with pytest.raises(ValueError, match=r"is no number of rows\. Give 1 or more"):
        check_batch_size(size)


@pytest.mark.parametrize("length", [0, 2.5, "8", None, True])
def test_a_longest_source_without_tokens_is_refused(length):
    with pytest.raises(ValueError, match=r"is no number of tokens\. Give 1 or more"):
        check_max_length(length)


@pytest.mark.parametrize("search", [None, 4, {"beam_size": 4}, Search])
def test_what_is_no_search_is_told(search):
    with pytest.raises(TypeError, match=r"The search is of type .*\. Give a t2t_vq"):
        check_choice(search, False)
