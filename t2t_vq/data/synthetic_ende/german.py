"""Puts a meaning into German. What German leaves open is chosen by a function of the caller.

Word order follows the topological fields: first position, left bracket (finite verb or
conjunction), middle field, right bracket (the rest of the verb), final field (clauses).
"""

from __future__ import annotations

from collections.abc import Callable

from t2t_vq.data.synthetic_ende.lexicon import (
    ADJECTIVES,
    AUXILIARIES,
    MODIFIERS,
    NOUNS,
    POSTURES,
    QUANTIFIERS,
    VERBS,
    Adverb,
    GermanNoun,
    GermanVerb,
)
from t2t_vq.data.synthetic_ende.meaning import (
    GAP,
    Clause,
    NounPhrase,
    Participant,
    Place,
    Pronoun,
)

# Endings in the order masculine, feminine, neuter, plural.
_GENDERS = {"m": 0, "f": 1, "n": 2, "p": 3}
_DEFINITE = {
    "nom": ("der", "die", "das", "die"),
    "acc": ("den", "die", "das", "die"),
    "dat": ("dem", "der", "dem", "den"),
    "gen": ("des", "der", "des", "der"),
}
_RELATIVE = {**_DEFINITE, "dat": ("dem", "der", "dem", "denen")}
_DER_WORD = {
    "nom": ("er", "e", "es", "e"),
    "acc": ("en", "e", "es", "e"),
    "dat": ("em", "er", "em", "en"),
    "gen": ("es", "er", "es", "er"),
}
_EIN_WORD = {**_DER_WORD, "nom": ("", "e", "", "e"), "acc": ("en", "e", "", "e")}
_WEAK = {
    "nom": ("e", "e", "e", "en"),
    "acc": ("en", "e", "e", "en"),
    "dat": ("en", "en", "en", "en"),
    "gen": ("en", "en", "en", "en"),
}
_MIXED = {**_WEAK, "nom": ("er", "e", "es", "en"), "acc": ("en", "e", "es", "en")}
_STRONG = {**_DER_WORD, "gen": ("en", "er", "en", "er")}
_DER_WORDS = {"this": "dies", "every": "jed"}
_EIN_WORDS = {
    "a": "ein",
    "no": "kein",
    "my": "mein",
    "your": "dein",
    "his": "sein",
    "her": "ihr",
    "our": "unser",
    "their": "ihr",
}
_PRONOUNS = {
    "I": ("ich", "mich", "mir"),
    "you": ("du", "dich", "dir"),
    "you, formally": ("Sie", "Sie", "Ihnen"),
    "we": ("wir", "uns", "uns"),
    "m": ("er", "ihn", "ihm"),
    "f": ("sie", "sie", "ihr"),
    "n": ("es", "es", "ihm"),
    "p": ("sie", "sie", "ihnen"),
}
_NATURAL_GENDERS = {"he": "m", "she": "f", "they": "p"}
_CASES = {"nom": 0, "acc": 1, "dat": 2}
_ICH, _DU, _ER, _WIR, _SIE = range(5)
_CONTRACTIONS = {
    ("in", "dem"): "im",
    ("in", "das"): "ins",
    ("an", "dem"): "am",
    ("zu", "dem"): "zum",
    ("zu", "der"): "zur",
    ("von", "dem"): "vom",
}
_DEGREES = {"very": "sehr", "too": "zu"}
_CONJUNCTIONS = {"although": "obwohl", "while": "während"}
_QUESTION_WORDS = {"when": "wann", "why": "warum", "where": "wo"}
_WHO = {"nom": "wer", "acc": "wen", "dat": "wem"}

Choose = Callable[[int], int]


def realise(clause: Clause, choose: Choose) -> str:
    """Puts a meaning into a German sentence.

    Args:
        clause: the meaning.
        choose: `choose(n)` returns which of `n > 1` equally good ways to take, in `range(n)`. It
            is asked once for each word or matter of style, so that a sentence is of one piece.

    Returns:
        The sentence, capitalised and with its final punctuation mark.
    """
    return _Sentence(choose).text(clause)


