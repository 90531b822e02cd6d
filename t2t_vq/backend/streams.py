"""The streams of random numbers: one for each use within a step."""

import enum


class Stream(enum.IntEnum):
    """The numbers of all streams that `uniform` draws from, from 0 to 15.

    No two draws with one seed at one step may share a number. A layer is a bottleneck of one kind,
    so the kinds have the same numbers; what models draw beside their bottleneck has others. A
    number once given stays: with another, a seed would give other results.
    """

    # Of codebooks, and of levels of them.
    CODES = 0
    CANDIDATES = 1
    START = 2
    LEVELS = 3
    DRAWN_CODES = 4

    # Of relaxed codes.
    RELAXED_CODES = 0

    # Of Gaussian latents.
    LATENTS = 0
    DRAWN_LATENTS = 1
    PRIOR_LATENTS = 2

    # Of bits.
    BIT_NOISE = 0
    BIT_FLIPS = 1
    BIT_COINS = 2

    # Of what a kind of a user's draws beside the kind that it is derived from.
    OWN = 8

    # Of models and their other layers, and of the search.
    PREDICTED_LATENTS = 12
    HIDDEN_CODES = 13
    SEARCH = 14
    TRUE_EMBEDDINGS = 15
