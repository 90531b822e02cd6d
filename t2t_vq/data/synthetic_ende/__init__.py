"""An unlimited corpus of English-German sentence pairs, made by a grammar of both languages.

A language-neutral meaning is sampled (`grammar`), put into English in one way (`english`) and into
German in one of several equally good ways (`german`): word order, tense and synonyms are free, as
in real translation, so a model that decodes in parallel has to agree with itself. The words are
in `lexicon`. No file is read and nothing is downloaded.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator

from t2t_vq.data.synthetic_ende import english, german
from t2t_vq.data.synthetic_ende.grammar import Sampler
from t2t_vq.data.synthetic_ende.meaning import Clause
from t2t_vq.errors import InvalidError

# Of 100 meanings, which belong to which split.
_SHARES = {"train": range(0, 90), "dev": range(90, 95), "test": range(95, 100)}


def pairs(split: str, start: int, stop: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Generates pairs number `start` to `stop - 1` of a split.

    A pair depends on its split, number and seed only, so several processes can each generate a
    range. What a sentence means decides the split that it belongs to: no English and no German
    sentence occurs in two splits, whatever the seeds.

    Args:
        split: "train", "dev" or "test".
        start: number of the first pair, from 0.
        stop: number behind the last pair; the stream has no end of its own.
        seed: which of many streams.

    Yields:
        An English sentence and a German translation of it.

    Raises:
        ValueError: if there is no such split, or the range is not one.

    Example:
        >>> for source, target in pairs("train", 0, 2):
        ...     print(source, "|", target)
        I have not asked my colleagues today. | Heute habe ich meine Kollegen nicht gefragt.
        The students baked a fresh cake this morning. | Heute Morgen backten die Studenten ...
    """
    if split not in _SHARES:
        raise InvalidError(
            f"The synthetic corpus has no split {split!r}. Choose one of {', '.join(_SHARES)}."
        )
    if not 0 <= start <= stop:
        raise InvalidError(
            f"Pairs {start} to {stop} are not a range. Give numbers with 0 <= start <= stop."
        )
    return _pairs(split, start, stop, seed)


def _pairs(split: str, start: int, stop: int, seed: int) -> Iterator[tuple[str, str]]:
    for index in range(start, stop):
        generator = random.Random(f"{seed}/{split}/{index}")
        clause = _draw(split, generator)
        # Only `random()` is the same in every version of Python.
        yield (
            english.realise(clause),
            german.realise(clause, lambda count, g=generator: int(g.random() * count)),
        )


def meaning(split: str, index: int, seed: int = 0) -> Clause:
    """Returns the meaning of pair number `index`, of which `translations` lists the German."""
    return _draw(split, random.Random(f"{seed}/{split}/{index}"))


def _draw(split: str, generator: random.Random) -> Clause:
    sampler, share = Sampler(generator), _SHARES[split]
    while True:
        clause = sampler.sentence()
        if zlib.crc32(english.realise(clause, neutral=True).encode()) % 100 in share:
            return clause


def translations(clause: Clause) -> list[str]:
    """Returns every German sentence that the grammar has for a meaning, without repetition.

    Args:
        clause: the meaning, for instance from `meaning`.

    Returns:
        The German sentences. `pairs` draws one of them.

    Example:
        >>> translations(meaning("test", 2))
        ['Er hat die Tür geöffnet.', 'Er öffnete die Tür.', 'Er hat die Tür aufgemacht.', ...]
    """
    found: dict[str, None] = {}
    path: list[tuple[int, int]] = []
    while True:
        # Walk the tree of choices depth first: `path` holds (taken, count) of each choice.
        depth = 0

        def choose(count: int) -> int:
            nonlocal depth
            if depth == len(path):
                path.append((0, count))
            depth += 1
            return path[depth - 1][0]

        found[german.realise(clause, choose)] = None
        while path and path[-1][0] + 1 == path[-1][1]:
            path.pop()
        if not path:
            return list(found)
        taken, count = path.pop()
        path.append((taken + 1, count))
