"""Puts a meaning into English. A meaning has one English sentence."""

from t2t_vq.data.synthetic_ende.lexicon import NOUNS, VERBS, Adverb, Verb
from t2t_vq.data.synthetic_ende.meaning import (
    GAP,
    Clause,
    NounPhrase,
    Participant,
    Place,
    Pronoun,
)

_OBJECTIVE = {
    "I": "me",
    "you": "you",
    "he": "him",
    "she": "her",
    "it": "it",
    "we": "us",
    "they": "them",
}
_BE = {"I": ("am", "was"), "plural": ("are", "were"), "singular": ("is", "was")}
# Modals that are full verbs in English, so that they take "do" and "will".
_FULL_MODALS = {"have to": ("have", "has", "had"), "want to": ("want", "wants", "wanted")}


def realise(clause: Clause, neutral: bool = False) -> str:
    """Puts a meaning into an English sentence.

    Args:
        clause: the meaning.
        neutral: whether to drop the distinctions that German does not keep (simple past and
            perfect, habit and progress, position of the time), so that meanings which share a
            translation are one.

    Returns:
        The sentence, capitalised and with its final punctuation mark.
    """
    words = _sentence(clause, neutral)
    text = " ".join(words).replace(" ,", ",")
    return text[0].upper() + text[1:] + ("?" if clause.question else ".")


def _sentence(clause: Clause, neutral: bool) -> list[str]:
    words = _clause(clause, neutral)
    if clause.other is None:
        return words
    # "if the boy finds it": no progressive in a condition.
    other = _clause(clause.other, neutral, simple=clause.conjunction == "if")
    if clause.other_first:
        return [clause.conjunction, *other, ",", *words]
    comma = [","] if clause.conjunction == "but" else []
    return [*words, *comma, clause.conjunction, *other]


def _person(subject: Participant, antecedent: NounPhrase | None) -> str:
    if subject is GAP:
        return "plural" if antecedent is not None and antecedent.plural else "singular"
    if isinstance(subject, Pronoun):
        if subject.name == "I":
            return "I"
        return "plural" if subject.name in ("you", "we", "they") else "singular"
    return "plural" if subject.plural else "singular"


def _verb_group(
    clause: Clause, person: str, neutral: bool, simple: bool
) -> tuple[str, str, list[str]]:
    """Returns the auxiliary ("" if none), the finite full verb ("" if none), and the rest."""
    verb, tense = VERBS[clause.verb], clause.tense
    past = tense == "past"
    if clause.modal in _FULL_MODALS:
        base, third, preterite = _FULL_MODALS[clause.modal]
        finite = preterite if past else third if person == "singular" else base
        return "", finite, ["to", verb.base]
    if clause.modal == "be allowed to":
        return _BE[person][past], "", ["allowed", "to", verb.base]
    if clause.modal == "can":
        return "could" if past else "can", "", [verb.base]
    if clause.modal == "should":
        return "should", "", [verb.base]
    if tense == "perfect" or (past and neutral):
        return "has" if person == "singular" else "have", "", [verb.participle]
    if tense == "future":
        return "will", "", [verb.base]
    if verb.base == "be":
        return _BE[person][past], "", []
    if past:
        return "", verb.past, []
    # German does not tell "she sleeps" from "she is sleeping".
    habitual = (clause.habitual and not neutral) or any(
        a is not None and a.habitual for a in (clause.time, clause.frequency)
    )
    if simple or verb.stative or habitual:
        return "", verb.third if person == "singular" else verb.base, []
    return _BE[person][0], "", [verb.gerund]


