import pytest

from t2t_vq.decoding.options import Search, check_batch_size, sources_together


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("beam_size", 0), ("num_samples", -1), ("temperature", 0.0), ("passes", 0)],
        *[("temperature", float("nan")), ("refinements", -1), ("alpha", -0.1)],
    ],
)
def test_a_search_that_nobody_can_do_is_refused(name, value):
    with pytest.raises(ValueError, match=rf"A search has a {name} of .* or more, and this one "):
        Search(**{name: value})


def test_a_beam_and_samples_exclude_each_other():
    with pytest.raises(ValueError, match="Choose one of the two"):
        Search(beam_size=2, num_samples=2)


@pytest.mark.parametrize(
    ("search", "sources"),
    [(Search(), 10), (Search(beam_size=4), 2), (Search(num_samples=5), 2), (Search(11), 1)],
)
def test_a_batch_holds_all_candidates_of_its_sources(search, sources):
    assert sources_together(search, 10) == sources


@pytest.mark.parametrize("size", [0, -1, 2.5, "8", None])
def test_a_batch_without_rows_is_refused(size):
    with pytest.raises(ValueError, match=r"is no number of rows\. Give 1 or more"):
        check_batch_size(size)
