"""The numbers that NumPy draws are bit for bit those of TensorFlow."""

import numpy as np
import pytest

from t2t_vq.backend.random_numbers import uniform
from t2t_vq.bottlenecks import noise
from t2t_vq.runtime import philox

DRAWS = pytest.mark.parametrize(
    ("shape", "seed", "step", "stream"),
    [
        ((1,), 0, 0, 0),
        ((7,), 0, 1, 14),
        ((3, 5), 1, 2, 3),
        ((2, 4, 401), 0, 63, 14),
        ((2, 3, 2, 9), 12345, 1000, 15),
        ((4, 4), 2**31 - 1, 2**20, 7),
        ((0, 3), 0, 0, 14),
    ],
)


def test_words_are_those_of_the_published_vectors():
    # Of Random123, `kat_vectors`: philox4x32 with 10 rounds.
    largest = np.full((1, 4), 0xFFFFFFFF, np.uint32)
    zeros = np.zeros((1, 4), np.uint32)
    digits = np.array([[0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344]], np.uint32)
    digits_key = np.array([0xA4093822, 0x299F31D0], np.uint32)
    found = [
        philox.philox(zeros, zeros[0, :2]),
        philox.philox(largest, largest[0, :2]),
        philox.philox(digits, digits_key),
    ]
    np.testing.assert_array_equal(
        np.concatenate(found),
        [
            [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8],
            [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ],
    )


@DRAWS
def test_uniform_numbers_are_those_of_tensorflow(tf, shape, seed, step, stream):
    found = philox.uniform(shape, seed, step, stream)
    expected = uniform(shape, seed, step, stream)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


@DRAWS
def test_gumbel_numbers_are_those_of_tensorflow_but_for_its_logarithm(
    tf, shape, seed, step, stream
):
    expected = noise.gumbel(uniform(shape, seed, step, stream))
    found = philox.gumbel(shape, seed, step, stream)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@DRAWS
def test_normal_numbers_are_those_of_tensorflow_but_for_its_inverse(tf, shape, seed, step, stream):
    expected = noise.normal(uniform(shape, seed, step, stream))
    found = philox.normal(shape, seed, step, stream)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_other_seeds_steps_and_streams_give_other_numbers():
    arguments = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    found = {philox.uniform((4,), *each).tobytes() for each in arguments}
    assert len(found) == 4


def test_drawing_moves_no_key():
    first, second = (philox.uniform((5,), 3, 4, 5) for _ in range(2))
    np.testing.assert_array_equal(first, second)
