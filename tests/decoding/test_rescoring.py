import numpy as np
import pytest
from keras import ops

from t2t_vq.decoding.rescoring import best_candidate, lengths_before, ranked_candidates, until_end


def test_what_follows_the_first_end_becomes_padding():
    sequences = np.array([[[5, 1, 7, 1], [1, 1, 6, 2], [4, 5, 6, 7]]], "int32")
    expected = [[[5, 1, 0, 0], [1, 0, 0, 0], [4, 5, 6, 7]]]
    np.testing.assert_array_equal(until_end(sequences, end=1, padding=0), expected)


def test_what_comes_before_the_first_end_is_counted():
    sequences = np.array([[[5, 1, 7, 1], [1, 1, 6, 2], [4, 5, 6, 7]]], "int32")
    np.testing.assert_array_equal(lengths_before(sequences, end=1), [[1, 0, 4]])


# Penalties of lengths 2 and 5 with alpha 1: 7/6 and 10/6.
@pytest.mark.parametrize(("alpha", "chosen"), [(0.0, 0), (1.0, 1)])
def test_the_likeliest_for_its_length_is_chosen(alpha, chosen):
    candidates = np.array([[[5, 1, 1, 1, 1], [6, 7, 8, 9, 1]]], "int32")
    likelihoods = np.array([[-2.0, -2.5]], "float32")
    best = best_candidate(candidates, likelihoods, end=1, alpha=alpha)
    np.testing.assert_array_equal(best, candidates[:, chosen])


def test_what_belongs_to_the_best_candidate_is_given_in_its_place():
    candidates = np.array([[[5, 1], [6, 1]], [[7, 1], [8, 1]]], "int32")
    likelihoods = np.array([[-2.0, -1.0], [-1.0, -2.0]], "float32")
    items = np.arange(12).reshape(2, 2, 3, 1)
    best = best_candidate(candidates, likelihoods, end=1, alpha=0.6, items=items)
    np.testing.assert_array_equal(best, [items[0, 1], items[1, 0]])


def test_an_empty_candidate_is_chosen_only_when_all_are():
    candidates = np.array([[[1, 1], [6, 1]], [[1, 1], [1, 6]]], "int32")
    likelihoods = np.array([[-0.1, -9.0], [-2.0, -1.0]], "float32")
    best = best_candidate(candidates, likelihoods, end=1, alpha=0.6)
    np.testing.assert_array_equal(best, [[6, 1], [1, 1]])


def test_candidates_are_ranked_by_penalised_likelihood_empty_ones_last():
    candidates = ops.array([[[5, 1, 1], [1, 1, 1], [5, 6, 1], [7, 1, 1]]])
    # One token and the end: 7 / 6; two: 8 / 6; none: 1.
    found, scores = ranked_candidates(candidates, ops.array([[-7.0, -1.0, -4.0, -7.0]]), 1, 1.0)
    assert np.asarray(found).tolist() == [[[5, 6, 1], [5, 1, 1], [7, 1, 1], [1, 1, 1]]]
    np.testing.assert_allclose(scores, [[-3.0, -6.0, -6.0, -1.0]], rtol=1e-6)
