import itertools

import pytest

from t2t_vq.backend.streams import Stream

KINDS = [
    {"CODES": 0, "CANDIDATES": 1, "START": 2, "LEVELS": 3, "DRAWN_CODES": 4},
    {"RELAXED_CODES": 0},
    {"LATENTS": 0, "DRAWN_LATENTS": 1, "PRIOR_LATENTS": 2},
    {"BIT_NOISE": 0, "BIT_FLIPS": 1, "BIT_COINS": 2},
]
MODELS = {"PREDICTED_LATENTS": 12, "HIDDEN_CODES": 13, "SEARCH": 14, "TRUE_EMBEDDINGS": 15}
OTHERS = {"OWN": 8, **MODELS}


@pytest.mark.parametrize("kind", KINDS)
def test_the_streams_of_a_kind_and_all_others_are_distinct(kind):
    numbers = [Stream[name] for name in (*kind, *OTHERS)]
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) <= set(range(16))


def test_every_stream_has_the_number_that_seeds_of_earlier_results_need():
    expected = dict(itertools.chain.from_iterable(group.items() for group in [*KINDS, OTHERS]))
    assert {name: int(stream) for name, stream in Stream.__members__.items()} == expected
