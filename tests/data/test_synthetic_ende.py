import random
import subprocess
import sys

import pytest

from t2t_vq.data.synthetic_ende import english, meaning, pairs, translations
from t2t_vq.data.synthetic_ende.grammar import Sampler
from t2t_vq.data.synthetic_ende.lexicon import FREQUENCIES, HOME, MODIFIERS, NOUNS, TIME
from t2t_vq.data.synthetic_ende.meaning import GAP, Clause, NounPhrase, Place, Pronoun

ME, YOU, HE, SHE, WE = (Pronoun(name) for name in ("I", "you", "he", "she", "we"))
MAN, WOMAN = NounPhrase("man"), NounPhrase("woman")


def place(preposition, german, case, noun, **options):
    return Place(preposition, german, case, NounPhrase(noun, **options))


# Phenomenon: meaning, its English sentence, all of its German sentences.
CHECKED = {
    "preterite_or_perfect": (
        Clause("buy", MAN, NounPhrase("apple", "a")),
        "The man bought an apple.",
        {"Der Mann hat einen Apfel gekauft.", "Der Mann kaufte einen Apfel."},
    ),
    "verb_second_behind_fronted_time": (
        Clause("sleep", MAN, time=TIME["yesterday"]),
        "The man slept yesterday.",
        {
            "Der Mann hat gestern geschlafen.",
            "Der Mann schlief gestern.",
            "Gestern hat der Mann geschlafen.",
            "Gestern schlief der Mann.",
        },
    ),
    "habit_that_no_adverb_tells": (
        Clause("sleep", NounPhrase("dog"), tense="present", habitual=True),
        "The dog sleeps.",
        {"Der Hund schläft."},
    ),
    "fronted_object": (
        Clause("read", ME, NounPhrase("letter", "this"), tense="perfect"),
        "I have read this letter.",
        {"Ich habe diesen Brief gelesen.", "Diesen Brief habe ich gelesen."},
    ),
    "perfect_with_sein": (
        Clause("arrive", WOMAN, tense="perfect"),
        "The woman has arrived.",
        {"Die Frau ist angekommen."},
    ),
    "modal_with_final_infinitive": (
        Clause("repair", MAN, NounPhrase("lamp"), tense="present", modal="have to"),
        "The man has to repair the lamp.",
        {"Der Mann muss die Lampe reparieren."},
    ),
    "future": (
        Clause("help", SHE, recipient=NounPhrase("child"), tense="future"),
        "She will help the child.",
        {"Sie wird dem Kind helfen."},
    ),
    "separable_verb_split": (
        Clause("call", MAN, HE, tense="present"),
        "The man is calling him.",
        {"Der Mann ruft ihn an."},
    ),
    "separable_verb_joined_in_subordinate_clause": (
        Clause(
            "know that", ME, tense="present", complement=Clause("call", MAN, WE, tense="present")
        ),
        "I know that the man is calling us.",
        {"Ich weiß, dass der Mann uns anruft."},
    ),
    "infix_zu": (
        Clause("try to", WOMAN, tense="present", complement=Clause("pick up", object=MAN)),
        "The woman is trying to pick up the man.",
        {"Die Frau versucht, den Mann abzuholen."},
    ),
    "because_as_weil_or_denn": (
        Clause(
            "stay",
            MAN,
            tense="present",
            conjunction="because",
            other=Clause("be", HE, tense="present", predicate="tired"),
        ),
        "The man is staying because he is tired.",
        {"Der Mann bleibt, weil er müde ist.", "Der Mann bleibt, denn er ist müde."},
    ),
    "leading_subordinate_clause": (
        Clause(
            "cry",
            NounPhrase("girl"),
            tense="present",
            conjunction="while",
            other=Clause("sleep", MAN, tense="present"),
            other_first=True,
        ),
        "While the man is sleeping, the girl is crying.",
        {"Während der Mann schläft, weint das Mädchen."},
    ),
    "condition": (
        Clause(
            "read",
            MAN,
            NounPhrase("book"),
            tense="future",
            conjunction="if",
            other=Clause("find", MAN, NounPhrase("key"), tense="present"),
            other_first=True,
        ),
        "If the man finds the key, the man will read the book.",
        {
            "Wenn der Mann den Schlüssel findet, wird der Mann das Buch lesen.",
            "Falls der Mann den Schlüssel findet, wird der Mann das Buch lesen.",
        },
    ),
    "dative_before_accusative": (
        Clause("show", WE, NounPhrase("letter"), recipient=NounPhrase("student"), tense="present"),
        "We are showing the student the letter.",
        {"Wir zeigen dem Studenten den Brief."},
    ),
    "weak_noun_and_strong_ending": (
        Clause("see", NounPhrase("boy", "", True), NounPhrase("boy"), tense="present"),
        "Boys see the boy.",
        {"Jungen sehen den Jungen."},
    ),
    "genitive_or_von": (
        Clause("be", NounPhrase("bag", owner=NounPhrase("father", "my")), predicate="red"),
        "My father's bag was red.",
        {"Die Tasche meines Vaters war rot.", "Die Tasche von meinem Vater war rot."},
    ),
    "adjective_endings": (
        Clause(
            "give",
            NounPhrase("woman", "a", adjective="old"),
            NounPhrase("bag", "a", adjective="heavy"),
            NounPhrase("man", adjective="old"),
            tense="present",
        ),
        "An old woman is giving the old man a heavy bag.",
        {"Eine alte Frau gibt dem alten Mann eine schwere Tasche."},
    ),
    "strong_adjective_endings": (
        Clause("drink", HE, NounPhrase("coffee", "", adjective="hot"), tense="present"),
        "He is drinking hot coffee.",
        {"Er trinkt heißen Kaffee."},
    ),
    "adjective_after_number": (
        Clause("find", SHE, NounPhrase("egg", "two", True, "fresh"), tense="perfect"),
        "She has found two fresh eggs.",
        {"Sie hat zwei frische Eier gefunden."},
    ),
    "dative_plural": (
        Clause("thank", SHE, recipient=NounPhrase("friend", "her", True), tense="present"),
        "She is thanking her friends.",
        {"Sie dankt ihren Freunden."},
    ),
    "location_in_dative": (
        Clause("sleep", HE, tense="present", place=place("in", "in", "dat", "forest")),
        "He is sleeping in the forest.",
        {"Er schläft im Wald."},
    ),
    "direction_in_accusative": (
        Clause("go", HE, tense="perfect", direction=place("into", "in", "acc", "forest")),
        "He has gone into the forest.",
        {"Er ist in den Wald gegangen."},
    ),
    "putting_things_that_lie_and_stand": (
        Clause(
            "put",
            ME,
            NounPhrase("cup"),
            tense="present",
            direction=place("on", "auf", "acc", "table", modifier="kitchen"),
        ),
        "I am putting the cup on the kitchen table.",
        {"Ich stelle die Tasse auf den Küchentisch."},
    ),
    "existence": (
        Clause(
            "be",
            NounPhrase("letter", "a"),
            tense="present",
            there=True,
            place=place("under", "unter", "dat", "bed"),
        ),
        "There is a letter under the bed.",
        {"Unter dem Bett liegt ein Brief.", "Ein Brief liegt unter dem Bett."},
    ),
    "subject_relative_clause": (
        Clause(
            "sing",
            NounPhrase(
                "woman",
                relative=Clause(
                    "live", GAP, tense="present", place=place("in", "in", "dat", "village")
                ),
            ),
            tense="present",
        ),
        "The woman who lives in the village is singing.",
        {"Die Frau, die im Dorf wohnt, singt."},
    ),
    "extraposed_relative_clause": (
        Clause(
            "sell",
            MAN,
            NounPhrase("table", relative=Clause("know", WOMAN, GAP, tense="present")),
            tense="perfect",
        ),
        "The man has sold the table that the woman knows.",
        {"Der Mann hat den Tisch verkauft, den die Frau kennt."},
    ),
    "dative_relative_pronoun": (
        Clause(
            "know",
            ME,
            NounPhrase("child", plural=True, relative=Clause("help", SHE, recipient=GAP)),
            tense="present",
        ),
        "I know the children whom she helped.",
        {
            "Ich kenne die Kinder, denen sie geholfen hat.",
            "Ich kenne die Kinder, denen sie half.",
        },
    ),
    "prepositional_relative_pronoun": (
        Clause(
            "arrive",
            NounPhrase("bus", relative=Clause("wait for", WE, oblique=GAP, tense="present")),
            tense="perfect",
        ),
        "The bus for which we are waiting has arrived.",
        {"Der Bus, auf den wir warten, ist angekommen."},
    ),
    "nicht_behind_a_definite_object": (
        Clause("read", HE, NounPhrase("newspaper"), tense="perfect", negated=True),
        "He has not read the newspaper.",
        {"Er hat die Zeitung nicht gelesen."},
    ),
    "nicht_before_a_direction": (
        Clause("go", HE, tense="perfect", negated=True, direction=HOME),
        "He has not gone home.",
        {"Er ist nicht nach Hause gegangen."},
    ),
    "kein": (
        Clause("have", SHE, NounPhrase("dog", "", True, "black"), tense="present", negated=True),
        "She does not have any black dogs.",
        {"Sie hat keine schwarzen Hunde."},
    ),
    "feminine_of_a_role": (
        Clause("repair", NounPhrase("teacher", female=True), NounPhrase("lamp", "her")),
        "The teacher repaired her lamp.",
        {"Die Lehrerin hat ihre Lampe repariert.", "Die Lehrerin reparierte ihre Lampe."},
    ),
    "familiar_or_formal_question": (
        Clause("look for", YOU, NounPhrase("key", "your"), tense="present", question="yes/no"),
        "Are you looking for your key?",
        {"Suchst du deinen Schlüssel?", "Suchen Sie Ihren Schlüssel?"},
    ),
    "question_for_a_prepositional_object": (
        Clause("wait for", MAN, oblique=GAP, tense="present", question="who"),
        "Who is the man waiting for?",
        {"Auf wen wartet der Mann?"},
    ),
    "question_for_a_direction": (
        Clause("go", WOMAN, tense="present", question="where"),
        "Where is the woman going?",
        {"Wohin geht die Frau?"},
    ),
    "habit": (
        Clause("sing", HE, tense="present", frequency=FREQUENCIES["always"]),
        "He always sings.",
        {"Er singt immer."},
    ),
}


