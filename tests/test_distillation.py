"""Distillation with a teacher that spells words backwards, so that every target is known."""

import tempfile
import types

import numpy as np
import pytest

from t2t_vq import atomic, distillation, registry
from t2t_vq.data import batches, corpus_files, manifests, records
from t2t_vq.problems.distilled import Distilled
from t2t_vq.problems.translate_ende_local import TranslateEndeLocal, TranslateEndeLocalRev

# Fifty sentences, five shards.
TRAIN = [(f"{a}{b} no", f"{b}{a} ja") for a in "bdfgk" for b in "aeioulmnrs"]
DEV = [("ba no", "ab ja"), ("de no", "ed ja")]


class Reversing:
    """A translator that writes every line backwards."""

    def __init__(self, tokenizer, limit=16):
        self.tokenizer, self.lengths = tokenizer, [limit]
        self.lines = []

    def translate(self, lines):
        self.lines += lines
        return [line[::-1] for line in lines]


class Teacher:
    """A finished run on text in a folder, as `distill` sees it."""

    def __init__(self, problem, folder, monkeypatch):
        self.problem, self.data_dir = problem, folder / "data"
        self.weights = folder / "best" / "ckpt-8"
        self.weights.parent.mkdir()
        self.train_to("some")
        problem.vocab_size = lambda pairs: 290
        problem.generate_data(self.data_dir, write_text(folder / "text", TRAIN))
        self.translator = Reversing(problem.tokenizer(self.data_dir))
        monkeypatch.setattr(distillation, "load_translator", self.load)

    def train_to(self, weights):
        self.weights.with_name("ckpt-8.data-00000-of-00001").write_text(weights)

    def load(self, output_dir, checkpoint, search, batch_size, data_dir):
        run = types.SimpleNamespace(data_dir=str(self.data_dir), make_problem=lambda: self.problem)
        return types.SimpleNamespace(
            run=run, translator=self.translator, checkpoint=str(self.weights)
        )


def write_text(folder, train):
    folder.mkdir()
    for split, pairs in {"train": train, "dev": DEV, "test": DEV[:1]}.items():
        corpus_files.write_text(folder / f"{split}.tsv", pairs)
    return folder


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(distillation, "_SHARD_SENTENCES", 10)
    monkeypatch.setattr(distillation, "_CHUNK_SENTENCES", 4)


@pytest.fixture
def teacher(tf, tmp_path, monkeypatch):
    return Teacher(registry.problem("translate_ende_local"), tmp_path, monkeypatch)


def training_pairs(problem, data_dir):
    decode = problem.tokenizer(data_dir).decode
    sides = batches.corpus(data_dir, problem.corpus_name, "train")
    texts = [[decode(side.sentence(i)) for i in range(len(side.lengths))] for side in sides]
    return list(zip(*texts, strict=True))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def shard(data_dir, number, name="translate_ende_local_distill"):
    return corpus_files.shard_paths(data_dir, name, "train", 5)[number]


def test_students_train_on_translations_and_are_scored_on_references(teacher):
    name, data_dir = distillation.distill("teacher")
    assert (name, data_dir) == ("translate_ende_local_distill", str(teacher.data_dir))
    student = registry.problem(name)
    student.generate_data(data_dir)
    assert training_pairs(student, data_dir) == [(text, text[::-1]) for text, _ in TRAIN]
    assert student.text(data_dir, "dev") == teacher.problem.text(data_dir, "dev")
    assert student.text(data_dir, "test") == ([DEV[0][0]], [DEV[0][1]])
    for get in (
        lambda problem: problem.tokenizer(data_dir).model_bytes,
        lambda problem: batches.corpus(data_dir, problem.corpus_name, "dev")[1].ids.tolist(),
    ):
        assert get(student) == get(teacher.problem)


def test_the_manifest_adds_up_and_names_teacher_and_search(teacher):
    _, data_dir = distillation.distill("teacher", beam_size=3, alpha=0.5)
    manifest = registry.problem("translate_ende_local_distill").manifest(data_dir)
    source = manifest["source"]
    assert (source["teacher"], source["text"]) == ("../best/ckpt-8", "translate_ende_local")
    assert (source["beam_size"], source["alpha"]) == (3, 0.5)
    train = manifest["splits"]["train"]
    assert (train["pairs"], train["shards"], train["shard_pairs"]) == (50, 5, [10] * 5)
    english, german = batches.corpus(data_dir, manifest["name"], "train")
    longer = np.maximum(english.lengths, german.lengths)
    np.testing.assert_array_equal(np.bincount(longer, minlength=257), train["histogram"])


def test_the_reversed_problem_distils_the_english_side(tf, tmp_path, monkeypatch):
    Teacher(registry.problem("translate_ende_local_rev"), tmp_path, monkeypatch)
    name, data_dir = distillation.distill("teacher")
    assert name == "translate_ende_local_rev_distill"
    student = registry.problem(name)
    assert training_pairs(student, data_dir) == [(text[::-1], text) for _, text in TRAIN]
    assert student.text(data_dir, "test") == ([DEV[0][1]], [DEV[0][0]])


