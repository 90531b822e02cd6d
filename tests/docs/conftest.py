"""What pages and docstrings take for granted when they are run."""

import contextlib
import pathlib
import shutil
import sys

import pytest

import t2t_vq
from t2t_vq import registry
from t2t_vq.data import synthetic_ende
from t2t_vq.run import Run

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import snippets


@pytest.fixture(scope="module", autouse=True)
def little_to_compile(one_length):
    """For all tests of this folder."""


@pytest.fixture(scope="session")
def make_workplace(tf, tmp_path_factory):
    """A function from a name to a new folder with text and code that pages and docstrings name."""

    def make(name):
        folder = tmp_path_factory.mktemp(name)
        (folder / "my_text").mkdir()
        for split, count in (("train", 200), ("dev", 8), ("test", 8)):
            pairs = synthetic_ende.pairs(split, 0, count)
            lines = "".join(f"{english}\t{german}\n" for english, german in pairs)
            (folder / "my_text" / f"{split}.tsv").write_text(lines, encoding="utf-8")
        for language, text in (("en", "The dog sleeps.\n"), ("de", "Der Hund schläft.\n")):
            (folder / f"text.{language}").write_text(text, encoding="utf-8")
        found = [each for path in snippets.PAGES for each in snippets.snippets(path)]
        (own,) = (each for each in found if "class TranslateNumbers" in each.code)
        (folder / "mine").mkdir()
        (folder / "mine" / "mine.py").write_text(own.code, encoding="utf-8")
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


_RUNS = {
    "runs/mine": ("translate_tiny", "softem_nat_test,startup_steps=1"),
    "runs/teacher": ("translate_tiny", "transformer_test"),
    "runs/images": ("image_tiny", "softem_image_test,startup_steps=1,bottleneck.soft=false"),
}
_EXPORTS = {"export/fast": "runs/mine", "export/images": "runs/images"}


class _Trained:
    """Makes, once each, what docstrings take for granted: prepared data, runs and exports.

    Attributes:
        folder: where they are.
        names: their paths in it, as docstrings name them.
    """

    names = ("t2t_vq_data", *_RUNS, "runs/student", *_EXPORTS)

    def __init__(self, folder):
        self.folder = folder

    def make(self, name):
        """Makes one of `names`, and returns its path."""
        path = self.folder / name
        if not path.exists():
            if name in _RUNS:
                self._train(path, *_RUNS[name])
            elif name in _EXPORTS:
                t2t_vq.load(self.make(_EXPORTS[name])).export(path, "onnx")
            elif name == "runs/student":
                shutil.copytree(self.make("runs/mine"), path)
            else:
                self._prepare(path)
        return path

    def _prepare(self, path):
        for name in ("translate_tiny", "image_tiny", "translate_ende_synthetic", "image_synthetic"):
            registry.problem(name).generate_data(path)

    def _train(self, path, problem, hparams):
        from t2t_vq.training.trainer import train

        hparams = f"{hparams},train_steps=3,eval_frequency=1"
        run = Run.create(problem, hparams, data_dir=self.make("t2t_vq_data"))
        train(run, path, strategy="one_device")


@pytest.fixture(scope="session")
def trained(make_workplace):
    """A `_Trained`, of tiny models."""
    registry.import_usr_dir(pathlib.Path(__file__).parents[1] / "usr_dir")
    return _Trained(make_workplace("docstrings"))