@pytest.mark.parametrize("phenomenon", CHECKED)
def test_english(phenomenon):
    clause, source, _ = CHECKED[phenomenon]
    assert english.realise(clause) == source


@pytest.mark.parametrize("phenomenon", CHECKED)
def test_german_translations_are_exactly_these(phenomenon):
    clause, _, targets = CHECKED[phenomenon]
    found = translations(clause)
    assert set(found) == targets
    assert len(found) == len(targets)


def test_pronoun_agrees_with_the_synonym_chosen():
    car = NounPhrase("car", "this")
    cheap = Clause("be", Pronoun("it", car), tense="present", predicate="new")
    clause = Clause("need", MAN, car, tense="present", conjunction="because", other=cheap)
    found = [t for t in translations(clause) if "weil" in t and "braucht" in t]
    assert set(found) == {
        "Der Mann braucht dieses Auto, weil es neu ist.",
        "Der Mann braucht diesen Wagen, weil er neu ist.",
    }


def test_pairs_are_reproducible():
    # In a process of its own, whose hashes of strings differ.
    code = (
        "from t2t_vq.data.synthetic_ende import pairs\n"
        "print(list(pairs('train', 0, 20)) == eval(input()))"
    )
    given = repr(list(pairs("train", 0, 20)))
    run = [sys.executable, "-I", "-X", "utf8", "-c", code]
    run = subprocess.run(run, input=given, capture_output=True, text=True, encoding="utf-8")
    assert run.stdout.strip() == "True", run.stderr