def test_other_text_is_translated_and_its_bad_lines_are_counted(teacher, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "train.tsv").write_text("ba da no\tx\nno tab\nfa\tx\nma\tx\n")
    name, data_dir = distillation.distill("teacher", tmp_path / "new", other)
    student = registry.problem(name)
    assert training_pairs(student, data_dir) == [
        ("ba da no", "on ad ab"),
        ("fa", "af"),
        ("ma", "am"),
    ]
    report = student.manifest(data_dir)["splits"]["train"]["report"]
    assert (report["total"], report["counts"]) == (4, {"no tab": 1})
    assert len(student.text(data_dir, "dev")[0]) == 2


def test_other_text_needs_no_more_than_the_side_that_is_translated(teacher, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "train.en").write_text("ba da\n\nfa\n")
    name, data_dir = distillation.distill("teacher", tmp_path / "new", tmp_path / "other")
    student = registry.problem(name)
    assert training_pairs(student, data_dir) == [("ba da", "ad ab"), ("fa", "af")]
    report = student.manifest(data_dir)["splits"]["train"]["report"]
    assert report["counts"] == {"empty sentence": 1}


def test_other_text_is_not_read_as_the_teachers_corpus_is(teacher, tmp_path, monkeypatch):
    monkeypatch.setattr(teacher.problem, "pairs", None)
    name, data_dir = distillation.distill("teacher", tmp_path / "new", tmp_path / "text")
    assert len(training_pairs(registry.problem(name), data_dir)) == len(TRAIN)


def test_what_cannot_be_used_is_left_out_and_counted(teacher, tmp_path, monkeypatch):
    other = write_text(tmp_path / "other", [("ba", "x"), ("a" * 30, "x"), ("de", "x"), ("fo", "x")])
    answers = {"ba": "ab", "de": " ", "fo": "y " * 300, "": ""}
    monkeypatch.setattr(
        teacher.translator, "translate", lambda lines: [answers[line] for line in lines]
    )
    name, data_dir = distillation.distill("teacher", tmp_path / "new", other)
    student = registry.problem(name)
    assert training_pairs(student, data_dir) == [("ba", "ab")]
    report = student.manifest(data_dir)["splits"]["train"]["report"]
    assert report["counts"] == {
        "longer than 16 tokens, as long as the teacher takes": 1,
        "empty translation": 1,
        "longer than 256 tokens with the translation": 1,
    }
    assert report["first"]["empty translation"] == f"{other}:sentence 3: 'de'"


def test_a_teacher_without_usable_translations_is_refused(teacher, monkeypatch):
    monkeypatch.setattr(teacher.translator, "translate", lambda lines: [""] * len(lines))
    with pytest.raises(ValueError, match=r"No translation .* 50 of 50 lines left out: empty tr"):
        distillation.distill("teacher")


def test_an_interrupted_call_goes_on_and_translates_nothing_twice(teacher, tmp_path, monkeypatch):
    distillation.distill("teacher", tmp_path / "whole")
    whole, teacher.translator.lines = teacher.translator.lines, []
    translate = teacher.translator.translate

    def stop_in_the_third_shard(lines):
        if len(teacher.translator.lines) == 20:
            raise KeyboardInterrupt
        return translate(lines)

    monkeypatch.setattr(teacher.translator, "translate", stop_in_the_third_shard)
    with pytest.raises(KeyboardInterrupt):
        distillation.distill("teacher", tmp_path / "cut")
    assert not registry.problem("translate_ende_local_distill").is_generated(tmp_path / "cut")
    monkeypatch.setattr(teacher.translator, "translate", translate)
    distillation.distill("teacher", tmp_path / "cut")
    assert teacher.translator.lines == whole
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_a_finished_corpus_is_left_alone(teacher):
    distillation.distill("teacher")
    before, teacher.translator.lines = contents(teacher.data_dir), []
    distillation.distill("teacher")
    assert contents(teacher.data_dir) == before
    assert teacher.translator.lines == []


def test_another_search_or_teacher_is_refused_and_named(teacher):
    distillation.distill("teacher")
    with pytest.raises(ValueError, match=r"beam_size was 4 and is now 2\..*another --data_dir"):
        distillation.distill("teacher", beam_size=2)
    teacher.train_to("more")
    with pytest.raises(ValueError, match=r"weights was [0-9a-f]+ and is now"):
        distillation.distill("teacher")
    first, teacher.weights = teacher.weights, teacher.weights.with_name("ckpt-9")
    with pytest.raises(ValueError, match=f"teacher was {first} and is now {teacher.weights};"):
        distillation.distill("teacher")


