"""The language-neutral meaning of a sentence, which `english` and `german` put into words.

A meaning names concepts of `lexicon`, never words, and leaves open what only one language has to
decide: the German gender, the place of the verb, which synonym.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from t2t_vq.data.synthetic_ende.lexicon import Adverb


@dataclass(slots=True)
class NounPhrase:
    """What a noun refers to, with its determiner and what describes it.

    Args:
        noun: concept in `lexicon.NOUNS`.
        determiner: "the", "a", "this", "every", "" (bare plural or mass noun), a possessor
            ("my", "your", "his", "her", "our", "their"), or a key of `lexicon.QUANTIFIERS`.
        plural: whether there are several.
        adjective: concept in `lexicon.ADJECTIVES`, or "".
        modifier: first part of a compound, a key of `lexicon.MODIFIERS`, or "".
        owner: whose it is ("my brother's car"); the determiner is then "the".
        relative: relative clause, in which `GAP` stands for this noun.
        female: whether something in the sentence tells that a person in a role is a woman.
    """

    noun: str
    determiner: str = "the"
    plural: bool = False
    adjective: str = ""
    modifier: str = ""
    owner: NounPhrase | None = None
    relative: Clause | None = None
    female: bool = False


@dataclass(slots=True)
class Pronoun:
    """A personal pronoun: "I", "you", "he", "she", "it", "we" or "they".

    Args:
        name: English nominative.
        antecedent: the thing that "it" or "they" takes up, whose German word decides the gender.
    """

    name: str
    antecedent: NounPhrase | None = None


@dataclass(slots=True)
class Place:
    """A prepositional phrase of place; `case` tells location (dat) from direction (acc)."""

    english: str
    german: str
    case: str
    noun_phrase: NounPhrase


class Gap(Enum):
    """A missing participant: the antecedent of a relative clause, or what a question asks for."""

    GAP = "gap"


GAP = Gap.GAP
Participant = NounPhrase | Pronoun | Gap


@dataclass(slots=True)
class Clause:
    """A verb with everything that goes with it.

    Args:
        verb: concept in `lexicon.VERBS`.
        subject, object, recipient, oblique: the participants; `recipient` is the German dative,
            `oblique` the object of the verb's preposition.
        tense: "present", "past", "perfect" or "future"; "present" or "past" with a modal.
        modal: modal verb of `lexicon.AUXILIARIES`, or "".
        negated: whether it is denied.
        predicate: adjective said of the subject of "be", with its degree ("very", "too" or "").
        companion: who takes part ("with his sister").
        vehicle: noun of the means of travel.
        place, direction, time, frequency, manner: adverbials.
        habitual: whether a present tense tells a habit though no adverbial does ("she sleeps").
        time_first: whether English begins with the time; German is free anyway.
        there: whether English says "there is", of something new at a place.
        complement: clause that is said, known or (without its own subject) tried.
        conjunction: joins `other`: "because", "although", "but", "while", "if" or "when".
        other: the joined clause.
        other_first: whether the joined clause comes first.
        question: "" (statement), "yes/no", or the question word: "what", "who", "where",
            "when" or "why".
    """

    verb: str
    subject: Participant | None = None
    object: Participant | None = None
    recipient: Participant | None = None
    oblique: Participant | None = None
    tense: str = "past"
    modal: str = ""
    negated: bool = False
    predicate: str = ""
    degree: str = ""
    companion: NounPhrase | None = None
    vehicle: str = ""
    place: Place | Adverb | None = None
    direction: Place | Adverb | None = None
    time: Adverb | None = None
    frequency: Adverb | None = None
    manner: Adverb | None = None
    habitual: bool = False
    time_first: bool = False
    there: bool = False
    complement: Clause | None = None
    conjunction: str = ""
    other: Clause | None = None
    other_first: bool = False
    question: str = ""
