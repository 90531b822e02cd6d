"""What pages and docstrings take for granted when they are run."""

import contextlib
import dataclasses
import os
import shutil

import pytest

from t2t_vq import registry
from t2t_vq.data import synthetic_ende
from t2t_vq.formats.run_file import read_file, write_file


@pytest.fixture(scope="session")
def make_workplace(tf, tmp_path_factory):
    """A function from a name to a new folder with the text that pages and docstrings name."""

    def make(name):
        folder = tmp_path_factory.mktemp(name)
        (folder / "my_text").mkdir()
        for split, count in (("train", 200), ("dev", 8), ("test", 8)):
            pairs = synthetic_ende.pairs(split, 0, count)
            lines = "".join(f"{english}\t{german}\n" for english, german in pairs)
            (folder / "my_text" / f"{split}.tsv").write_text(lines, encoding="utf-8")
        for language, text in (("en", "The dog sleeps.\n"), ("de", "Der Hund schläft.\n")):
            (folder / f"text.{language}").write_text(text, encoding="utf-8")
        return folder

    return make


@contextlib.contextmanager
def _kept_registries():
    registries = (registry.problems, registry.models, registry.hparams_sets, registry.bottlenecks)
    # Looking at all names imports what the package registers, which is to stay.
    before = [{name: each[name] for name in each} for each in registries]
    yield registries
    for each, objects in zip(registries, before, strict=True):
        each._objects.clear()
        each._objects.update(objects)


@contextlib.contextmanager
def _only_of_the_package():
    with _kept_registries() as registries:
        for each in registries:
            for name in [name for name in each if not each[name].__module__.startswith("t2t_vq.")]:
                del each._objects[name]
        yield


@pytest.fixture(scope="session")
def only_of_the_package():
    """Takes away what snippets, examples and other tests registered, and brings it back."""
    return _only_of_the_package


@pytest.fixture
def kept_registries():
    """Takes away what a test registered."""
    with _kept_registries():
        yield


@pytest.fixture
def small_problems(monkeypatch):
    """Makes the built-in problems small."""
    from t2t_vq.problems.image_synthetic import ImageSynthetic
    from t2t_vq.problems.translate_ende_synthetic import TranslateEndeSynthetic

    for split, count in (("train", 300), ("dev", 8), ("test", 8)):
        monkeypatch.setattr(TranslateEndeSynthetic, f"num_{split}_pairs", count)
    monkeypatch.setattr(TranslateEndeSynthetic, "vocab_size", lambda self, num_pairs: 600)
    for name in ("num_train_images", "num_test_images"):
        monkeypatch.setattr(ImageSynthetic, name, 40)


@pytest.fixture(scope="session")
def trained(make_workplace, data_dir, request):
    """A function that puts a run, an export or prepared data into a folder, which it returns.

    Its argument is a path that docstrings name, such as "runs/mine"; each is made once.
    """
    folder = make_workplace("docstrings")

    def copy_run(fixture, path):
        found = request.getfixturevalue(fixture)
        shutil.copytree(found.output_dir, path)
        # It is relative to the run, which is elsewhere now.
        data_dir = os.path.relpath(found.run.data_dir, path)
        write_file(path, dataclasses.replace(read_file(path), data_dir=data_dir))

    def train_teacher(path):
        from t2t_vq.training.trainer import train

        train(request.getfixturevalue("make_run")("transformer_test"), path, strategy="one_device")

    def export(run, path):
        import t2t_vq

        t2t_vq.load(make(run) / run).export(path, "onnx")

    def prepare(path):
        for name in ("translate_ende_synthetic", "image_synthetic"):
            registry.problem(name).generate_data(path)

    makers = {
        "t2t_vq_data": prepare,
        "runs/mine": lambda path: copy_run("finished", path),
        "runs/student": lambda path: copy_run("finished", path),
        "runs/teacher": train_teacher,
        "runs/images": lambda path: copy_run("finished_images", path),
        "export/fast": lambda path: export("runs/mine", path),
        "export/images": lambda path: export("runs/images", path),
    }

    def make(name):
        if not (folder / name).exists():
            makers[name](folder / name)
        return folder

    make.names = tuple(makers)
    return make