def test_a_missing_record_file_is_made_again_alone(teacher):
    _, data_dir = distillation.distill("teacher")
    before, teacher.translator.lines = contents(teacher.data_dir), []
    shard(data_dir, 3).unlink()
    assert not registry.problem("translate_ende_local_distill").is_generated(data_dir)
    distillation.distill("teacher")
    assert contents(teacher.data_dir) == before
    assert teacher.translator.lines == [text for text, _ in TRAIN[30:40]]


def without_notes_of_files(data_dir):
    """Makes the distilled data what an earlier version would have written."""
    path = manifests.path(data_dir, "translate_ende_local_distill")
    manifest = manifests.read(path, manifests.DISTILLED)
    del manifest["files"]
    atomic.write_json(path, manifest)


@pytest.mark.parametrize(
    ("version", "wrong"),
    [("this", r"it has \d+ of \d+ bytes"), ("earlier", "it holds 1 of 10 pairs")],
)
def test_a_shard_cut_short_is_named_when_going_on_and_when_training(teacher, version, wrong):
    name, data_dir = distillation.distill("teacher")
    if version == "earlier":
        without_notes_of_files(data_dir)
    path = shard(data_dir, 1)
    # Whole records, but too few of them: a cut between two.
    records.write_records(path, [[5, 1]], [[6, 1]])
    message = rf"{path} is not .*{wrong}.* Delete what is left of it and run"
    with pytest.raises(ValueError, match=message):
        training_pairs(registry.problem(name), data_dir)
    shard(data_dir, 3).unlink()
    with pytest.raises(ValueError, match=message):
        distillation.distill("teacher")


def test_data_of_an_earlier_version_is_mended_and_notes_its_files_from_then_on(teacher):
    name, data_dir = distillation.distill("teacher")
    student = registry.problem(name)
    manifest = student.manifest(data_dir)
    without_notes_of_files(data_dir)
    assert len(training_pairs(student, data_dir)) == len(TRAIN)
    shard(data_dir, 3).unlink()
    distillation.distill("teacher")
    assert student.manifest(data_dir) == manifest


@pytest.mark.parametrize("end", [".vocab.model", "-dev.tsv", "-test.tsv"])
def test_a_missing_copy_is_made_again_without_translating(teacher, end):
    name, data_dir = distillation.distill("teacher")
    before, teacher.translator.lines = contents(teacher.data_dir), []
    (teacher.data_dir / f"{name}{end}").unlink()
    assert not registry.problem(name).is_generated(data_dir)
    distillation.distill("teacher")
    assert contents(teacher.data_dir) == before
    assert teacher.translator.lines == []


def test_a_damaged_text_of_the_teacher_is_not_copied(teacher, tmp_path):
    path = corpus_files.text_path(teacher.data_dir, "translate_ende_local", "dev")
    path.write_text(path.read_text().replace("ba", "be"))
    with pytest.raises(ValueError, match=rf"{path} is not .*its SHA-256 is another"):
        distillation.distill("teacher", tmp_path / "new")


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_translated(
    teacher, monkeypatch
):
    def refuse(dir):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(OSError, match=r"cannot be written to \(Read-only file system: "):
        distillation.distill("teacher")
    assert teacher.translator.lines == []


def test_a_damaged_manifest_is_named(teacher):
    name, data_dir = distillation.distill("teacher")
    path = manifests.path(data_dir, name)
    manifest = manifests.read(path, manifests.DISTILLED)
    for field in manifest:
        for other in (None, -1, [], {"teacher": 1}):
            atomic.write_json(path, {**manifest, field: other})
            with pytest.raises(ValueError, match=rf"{path} is damaged \(.*{field}"):
                distillation.distill("teacher")


def test_a_student_can_teach_into_another_folder(teacher, tmp_path):
    teacher.problem = registry.problem(distillation.distill("teacher")[0])
    teacher.train_to("a student")
    with pytest.raises(ValueError, match="another distillation"):
        distillation.distill("student")
    name, data_dir = distillation.distill("student", tmp_path / "second")
    assert name == "translate_ende_local_distill"
    assert training_pairs(registry.problem(name), data_dir)[0] == ("ba no", "on ab")


def test_a_problem_without_a_counterpart_says_how_to_register_one(teacher, monkeypatch):
    monkeypatch.setattr(type(teacher.problem), "registered_name", "translate_mine")
    with pytest.raises(ValueError, match=r"@register_problem\('translate_mine_distill'\) class"):
        distillation.distill("teacher")


def test_a_users_own_counterpart_needs_no_more_than_its_class():
    class Mine(TranslateEndeLocalRev):
        registered_name = "mine"

    class MineDistill(Distilled, Mine):
        registered_name = "mine_distill"

    assert (MineDistill().corpus_name, MineDistill().reversed) == ("mine_distill", True)
    assert TranslateEndeLocal().corpus_name == "translate_ende_local"