def _clause(
    clause: Clause, neutral: bool, antecedent: NounPhrase | None = None, simple: bool = False
) -> list[str]:
    verb = VERBS[clause.verb]
    person = _person(clause.subject, antecedent)
    auxiliary, finite, rest = _verb_group(clause, person, neutral, simple)
    inverted = clause.question and clause.subject is not GAP
    if finite and (clause.negated or inverted):
        auxiliary = "did" if clause.tense == "past" else "does" if person == "singular" else "do"
        base = _FULL_MODALS[clause.modal][0] if clause.modal in _FULL_MODALS else verb.base
        rest, finite = [base, *rest], ""

    words = [] if antecedent is None else _relative_pronoun(clause, antecedent)
    if clause.time and clause.time_first and not neutral:
        words.append(clause.time.english)
    if clause.question not in ("", "yes/no"):
        words.append(clause.question)
    subject = ["there"] if clause.there else _participant(clause.subject, neutral, subject=True)
    if inverted:
        words += [auxiliary, *subject]
    else:
        words += [*subject, auxiliary]
    if clause.negated and auxiliary == "can":
        words[-1] = "cannot"
    elif clause.negated:
        words.append("not")
    if clause.frequency:
        words.append(clause.frequency.english)
    words += [finite, *rest, *_after_verb(clause, verb, neutral, antecedent)]
    return [word for word in words if word]


def _after_verb(
    clause: Clause, verb: Verb, neutral: bool, antecedent: NounPhrase | None = None
) -> list[str]:
    words = []
    if clause.there:
        words += _participant(clause.subject, neutral)
    words += [clause.degree, clause.predicate]
    # "to whom she talked": the relative pronoun has taken the preposition along.
    asked = GAP in (clause.object, clause.recipient, clause.oblique)
    words.append("" if antecedent is not None and asked else verb.preposition)
    object_words = _participant(clause.object, neutral, negated=clause.negated)
    if isinstance(clause.object, Pronoun):
        words += [*object_words, verb.particle]
    else:
        words += [
            verb.particle,
            *_participant(clause.recipient, neutral),
            *object_words,
            *_participant(clause.oblique, neutral),
        ]
    manner = clause.manner.english if clause.manner else ""
    if clause.direction is not None:
        words += [*_where(clause.direction, neutral), manner]
    else:
        words.append(manner)
    if clause.place is not None:
        words += _where(clause.place, neutral)
    if clause.vehicle:
        words += ["by", clause.vehicle]
    if clause.companion:
        words += ["with", *_noun_phrase(clause.companion, neutral)]
    if clause.time and (neutral or not clause.time_first):
        words.append(clause.time.english)
    if clause.complement and clause.complement.subject is None:
        tried = VERBS[clause.complement.verb]
        words += ["to", tried.base, *_after_verb(clause.complement, tried, neutral)]
    elif clause.complement:
        words += ["that", *_clause(clause.complement, neutral)]
    return words


def _where(where: Place | Adverb, neutral: bool) -> list[str]:
    if isinstance(where, Adverb):
        return [where.english]
    return [where.english, *_noun_phrase(where.noun_phrase, neutral)]


def _participant(
    participant: Participant | None, neutral: bool, subject: bool = False, negated: bool = False
) -> list[str]:
    if participant is None or participant is GAP:
        return []
    if isinstance(participant, Pronoun):
        if subject:
            return [participant.name]
        # "sie" is both "her" and "them".
        return [_OBJECTIVE["she" if neutral and participant.name == "they" else participant.name]]
    return _noun_phrase(participant, neutral, negated)


def _noun_phrase(phrase: NounPhrase, neutral: bool, negated: bool = False) -> list[str]:
    noun = NOUNS[phrase.noun]
    words = []
    if phrase.owner is not None:
        words = _noun_phrase(phrase.owner, neutral)
        words[-1] += "'" if words[-1].endswith("s") else "'s"
    elif phrase.determiner == "this":
        words.append("these" if phrase.plural else "this")
    elif phrase.determiner:
        words.append(phrase.determiner)
    elif negated:
        words.append("any")
    described = [w for w in (phrase.adjective, phrase.modifier) if w]
    described.append(noun.plural if phrase.plural else noun.name)
    if words == ["a"] and described[0][0] in "aeiou":
        words = ["an"]
    words += described
    if phrase.relative is not None:
        words += _clause(phrase.relative, neutral, phrase)
    return words


def _relative_pronoun(clause: Clause, antecedent: NounPhrase) -> list[str]:
    person = "person" in NOUNS[antecedent.noun].tags
    if clause.subject is GAP:
        return ["who" if person else "that"]
    preposition = VERBS[clause.verb].preposition
    if preposition:
        return [preposition, "whom" if person else "which"]
    return ["whom" if person else "that"]