def test_a_pair_depends_on_its_number_only():
    whole = list(pairs("dev", 0, 30))
    assert list(pairs("dev", 10, 20)) + list(pairs("dev", 20, 30)) == whole[10:]
    assert [english.realise(meaning("dev", i)) for i in range(30)] == [s for s, _ in whole]


def test_seeds_differ():
    assert list(pairs("train", 0, 20, seed=1)) != list(pairs("train", 0, 20, seed=2))


def test_splits_share_no_sentence_of_either_language():
    sides = {"train": (set(), set()), "dev": (set(), set()), "test": (set(), set())}
    for split, count in (("train", 6000), ("dev", 800), ("test", 800)):
        for source, target in pairs(split, 0, count, seed=3):
            sides[split][0].add(source)
            sides[split][1].add(target)
    for side in (0, 1):
        assert not sides["train"][side] & sides["dev"][side]
        assert not sides["train"][side] & sides["test"][side]
        assert not sides["dev"][side] & sides["test"][side]


def test_meanings_that_share_a_translation_are_in_one_split():
    key_of = {}
    for number in range(4000):
        clause = Sampler(random.Random(number)).sentence()
        key = english.realise(clause, neutral=True)
        for translation in translations(clause):
            assert key_of.setdefault(translation, key) == key


def test_a_pair_is_among_the_translations_of_its_meaning():
    for number, (_, target) in enumerate(pairs("test", 0, 100)):
        assert target in translations(meaning("test", number))