class _Sentence:
    """One German sentence in the making: the choices made so far hold to its end."""

    def __init__(self, choose: Choose):
        self._ask = choose
        self._chosen: dict[tuple[str, int], int] = {}
        self._formal = False

    def _choose(self, what: str, count: int) -> int:
        if count == 1:
            return 0
        if (what, count) not in self._chosen:
            self._chosen[what, count] = self._ask(count)
        return self._chosen[what, count]

    def _synonym(self, what: str, words: tuple):
        return words[self._choose(what, len(words))]

    def text(self, clause: Clause) -> str:
        if clause.question and self._addresses(clause):
            self._formal = bool(self._choose("formal", 2))
        words = self._sentence(clause)
        text = " ".join(words)
        # Clauses bring their own commas; two that meet are one, and the full stop replaces one.
        while ", ," in text or " ," in text:
            text = text.replace(" ,", ",").replace(",,", ",")
        text = text.rstrip(",")
        return text[0].upper() + text[1:] + ("?" if clause.question else ".")

    @staticmethod
    def _addresses(clause: Clause) -> bool:
        return isinstance(clause.subject, Pronoun) and clause.subject.name == "you"

    def _sentence(self, clause: Clause) -> list[str]:
        if clause.other is None:
            return self._clause(clause, "question" if clause.question else "main")
        if clause.conjunction == "but":
            return [*self._clause(clause, "main"), ",", "aber", *self._clause(clause.other, "main")]
        if clause.conjunction == "because" and self._choose("because", 2):
            joined = self._clause(clause.other, "main", subject_first=True)
            return [*self._clause(clause, "main"), ",", "denn", *joined]
        other = [self._conjunction(clause), *self._clause(clause.other, "subordinate")]
        if clause.other_first:
            return [*other, ",", *self._clause(clause, "question")]
        return [*self._clause(clause, "main"), ",", *other]

    def _conjunction(self, clause: Clause) -> str:
        if clause.conjunction == "because":
            return "weil"
        if clause.conjunction == "if":
            return self._synonym("if", ("wenn", "falls"))
        if clause.conjunction == "when":
            return "als"
        return _CONJUNCTIONS[clause.conjunction]

    # Verbs

    def _person(self, subject: Participant, antecedent: NounPhrase | None) -> int:
        if subject is GAP:
            return _SIE if antecedent is not None and antecedent.plural else _ER
        if isinstance(subject, NounPhrase):
            return _SIE if subject.plural else _ER
        if subject.name == "you":
            return _SIE if self._formal else _DU
        return {"I": _ICH, "we": _WIR, "they": _SIE}.get(subject.name, _ER)

    def _verb(self, clause: Clause) -> GermanVerb:
        verb = VERBS[clause.verb]
        if clause.verb == "put":
            return verb.german[NOUNS[clause.object.noun].posture == "stand"]
        if clause.verb == "be" and isinstance(clause.subject, NounPhrase) and not clause.predicate:
            posture = POSTURES.get(NOUNS[clause.subject.noun].posture)
            if posture is not None:
                verbs = (posture,) if clause.there else (posture, *verb.german)
                return self._synonym("posture", verbs)
        return self._synonym(f"verb {clause.verb}", verb.german)

    def _verb_complex(self, clause: Clause, person: int) -> tuple[str, str, list[str]]:
        """Returns the finite verb, its separable prefix, and the rest of the right bracket."""
        verb, tense = self._verb(clause), clause.tense
        infinitive = verb.prefix + verb.infinitive
        if clause.modal:
            modal = AUXILIARIES[clause.modal]
            # "sollte" is what one should do now.
            past = tense == "past" or clause.modal == "should"
            forms = modal.past if past else modal.present
            return forms[person], "", [infinitive]
        if tense == "future":
            # The present will do where a time tells that it is the future.
            if clause.time is None or self._choose("future", 2) == 0:
                return AUXILIARIES["werden"].present[person], "", [infinitive]
            tense = "present"
        if tense == "present":
            return verb.present[person], verb.prefix, []
        if tense == "past" and VERBS[clause.verb].preterite_only:
            return verb.past[person], verb.prefix, []
        # Nobody says "du kauftest", and few ask "Wen besuchte er?".
        free = tense == "past" and person != _DU and not clause.question
        if free and self._choose("past", 2):
            return verb.past[person], verb.prefix, []
        return AUXILIARIES[verb.auxiliary].present[person], "", [verb.participle]

    # Clauses

    def _clause(
        self,
        clause: Clause,
        order: str,
        antecedent: NounPhrase | None = None,
        subject_first: bool = False,
    ) -> list[str]:
        """Puts one clause in order.

        Args:
            clause: the clause.
            order: "main" (verb second), "question" (verb first, behind a question word if any) or
                "subordinate" (verb last).
            antecedent: what a relative clause describes.
            subject_first: whether nothing but the subject may take the first position.
        """
        finite, prefix, rest = self._verb_complex(clause, self._person(clause.subject, antecedent))
        first = ""
        if order == "main":
            first = "subject" if subject_first else self._first_position(clause)
        middle = self._middle_field(clause, first)
        if order == "subordinate":
            bracket = [*rest, prefix + finite]
            opening = [] if antecedent is None else self._relative_pronoun(clause, antecedent)
        else:
            bracket = [*rest, prefix] if prefix else rest
            opening = [finite]
            if first:
                opening = [*self._first_words(clause, first), finite]
            elif clause.question not in ("", "yes/no"):
                opening = [*self._question_word(clause), finite]
        words, relative = list(opening), []
        for position, (item, clause_words) in enumerate(middle):
            words += item
            # A relative clause that would only hold up the end of the verb comes after it.
            if clause_words and position == len(middle) - 1:
                relative = clause_words
            else:
                words += clause_words
        words += [*bracket, *relative]
        if clause.complement is not None:
            words += self._complement(clause.complement)
        return words

    def _complement(self, clause: Clause) -> list[str]:
        if clause.subject is not None:
            return [",", "dass", *self._clause(clause, "subordinate"), ","]
        verb = self._verb(clause)
        words = [",", *(word for item, rest in self._middle_field(clause, "") for word in item)]
        if verb.prefix:
            return [*words, f"{verb.prefix}zu{verb.infinitive}", ","]
        return [*words, "zu", verb.infinitive, ","]

    def _first_position(self, clause: Clause) -> str:
        options = ["subject"]
        if clause.there:
            options.append("place")
        if clause.time is not None:
            options.append("time")
        phrase = clause.object
        if (
            isinstance(phrase, NounPhrase)
            and phrase.determiner == "this"
            and isinstance(clause.subject, Pronoun)
        ):
            options.append("object")
        return self._synonym(f"first {clause.verb}", tuple(options))

    def _first_words(self, clause: Clause, first: str) -> list[str]:
        if first == "time":
            return [self._adverb(clause.time)]
        if first == "place":
            return self._where(clause.place)
        if first == "object":
            return self._joined(self._noun_phrase(clause.object, "acc"))
        return self._joined(self._participant(clause.subject, "nom"))

    @staticmethod
    def _joined(item: tuple[list[str], list[str]]) -> list[str]:
        return [*item[0], *item[1]]

    def _middle_field(self, clause: Clause, first: str) -> list[tuple[list[str], list[str]]]:
        """Returns the phrases between the verb's parts, each with its relative clause.

        Pronouns come first, then what is known, then what is new; "nicht" stands before the
        adverbials and predicates that belong to the verb.
        """
        no = self._takes_kein(clause)
        objects = [(clause.object, "acc"), (clause.recipient, "dat")]
        items = [self._participant(o, case) for o, case in objects if isinstance(o, Pronoun)]
        if first != "subject" and clause.subject is not None:
            # "Gestern half mir eine Frau", but "Gestern sah die Frau sie".
            last = isinstance(clause.recipient, Pronoun) and not self._known(clause.subject)
            items.insert(len(items) if last else 0, self._participant(clause.subject, "nom"))

        phrase = clause.object if isinstance(clause.object, NounPhrase) else None
        if first == "object":
            phrase = None
        new = phrase is not None and not self._known(phrase)
        known = [] if new or phrase is None else [self._noun_phrase(phrase, "acc")]
        if isinstance(clause.recipient, NounPhrase):
            known.insert(0, self._noun_phrase(clause.recipient, "dat"))
        early: list[str] = []
        late: list[str] = []
        if clause.time is not None and first != "time":
            behind = bool(known) and self._choose(f"time {clause.verb}", 2)
            (late if behind else early).append(self._adverb(clause.time))
        if clause.frequency is not None:
            (late if clause.frequency.late else early).append(self._adverb(clause.frequency))
        if clause.negated and not no:
            late.append("nicht")
        items += [([word], []) for word in early] + known + [([word], []) for word in late]

        if clause.manner is not None:
            items.append(([self._adverb(clause.manner)], []))
        if clause.companion is not None:
            items.append((self._prepositional("mit", "dat", clause.companion), []))
        if clause.place is not None and first != "place":
            items.append((self._where(clause.place), []))
        if new:
            items.append(self._noun_phrase(phrase, "acc", no))
        if clause.vehicle:
            items.append((self._prepositional("mit", "dat", NounPhrase(clause.vehicle)), []))
        if clause.oblique is not None and clause.oblique is not GAP:
            preposition, case = VERBS[clause.verb].german_preposition
            words, relative = self._participant(clause.oblique, case)
            items.append((self._contract([preposition, *words]), relative))
        if clause.direction is not None:
            items.append((self._where(clause.direction), []))
        if clause.predicate:
            adjective = self._synonym(f"adjective {clause.predicate}", ADJECTIVES[clause.predicate])
            items.append(([*self._degree(clause), adjective], []))
        return [item for item in items if item[0]]

    @staticmethod
    def _known(participant: Participant) -> bool:
        if isinstance(participant, NounPhrase):
            return participant.determiner not in ("a", "", *QUANTIFIERS)
        return True

    @staticmethod
    def _takes_kein(clause: Clause) -> bool:
        return (
            clause.negated
            and isinstance(clause.object, NounPhrase)
            and clause.object.determiner in ("a", "")
        )

    @staticmethod
    def _degree(clause: Clause) -> list[str]:
        return [_DEGREES[clause.degree]] if clause.degree else []

    def _question_word(self, clause: Clause) -> list[str]:
        if clause.question == "what":
            return ["was"]
        if clause.question == "where" and VERBS[clause.verb].frame in ("directed", "transported"):
            return ["wohin"]
        if clause.question != "who":
            return [_QUESTION_WORDS[clause.question]]
        if clause.oblique is GAP:
            preposition, case = VERBS[clause.verb].german_preposition
            return [preposition, _WHO[case]]
        case = "dat" if clause.recipient is GAP else "acc" if clause.object is GAP else "nom"
        return [_WHO[case]]

    def _relative_pronoun(self, clause: Clause, antecedent: NounPhrase) -> list[str]:
        gender = _GENDERS[self._gender(antecedent)]
        if clause.oblique is GAP:
            preposition, case = VERBS[clause.verb].german_preposition
            return [preposition, _RELATIVE[case][gender]]
        case = "dat" if clause.recipient is GAP else "acc" if clause.object is GAP else "nom"
        return [_RELATIVE[case][gender]]

    # Phrases

    def _adverb(self, adverb: Adverb) -> str:
        return self._synonym(f"adverb {adverb.english}", adverb.german)

    def _where(self, where: Place | Adverb) -> list[str]:
        if isinstance(where, Adverb):
            return [self._adverb(where)]
        return self._prepositional(where.german, where.case, where.noun_phrase)

    def _prepositional(self, preposition: str, case: str, phrase: NounPhrase) -> list[str]:
        return self._contract([preposition, *self._joined(self._noun_phrase(phrase, case))])

    @staticmethod
    def _contract(words: list[str]) -> list[str]:
        contraction = _CONTRACTIONS.get((words[0], words[1]))
        return words if contraction is None else [contraction, *words[2:]]

    def _participant(self, participant: Participant, case: str) -> tuple[list[str], list[str]]:
        if participant is GAP:
            return [], []
        if isinstance(participant, NounPhrase):
            return self._noun_phrase(participant, case)
        name = participant.name
        if name == "you" and self._formal:
            name = "you, formally"
        elif name == "it":
            name = self._gender(participant.antecedent)
        else:
            name = _NATURAL_GENDERS.get(name, name)
        return [_PRONOUNS[name][_CASES[case]]], []

    def _noun(self, phrase: NounPhrase) -> GermanNoun:
        noun = NOUNS[phrase.noun]
        if phrase.female:
            return noun.feminine
        return self._synonym(f"noun {phrase.noun}", noun.german)

    def _gender(self, phrase: NounPhrase) -> str:
        return "p" if phrase.plural else self._noun(phrase).gender

    def _noun_phrase(
        self, phrase: NounPhrase, case: str, no: bool = False
    ) -> tuple[list[str], list[str]]:
        """Returns the noun phrase and, apart from it, its relative clause between commas."""
        noun = self._noun(phrase)
        gender = _GENDERS["p" if phrase.plural else noun.gender]
        determiner = "no" if no else phrase.determiner
        words, endings = [], _STRONG
        if determiner == "the":
            words, endings = [_DEFINITE[case][gender]], _WEAK
        elif determiner in _DER_WORDS:
            words, endings = [_DER_WORDS[determiner] + _DER_WORD[case][gender]], _WEAK
        elif determiner in _EIN_WORDS:
            if determiner != "a" or not phrase.plural:
                words, endings = [self._ein_word(determiner) + _EIN_WORD[case][gender]], _MIXED
        elif determiner:
            quantifier = QUANTIFIERS[determiner]
            words = [quantifier + "n" if case == "dat" and quantifier[-1] == "e" else quantifier]
        if phrase.adjective:
            stem = self._synonym(f"adjective {phrase.adjective}", ADJECTIVES[phrase.adjective])
            stem = "teur" if stem == "teuer" else stem.removesuffix("e")
            words.append(stem + endings[case][gender])
        form = self._noun_form(noun, phrase.plural, case)
        if phrase.modifier:
            form = MODIFIERS[phrase.modifier] + form.lower()
        words.append(form)
        if phrase.owner is not None:
            words += self._owner(phrase.owner)
        relative = []
        if phrase.relative is not None:
            relative = [",", *self._clause(phrase.relative, "subordinate", phrase), ","]
        return words, relative

    def _ein_word(self, determiner: str) -> str:
        if determiner == "your" and self._formal:
            return "Ihr"
        return _EIN_WORDS[determiner]

    @staticmethod
    def _noun_form(noun: GermanNoun, plural: bool, case: str) -> str:
        if plural:
            return noun.plural + ("n" if case == "dat" and noun.plural[-1] not in "ns" else "")
        if case == "gen":
            return noun.genitive
        return noun.plural if noun.weak and case != "nom" else noun.singular

    def _owner(self, owner: NounPhrase) -> list[str]:
        if self._choose("owner", 2):
            return self._prepositional("von", "dat", owner)
        return self._noun_phrase(owner, "gen")[0]
