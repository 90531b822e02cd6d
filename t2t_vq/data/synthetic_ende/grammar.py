"""Samples the meaning of a sentence that makes sense, piece by piece, from a source of numbers."""

from __future__ import annotations

from collections.abc import Sequence

from t2t_vq.data.synthetic_ende.lexicon import (
    ALREADY,
    FREQUENCIES,
    JUST,
    MANNERS,
    NOUNS,
    NUMBERS,
    STATES,
    VERBS,
)
from t2t_vq.data.synthetic_ende.meaning import GAP, Clause, NounPhrase, Participant, Pronoun
from t2t_vq.data.synthetic_ende.phrases import CREATING, DEFINITE, PEOPLE, Phrases

_PLACED = tuple(n.name for n in NOUNS.values() if n.tags & {"portable", "vehicle", "text"})
_LIVELY = tuple(
    v.name
    for v in VERBS.values()
    if v.frame in ("transitive", "dative", "prepositional", "intransitive", "directed")
    and not v.stative
)
_ACTIONS = tuple(
    v.name
    for v in VERBS.values()
    if v.frame not in ("copula", "clausal", "infinitival") and v.subjects
)
_ALONE = tuple(name for name in _ACTIONS if VERBS[name].frame == "intransitive")
_WITH_OBJECT = tuple(
    name for name in _ACTIONS if VERBS[name].frame in ("transitive", "dative", "prepositional")
)
_ATTEMPTS = (
    *("read", "write", "sell", "find", "open", "close", "repair", "call"),
    *("cook", "bake", "wash", "turn off", "tidy up", "clean", "buy"),
)
_FORGETTABLE = ("close", "turn off", "call", "invite", "wash", "tidy up", "buy", "thank", "pick up")
_ARRIVALS = ("arrive", "come back", "get up", "open", "call", "see", "find")
_PARALLEL = ("read", "cook", "play", "sleep", "work", "sing", "wash", "bake", "write", "clean")
_PURPOSEFUL = (
    *("go", "travel", "get up", "work", "call", "wait for", "sell", "come back", "clean"),
    *("stay", "ask"),
)
_SOCIAL = ("play", "sing", "go", "travel", "live", "cook", "eat", "laugh")
_COLORS = ("red", "blue", "black", "white")
_TRAITS = ("old", "young", "friendly", "smart", "big", "small")
_UNGRADED = (*_COLORS, "broken", "fresh")
_EVALUATING = ("buy", "read", "look at", "need", "love", "visit", "eat")
_ATTRACTIVE = ("cheap", "beautiful", "interesting", "new", "good", "important", "fresh")
_REPULSIVE = ("expensive", "old", "broken", "long", "cold")
_CARING = ("visit", "call", "help", "invite", "pick up")
_WISHES = ("go", "help", "visit", "talk to", "work", "sleep", "buy", "sell", "pick up")
_CONDITIONS = ("find", "come back", "go", "buy", "visit", "help", "arrive")
_REACTIONS = ("laugh", "sleep", "cry", "read", "sing", "work", "play", "drink", "cook", "eat")
_ASKED_WHAT = ("read", "buy", "eat", "drink", "find", "look for", "lose", "need")
_ASKED_WHOM = (
    *("see", "visit", "call", "invite", "ask", "help", "thank"),
    *("wait for", "talk to", "think of"),
)