def test_there_are_some_translations_but_not_too_many():
    found = [translations(meaning("train", number)) for number in range(600)]
    assert all(len(set(sentences)) == len(sentences) for sentences in found)
    assert 2.0 < sum(map(len, found)) / len(found) < 6.0
    assert sum(len(sentences) > 1 for sentences in found) > 400


def test_sentences_are_well_formed():
    nouns = {
        form
        for noun in NOUNS.values()
        for german in (*noun.german, *filter(None, [noun.feminine]))
        for form in (german.singular, german.plural, german.genitive)
    }
    lower = {form.lower() for form in nouns} - {"junge", "jungen", "laden"}  # also no nouns
    compounds = tuple(part.lower() for part in MODIFIERS.values())
    for pair in pairs("train", 0, 3000):
        for sentence in pair:
            assert sentence[0].isupper() and sentence[-1] in ".?"
            assert not any(s in sentence for s in ("  ", " ,", ",,", ",.", ",?", " .", " ?"))
            assert 2 <= len(sentence.split()) <= 26
        for word in pair[1][:-1].replace(",", "").split():
            assert word not in lower, f"{word} is a noun in {pair[1]}"
            assert not (word.startswith(compounds) and word.removeprefix("auto") in lower), pair


def test_sentences_are_of_moderate_length():
    lengths = [len(source.split()) for source, _ in pairs("train", 0, 2000)]
    assert 7.5 < sum(lengths) / len(lengths) < 10.0
    assert sum(4 <= n <= 16 for n in lengths) > 0.93 * len(lengths)


def test_short_sentences_are_among_them():
    sources = [source for source, _ in pairs("train", 0, 2000)]
    short = [source for source in sources if len(source.split()) <= 4]
    assert 0.07 < len(short) / len(sources) < 0.15
    present = ("sleeps.", "sings.", "works.", "laughs.", "cries.")
    assert sum(source.split()[-1] in present for source in short) >= 5


def test_a_woman_in_a_role_can_be_told_from_the_english():
    feminine = [n.feminine.singular for n in NOUNS.values() if n.feminine]
    for source, target in pairs("train", 0, 4000):
        if any(word in target.replace(",", "")[:-1].split() for word in feminine):
            assert {"she", "her"} & set(source[:-1].split()), (source, target)


def test_unknown_split_is_refused_before_iteration():
    with pytest.raises(ValueError, match="Choose one of train, dev, test"):
        pairs("valid", 0, 1)


def test_reversed_range_is_refused():
    with pytest.raises(ValueError, match="not a range"):
        pairs("dev", 5, 4)
