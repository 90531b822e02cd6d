"""The random numbers that exported models draw, the same as TensorFlow's Philox gives.

Reference:
    Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from t2t_vq.backend.streams import Stream

_MULTIPLIERS = np.array([0xD2511F53, 0xCD9E8D57], np.uint64)
_KEY_STEPS = np.array([0x9E3779B9, 0xBB67AE85], np.uint32)
_ROUNDS = 10
# The key under which TensorFlow mixes a seed.
_SEED_KEY = np.array([0x3EC8F720, 0x02461E29], np.uint32)
# Away from 0 and 1, where the inverse CDF is infinite.
_SMALLEST = np.float32(1e-7)
_LARGEST = np.float32(1.0 - 1e-7)


def philox(counters: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Returns the random words of counters.

    Args:
        counters: `[n, 4]` uint32, the lowest word first.
        key: `[2]` uint32.

    Returns:
        `[n, 4]` uint32.
    """
    words, key = counters.astype(np.uint64), key.copy()
    for _ in range(_ROUNDS):
        products = words[:, [0, 2]] * _MULTIPLIERS
        high, low = products >> np.uint64(32), products & np.uint64(0xFFFFFFFF)
        words = np.stack(
            [
                high[:, 1] ^ words[:, 1] ^ np.uint64(key[0]),
                low[:, 1],
                high[:, 0] ^ words[:, 3] ^ np.uint64(key[1]),
                low[:, 0],
            ],
            axis=1,
        )
        with np.errstate(over="ignore"):
            key += _KEY_STEPS
    return words.astype(np.uint32)


def uniform(shape: Sequence[int], seed: int, step: int, stream: Stream) -> np.ndarray:
    """Returns what `t2t_vq.backend.random_numbers.uniform` gives on TensorFlow, in one replica.

    Args:
        shape: of the result.
        seed, step: integers.
        stream: a `t2t_vq.backend.streams.Stream`.

    Returns:
        float32 in [0, 1).
    """
    seeds = np.array([seed * 16 + stream, step * 2**16], np.uint64)
    words = np.stack([seeds & np.uint64(0xFFFFFFFF), seeds >> np.uint64(32)], axis=1)
    mixed = philox(words.reshape(1, 4).astype(np.uint32), _SEED_KEY)[0]
    size = math.prod(shape)
    counters = np.zeros((-(-size // 4), 4), np.uint32)
    counters[:, 0] = np.arange(len(counters))
    counters[:, 2:] = mixed[2:]
    bits = philox(counters, mixed[:2]).ravel()[:size].reshape(shape)
    return (bits >> np.uint32(8)).astype(np.float32) / np.float32(2**24)


def gumbel(shape: Sequence[int], seed: int, step: int, stream: Stream) -> np.ndarray:
    """Returns standard Gumbel numbers of such uniform ones, float32."""
    numbers = np.clip(uniform(shape, seed, step, stream), _SMALLEST, _LARGEST)
    return -np.log(-np.log(numbers))


def normal(shape: Sequence[int], seed: int, step: int, stream: Stream) -> np.ndarray:
    """Returns standard normal numbers of such uniform ones, float32."""
    numbers = np.clip(uniform(shape, seed, step, stream), _SMALLEST, _LARGEST)
    # In the steps of float32, as in `t2t_vq.bottlenecks.noise`.
    centred = np.float32(2.0) * numbers - np.float32(1.0)
    inverse = np.vectorize(statistics.NormalDist().inv_cdf, otypes=[np.float32])
    return inverse((centred.astype(np.float64) + 1.0) / 2.0)