class Sampler(Phrases):
    """Draws meanings from a random generator.

    Only `random.Random.random` is used, whose sequence Python guarantees for a given seed.

    Args:
        generator: the source of randomness.

    Example:
        >>> import random
        >>> meaning = Sampler(random.Random("0/train/7")).sentence()
    """

    def sentence(self) -> Clause:
        """Returns the meaning of one sentence."""
        x = self._random()
        for cumulative, kind in _KINDS:
            if x < cumulative:
                return kind(self)
        raise AssertionError("The shares of the kinds of sentence do not add up to 1.")

    def _statement(self) -> Clause:
        verb = VERBS[self._pick(_ACTIONS)]
        subject = self._subject(verb.subjects)
        if verb.frame == "owned":
            subject.determiner = "the" if subject.determiner not in ("this", "the") else "this"
        clause = self._action(verb.name, subject, "past")
        self._tense(clause)
        self._adverbials(clause)
        if self._chance(0.22):
            self._add_relative(clause)
        return clause

    def _short(self) -> Clause:
        """Draws who does what, in a few words."""
        verb = VERBS[self._pick(_ALONE if self._chance(0.4) else _WITH_OBJECT)]
        subject = self._subject(verb.subjects)
        clause = self._action(verb.name, subject, "past" if self._chance(0.3) else "present")
        clause.place = None
        clause.habitual = clause.tense == "present" and self._chance(0.6)
        for participant in (subject, clause.object, clause.recipient, clause.oblique):
            if isinstance(participant, NounPhrase):
                participant.adjective = participant.modifier = ""
        return clause

    def _adverbials(self, clause: Clause) -> None:
        verb = VERBS[clause.verb]
        definite = not isinstance(clause.subject, NounPhrase) or (
            clause.subject.determiner not in ("a", "every", *NUMBERS, "some")
        )
        quantified = isinstance(clause.object, NounPhrase) and (
            clause.object.determiner in (*NUMBERS, "some", "many")
        )
        if definite and not quantified and self._chance(0.13):
            clause.negated = True
        elif clause.tense == "perfect" and self._chance(0.6):
            clause.frequency = self._pick((ALREADY, JUST))
        elif (
            not verb.stative
            and clause.tense in ("present", "past")
            and not clause.modal
            and not quantified
            and self._chance(0.17)
        ):
            clause.frequency = self._pick(tuple(FREQUENCIES.values()))
        elif verb.frame == "directed" and self._chance(0.35):
            clause.manner = MANNERS[self._pick(("quickly", "slowly"))]
        elif clause.verb in ("open", "close", "wash", "put") and self._chance(0.25):
            clause.manner = MANNERS["carefully"]
        elif clause.verb in _SOCIAL and not clause.vehicle and self._chance(0.25):
            companion = self._recipient(clause.subject)
            if isinstance(companion, NounPhrase):
                clause.companion = companion
        self._add_time(clause, 0.6 if clause.place is None else 0.35)
        clause.time_first = clause.time is not None and self._chance(0.25)
        self._avoid_present(clause)

    @staticmethod
    def _avoid_present(clause: Clause) -> None:
        """Puts into the past what cannot go on now, such as losing a key, unless it is a habit."""
        habitual = any(a is not None and a.habitual for a in (clause.time, clause.frequency))
        present = clause.tense == "present" and not clause.modal
        if present and VERBS[clause.verb].punctual and not habitual:
            clause.tense, clause.time = "past", None

    def _add_relative(self, clause: Clause) -> None:
        phrases = [
            p
            for p in (clause.subject, clause.object)
            if isinstance(p, NounPhrase)
            and p.determiner in ("the", "a", "this")
            and p.owner is None
            and "mass" not in NOUNS[p.noun].tags
        ]
        if phrases and not (clause.negated or clause.place or clause.verb in CREATING):
            phrase = self._pick(phrases)
            self._relative(phrase, clause.verb)
            # "the flower that we bought yesterday": whose time would it be?
            if phrase is clause.object and not clause.time_first:
                clause.time = None

    def _plain(self, names: Sequence[str], tense: str, subject: Participant | None = None):
        """Draws an action without frills; `subject` overrides its subject."""
        verb = VERBS[self._pick(names)]
        if subject is None:
            subject = self._subject(verb.subjects)
        return self._action(verb.name, subject, tense)

    def _description(self) -> Clause:
        if self._chance(0.4):
            subject = self._subject(PEOPLE)
            adjectives = STATES
            if isinstance(subject, NounPhrase):
                adjectives = NOUNS[subject.noun].adjectives
        else:
            described = tuple(n.name for n in NOUNS.values() if len(n.adjectives) > 2)
            subject = self._owned_by(self._noun_phrase(self._pick(described)))
            if subject.determiner not in DEFINITE:
                subject.determiner = "the"
            adjectives = NOUNS[subject.noun].adjectives
        clause = Clause("be", subject, tense="past" if self._chance(0.4) else "present")
        clause.predicate = self._pick(adjectives)
        if isinstance(subject, NounPhrase):
            if subject.determiner == "a":
                subject.determiner = "the"
            # "The red car is expensive", but not "The old car is new".
            unlike = (_COLORS, _TRAITS) if clause.predicate in STATES else (_COLORS,)
            if clause.predicate in _COLORS or not any(subject.adjective in u for u in unlike):
                subject.adjective = ""
        if clause.predicate not in _UNGRADED and self._chance(0.5):
            clause.degree = self._pick(("very", "very", "too"))
        definite = not isinstance(subject, NounPhrase) or subject.determiner in DEFINITE
        if definite and not clause.degree and self._chance(0.25):
            clause.negated = True
        if clause.predicate in STATES and clause.tense == "past":
            self._add_time(clause, 0.4)
            clause.time_first = clause.time is not None and self._chance(0.25)
        return clause

    def _location(self) -> Clause:
        thing = self._owned_by(self._noun_phrase(self._pick(_PLACED), Pronoun("I")))
        if thing.determiner not in DEFINITE:
            thing.determiner = "the"
        clause = Clause("be", thing, tense=self._pick(("present", "present", "past")))
        clause.place = self._spot("dat", thing)
        clause.negated = self._chance(0.15)
        if clause.tense == "past":
            self._add_time(clause, 0.3)
        return clause

    def _existence(self) -> Clause:
        phrase = self._noun_phrase(self._pick(_PLACED))
        phrase.determiner = self._pick(("some", "many", *NUMBERS)) if phrase.plural else "a"
        clause = Clause("be", phrase, tense=self._pick(("present", "present", "past")), there=True)
        clause.place = self._spot("dat", phrase)
        return clause

    def _asked_about(self, names: Sequence[str]) -> Participant:
        """Draws the subject of a question: someone known, but not oneself."""
        subject = self._subject(names)
        if isinstance(subject, Pronoun):
            return Pronoun("you") if subject.name == "I" or self._chance(0.3) else subject
        if subject.determiner not in DEFINITE:
            subject.determiner = "the"
        return subject

    def _yes_no_question(self) -> Clause:
        verb = VERBS[self._pick(_ACTIONS)]
        clause = self._action(verb.name, self._asked_about(verb.subjects), "past")
        self._tense(clause)
        clause.question = "yes/no"
        self._add_time(clause, 0.3)
        self._avoid_present(clause)
        return clause

    def _open_question(self) -> Clause:
        kind = self._pick(("what", "who", "whom", "where", "when", "why"))
        if kind == "where":
            return self._where_question()
        verb = self._pick({"what": _ASKED_WHAT, "whom": _ASKED_WHOM}.get(kind, _LIVELY))
        subject = GAP if kind == "who" else self._asked_about(VERBS[verb].subjects)
        clause = self._action(verb, subject, "past", gap=kind in ("what", "whom"))
        clause.question = "who" if kind == "whom" else kind
        if self._chance(0.4):
            self._tense(clause)
        if kind != "when":
            self._add_time(clause, 0.15)
            self._avoid_present(clause)
        elif clause.tense == "perfect" or (clause.tense == "present" and not clause.modal):
            clause.tense = "past"
        return clause

    def _where_question(self) -> Clause:
        if self._chance(0.4):
            clause = self._location()
            clause.time, clause.negated = None, False
        else:
            verb = self._pick(("live", "work", "go", "travel", "sleep"))
            tense = self._pick(("past", "present"))
            clause = self._action(verb, self._asked_about(VERBS[verb].subjects), tense)
        clause.place, clause.direction, clause.vehicle = None, None, ""
        clause.question = "where"
        return clause

    # Sentences of two clauses

    def _explained(self) -> Clause:
        """Draws "... because ...", "... although ..." or "... but ..."."""
        clause = self._plain(_ACTIONS, "past")
        verb = VERBS[clause.verb]
        if isinstance(clause.subject, NounPhrase) and clause.subject.determiner in ("every", "a"):
            clause.subject.determiner = "the"
        if not verb.punctual and self._chance(0.3):
            clause.tense = "present"
        tense = clause.tense
        thing = clause.object
        person = next((p for p in (thing, clause.recipient) if self._is_named_person(p)), None)
        options = []
        if clause.verb in _EVALUATING and isinstance(thing, NounPhrase):
            options += ["thing"] * 3
        if clause.verb in _CARING and person is not None:
            options += ["person"] * 2
        if self._can_be_taken_up(clause.subject):
            options.append("state")
            if verb.name in _PURPOSEFUL:
                options += ["wish"] * 2
            if verb.name == "look for":
                options += ["failure"] * 3
        kind = self._pick(options) if options else ""
        if kind == "thing":
            self._judge(clause, tense)
        elif kind == "person" and self._can_be_taken_up(person):
            clause.conjunction = "because"
            clause.other = self._state(self._taken_up(person), self._pick(("sick", "sad")), tense)
        elif kind == "failure":
            clause.conjunction = "but"
            clause.other = self._failure(clause)
        elif kind == "wish":
            clause.conjunction = "because"
            subject = self._taken_up(clause.subject)
            clause.other = self._plain(_WISHES, tense, subject)
            clause.other.modal = self._pick(("want to", "have to"))
            clause.other.tense, clause.other.place = tense, None
        elif kind == "state" and (verb.because or not verb.stative):
            if isinstance(clause.subject, NounPhrase):
                clause.subject.adjective = ""
            clause.conjunction = "because" if verb.because else self._pick(("although", "but"))
            state = self._pick(verb.because or ("tired", "sick"))
            clause.other = self._state(self._taken_up(clause.subject), state, tense)
        return clause

    def _judge(self, clause: Clause, tense: str) -> None:
        """Adds what is good or bad about the thing: "because it was cheap"."""
        thing = clause.object
        good = [a for a in NOUNS[thing.noun].adjectives if a in _ATTRACTIVE]
        bad = [a for a in NOUNS[thing.noun].adjectives if a in _REPULSIVE]
        if not good + bad:
            return
        adjective = self._pick(good + bad)
        clause.conjunction = "because" if adjective in good else "although"
        thing.adjective = thing.adjective if thing.adjective in _COLORS else ""
        clause.other = self._state(self._taken_up(thing), adjective, tense)

    def _failure(self, clause: Clause) -> Clause:
        """Draws "but he did not find it" after a search."""
        subject, found = self._taken_up(clause.subject), self._taken_up(clause.object)
        failure = Clause("find", subject, found, tense="past", negated=True)
        if clause.tense == "present" or self._chance(0.5):
            failure.modal, failure.tense = "can", clause.tense
        return failure

    @staticmethod
    def _is_named_person(participant: Participant | None) -> bool:
        named = isinstance(participant, NounPhrase)
        return named and "person" in NOUNS[participant.noun].tags

    @staticmethod
    def _can_be_taken_up(participant: Participant) -> bool:
        """Tells whether a pronoun can take up someone; no pronoun does justice to "the child"."""
        if isinstance(participant, NounPhrase):
            sex = NOUNS[participant.noun].sex
            return sex in ("m", "f", "role") or (sex == "child" and participant.plural)
        return True

    def _taken_up(self, participant: Participant) -> Pronoun:
        if isinstance(participant, Pronoun):
            return participant
        return Pronoun(self._reference(participant), participant)

    def _state(self, subject: Pronoun, adjective: str, tense: str) -> Clause:
        clause = Clause("be", subject, tense=tense, predicate=adjective)
        if adjective not in _UNGRADED and self._chance(0.4):
            clause.degree = "very"
        return clause

    def _circumstance(self) -> Clause:
        """Draws "if ...", "when ..." or "while ..." with its main clause."""
        x = self._random()
        if x < 0.35:
            first = self._plain(_CONDITIONS, "present")
            first.tense = "present"  # also of a verb that has none elsewhere
            self._make_definite(first)
            subject = None
            if self._can_be_taken_up(first.subject):
                subject = self._taken_up(first.subject)
            main = self._plain(_ATTEMPTS, "future", subject)
            conjunction = "if"
        elif x < 0.7:
            first = self._plain(_ARRIVALS, "past", self._named())
            main = self._plain(_REACTIONS, "past", self._named())
            conjunction = "when"
        else:
            tense = self._pick(("present", "past"))
            first = self._plain(_PARALLEL, tense, self._named())
            main = self._plain(_PARALLEL, tense, self._named())
            conjunction = "while"
        main.conjunction, main.other = conjunction, first
        main.other_first = conjunction == "if" or self._chance(0.5)
        return main

    def _named(self) -> Participant:
        """Draws a subject other than "she", who might be taken for someone in the other clause."""
        if self._chance(0.2):
            return Pronoun(self._pick(("I", "we", "you")))
        subject = self._noun_phrase(self._pick(PEOPLE))
        subject.adjective = ""
        if subject.determiner not in DEFINITE:
            subject.determiner = "the"
        return subject

    def _make_definite(self, clause: Clause) -> None:
        subject = clause.subject
        if isinstance(subject, NounPhrase):
            subject.adjective = ""
            if subject.determiner not in ("the", "my", "our", "your"):
                subject.determiner = "the"

    def _reported(self) -> Clause:
        """Draws "she says that ..."."""
        verb = self._pick(("say that", "think that", "hope that", "know that"))
        clause = Clause(verb, self._subject(PEOPLE))
        self._make_definite(clause)
        past = verb != "hope that" and self._chance(0.4)
        clause.tense = "past" if past else "present"
        if verb != "hope that" and self._chance(0.25):
            clause.complement = self._description()
            clause.complement.tense = clause.tense
        else:
            said = self._plain(_LIVELY if verb == "hope that" else _ACTIONS, "past")
            if verb == "hope that":
                said.tense = "future"
            elif not past:
                x = self._random()
                if x < 0.4 and not VERBS[said.verb].stative:
                    said.tense = "future"
                elif x < 0.6 and not VERBS[said.verb].punctual:
                    said.tense = "present"
            if not past or said.tense == "past":
                self._add_time(said, 0.3)
            named = isinstance(said.subject, NounPhrase)
            if named and self._is_called(clause.subject, said.subject.noun):
                clause.subject = Pronoun("we")  # not "the student hopes that the student"
            clause.complement = said
        clause.complement.time_first = False
        return clause

    def _attempt(self) -> Clause:
        """Draws "he tried to ..."."""
        verb = self._pick(("try to", "begin to", "forget to"))
        clause = Clause(verb, self._subject(PEOPLE))
        self._make_definite(clause)
        names = _FORGETTABLE if verb == "forget to" else _ATTEMPTS
        clause.complement = self._plain(names, "present", clause.subject)
        clause.complement.subject = None
        if self._chance(0.35):
            clause.tense = "perfect"
        elif verb == "try to" and self._chance(0.4):
            clause.tense = "present"
        else:
            self._add_time(clause, 0.4)
            clause.time_first = clause.time is not None
        return clause


_KINDS = (
    (0.06, Sampler._short),
    (0.42, Sampler._statement),
    (0.47, Sampler._description),
    (0.50, Sampler._location),
    (0.53, Sampler._existence),
    (0.58, Sampler._yes_no_question),
    (0.63, Sampler._open_question),
    (0.76, Sampler._explained),
    (0.86, Sampler._circumstance),
    (0.95, Sampler._reported),
    (1.00, Sampler._attempt),
)
