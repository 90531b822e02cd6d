"""Samples the parts that sentences are made of: who and what, where, when, and in which tense."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from t2t_vq.data.synthetic_ende.lexicon import (
    AT_HOME,
    HOME,
    NOUNS,
    NUMBERS,
    SPOTS,
    STATES,
    TIMES,
    TODAY,
    VEHICLE_SPOTS,
    VERBS,
    WHERE,
    Adverb,
)
from t2t_vq.data.synthetic_ende.meaning import GAP, Clause, NounPhrase, Participant, Place, Pronoun

T = TypeVar("T")

_POSSESSIVES = {
    "I": "my",
    "you": "your",
    "he": "his",
    "she": "her",
    "we": "our",
    "they": "their",
}
DEFINITE = ("the", "this", "my", "our", "your")
PEOPLE = tuple(n.name for n in NOUNS.values() if "person" in n.tags)
_TRANSPORT = ("bus", "train", "car", "bicycle")
_PRIVATE = (
    *("house", "garden", "kitchen", "room", "office", "car", "bicycle", "key", "bag", "coat"),
    *("hat", "book", "computer", "shirt"),
)
_RELATED = (
    *("buy", "find", "see", "know", "love", "wash", "repair", "bake", "cook"),
    *("read", "write", "visit", "call", "help", "wait for", "talk to", "need"),
)
CREATING = ("write", "bake", "cook")


class Phrases:
    """Draws parts of meanings from a random generator.

    Only `random.Random.random` is used, whose sequence Python guarantees for a given seed.

    Args:
        generator: the source of randomness.
    """

    def __init__(self, generator: random.Random) -> None:
        self._random = generator.random

    # Chance

    def _pick(self, options: Sequence[T]) -> T:
        return options[int(self._random() * len(options))]

    def _chance(self, probability: float) -> bool:
        return self._random() < probability

    # Noun phrases

    def _noun_phrase(self, name: str, owner: Participant | None = None) -> NounPhrase:
        """Draws a noun phrase; `owner` is who may have it, so as to say "his car"."""
        noun = NOUNS[name]
        tags = noun.tags
        phrase = NounPhrase(name)
        if "mass" in tags:
            phrase.determiner = "the" if self._chance(0.55) else ""
        elif "own" in tags:
            phrase.determiner = self._possessor(owner) if self._chance(0.85) else "the"
            phrase.plural = "single" not in tags and self._chance(0.25)
        else:
            phrase.plural = self._chance(
                0.6 if "many" in tags else 0.05 if "place" in tags else 0.2
            )
            phrase.determiner = self._determiner(tags, owner, phrase.plural)
        if noun.modifiers and self._chance(0.25):
            phrase.modifier = self._pick(noun.modifiers)
        if noun.adjectives and self._chance(0.2 if "person" in tags else 0.4):
            phrase.adjective = self._pick(noun.adjectives)
            if phrase.adjective in STATES and self._chance(0.6):
                phrase.adjective = ""
        return phrase

    def _determiner(self, tags: frozenset[str], owner: Participant | None, plural: bool) -> str:
        x = self._random()
        if x < 0.45:
            return "the"
        if x < 0.53:
            return "this"
        if owner is not None and "person" not in tags and x < 0.7:
            return self._possessor(owner)
        if plural:
            return self._pick(("", "some", "many", "two", "three", *NUMBERS))
        return "a" if x < 0.9 else "the"

    def _possessor(self, owner: Participant | None) -> str:
        """Returns "his" and so on for an owner who can be told, or else whose it is to us."""
        if owner is not None and self._chance(0.7):
            pronoun = self._reference(owner)
            if pronoun is not None and pronoun in _POSSESSIVES:
                return _POSSESSIVES[pronoun]
        return self._pick(("my", "my", "our", "your"))

    def _reference(self, participant: Participant) -> str | None:
        """Returns the pronoun that takes up a participant, which may decide that it is a woman."""
        if isinstance(participant, Pronoun):
            return participant.name
        if participant is GAP:
            return None
        if participant.plural:
            return "they"
        sex = NOUNS[participant.noun].sex
        if sex == "role":
            if participant.female:
                return "she"
            if participant.determiner == "every":
                return None
            participant.female = self._chance(0.5)
            sex = "f" if participant.female else "m"
        return {"m": "he", "f": "she", "": "it"}.get(sex)

    def _owned_by(self, phrase: NounPhrase) -> NounPhrase:
        """May name the owner: "my brother's car"."""
        if phrase.determiner == "the" and phrase.noun in _PRIVATE and self._chance(0.2):
            owner = self._noun_phrase(self._pick(PEOPLE))
            if owner.determiner in DEFINITE:
                owner.adjective = ""
                phrase.owner = owner
        return phrase

    def _subject(self, names: Sequence[str]) -> Participant:
        if names[0] in PEOPLE and self._chance(0.3):
            return Pronoun(self._pick(("I", "I", "you", "he", "he", "she", "she", "we", "they")))
        phrase = self._noun_phrase(self._pick(names))
        if phrase.determiner in ("", "many"):
            phrase.determiner = "the"
        one = phrase.determiner == "the" and not phrase.plural
        if one and NOUNS[phrase.noun].tags & {"adult", "young-one"} and self._chance(0.08):
            phrase.determiner = "every"
        return phrase

    def _object(self, names: Sequence[str], subject: Participant) -> Participant:
        name = self._pick(names)
        same = self._is_called(subject, name)
        if "person" in NOUNS[name].tags and (same or self._chance(0.2)):
            return self._object_pronoun(subject)
        return self._owned_by(self._noun_phrase(name, subject))

    @staticmethod
    def _is_called(participant: Participant, noun: str) -> bool:
        return isinstance(participant, NounPhrase) and participant.noun == noun

    def _object_pronoun(self, subject: Participant) -> Pronoun:
        # "I saw us" and "you saw you" are no sentences.
        first = isinstance(subject, Pronoun) and subject.name in ("I", "we")
        second = isinstance(subject, Pronoun) and subject.name == "you"
        names = ("he", "she", "they")
        names += () if first else ("I", "we")
        names += () if second else ("you",)
        return Pronoun(self._pick(names))

    def _relative(self, phrase: NounPhrase, verb: str) -> None:
        """Adds a relative clause, with another verb than the main clause, to a noun phrase."""
        phrase.adjective, noun = "", NOUNS[phrase.noun]
        if "person" in noun.tags and self._chance(0.5):
            verb = self._pick(
                ("live", "work", "sleep", "sit", "help", "know", "buy", "read", "sell")
            )
            relative = self._action(verb, GAP, self._pick(("present", "past")))
        else:
            verbs = [v for v in _RELATED if v != verb and phrase.noun in VERBS[v].objects]
            if not verbs:
                return
            verb = self._pick(verbs)
            tense = "present" if VERBS[verb].preterite_only and self._chance(0.5) else "past"
            subject = self._subject(VERBS[verb].subjects)
            if isinstance(subject, NounPhrase):
                subject.adjective = ""
            relative = self._action(verb, subject, tense, gap=True)
        relative.time = relative.companion = relative.manner = None
        relative.negated = False
        phrase.relative = relative

    # Clauses

    def _action(
        self,
        name: str,
        subject: Participant,
        tense: str,
        gap: bool = False,
    ) -> Clause:
        """Draws a clause around a verb, without time; `gap` leaves out its main object."""
        verb = VERBS[name]
        if (tense == "present" and verb.punctual) or (tense == "perfect" and verb.preterite_only):
            tense = "past"
        clause = Clause(name, subject, tense=tense)
        frame = verb.frame
        if frame in ("transitive", "put"):
            if name in CREATING and not gap:
                # Nobody bakes "this cake" or writes "his brother's book".
                clause.object = self._noun_phrase(self._pick(verb.objects))
                if clause.object.determiner == "this":
                    clause.object.determiner = "the"
                if clause.object.adjective == "old":
                    clause.object.adjective = ""
            else:
                clause.object = GAP if gap else self._object(verb.objects, subject)
        elif frame == "ditransitive":
            clause.object = (
                GAP if gap else self._owned_by(self._noun_phrase(self._pick(verb.objects), subject))
            )
            clause.recipient = self._recipient(subject)
        elif frame in ("dative", "owned"):
            clause.recipient = GAP if gap else self._object(verb.objects, subject)
        elif frame == "prepositional":
            clause.oblique = GAP if gap else self._object(verb.objects, subject)
        if frame == "put":
            clause.direction = self._spot("acc", clause.object)
        elif frame in ("directed", "transported"):
            clause.direction = self._direction(verb.places)
        elif frame == "located":
            clause.place = self._location_at(verb.places, verb.name != "live")
        elif verb.places and self._chance(0.55 if frame == "intransitive" else 0.17):
            clause.place = self._location_at(verb.places, False)
        if frame == "transported":
            clause.vehicle = self._pick(_TRANSPORT)
        return clause

    def _recipient(self, subject: Participant) -> Participant:
        name = self._pick(PEOPLE)
        same = self._is_called(subject, name)
        if same or self._chance(0.3):
            return self._object_pronoun(subject)
        phrase = self._noun_phrase(name, subject)
        if phrase.determiner == "" or phrase.determiner in NUMBERS:
            phrase.determiner = "the"
        phrase.adjective = ""
        return phrase

    def _place_phrase(self, name: str) -> NounPhrase:
        phrase = NounPhrase(name)
        noun = NOUNS[name]
        if self._chance(0.15) and noun.adjectives:
            phrase.adjective = self._pick(noun.adjectives)
        if self._chance(0.12) and noun.modifiers:
            phrase.modifier = self._pick(noun.modifiers)
        x = self._random()
        if x < 0.1 and name not in ("station", "market"):
            phrase.determiner = "this"
        elif x < 0.2 and name in _PRIVATE:
            phrase.determiner = "our"
        return phrase

    def _location_at(self, names: Sequence[str], home: bool) -> Place | Adverb:
        if home and self._chance(0.35):
            return AT_HOME
        name = self._pick(names)
        return Place(*WHERE[name][0], self._place_phrase(name))

    def _direction(self, names: Sequence[str]) -> Place | Adverb:
        if self._chance(0.15):
            return HOME
        name = self._pick(names)
        return Place(*WHERE[name][1], self._place_phrase(name))

    def _spot(self, case: str, thing: Participant) -> Place:
        spots = SPOTS
        if isinstance(thing, NounPhrase) and "vehicle" in NOUNS[thing.noun].tags:
            spots = VEHICLE_SPOTS
        elif isinstance(thing, NounPhrase) and self._chance(0.25):
            name = self._pick(("kitchen", "room", "office", "garden", "house"))
            english, german, _ = WHERE[name][0]
            return Place(english, german, case, self._place_phrase(name))
        english, german, names = self._pick(spots)
        names = [n for n in names if not isinstance(thing, NounPhrase) or n != thing.noun]
        phrase = NounPhrase(self._pick(names))
        modifiers = NOUNS[phrase.noun].modifiers
        if modifiers and self._chance(0.2):
            phrase.modifier = self._pick(modifiers)
        return Place(english, german, case, phrase)

    def _add_time(self, clause: Clause, probability: float) -> None:
        timeless = clause.verb in ("live", "have", "know", "love", "belong to")
        if timeless or clause.frequency is not None or not self._chance(probability):
            return
        kind = clause.tense
        groups = TIMES.get(kind)
        if kind == "past" and (clause.verb == "be" or clause.negated):
            groups = groups[:1]
        elif kind == "future" and clause.negated:
            groups = groups[2:3]  # not "will not come soon", which German says in another order
        elif kind == "present":
            if VERBS[clause.verb].stative and not clause.modal:
                return
            if not clause.negated and self._chance(0.5):
                groups = TIMES["habit"]
        elif kind == "perfect":
            groups = ((TODAY,),)
        clause.time = self._pick(self._pick(groups))

    def _tense(self, clause: Clause) -> None:
        """Draws tense, modal verb and frequency for a main clause that was drawn in the past."""
        verb = VERBS[clause.verb]
        x = self._random()
        if x < 0.45 or (verb.punctual and x < 0.6):
            pass
        elif x < 0.64:
            clause.tense = "present"
        elif x < 0.73:
            if not verb.preterite_only and verb.frame != "located":
                clause.tense = "perfect"
        elif x < 0.83:
            if not (verb.stative and not verb.punctual) and verb.name not in ("lose", "forget"):
                clause.tense = "future"
        elif not verb.stative or (verb.punctual and verb.name not in ("lose", "forget")):
            clause.modal = self._pick(("can", "have to", "want to", "be allowed to", "should"))
            clause.tense = "present"
            if clause.modal != "should" and self._chance(0.35):
                clause.tense = "past"
