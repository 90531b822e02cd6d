"""Every snippet of the documentation runs, at a small size, in the order of its page."""

import contextlib
import pathlib
import shlex
import signal
import sys

import pytest
from absl import flags as absl_flags
from absl import logging

from t2t_vq import registry
from t2t_vq.data import synthetic_ende

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import snippets

FLAGS = absl_flags.FLAGS
SMALL = (
    "hidden_size=16,filter_size=32,num_heads=2,encoder_layers=1,decoder_layers=1,batch_tokens=512,"
    "max_length=32,num_buckets=1"
)
SMALLER = {
    "transformer": SMALL,
    "nat": f"{SMALL},predictor_layers=1,startup_steps=1,bottleneck.num_codes=8",
    "image": "batch_size=8,hidden_size=16,num_layers=1,prior_size=16,prior_layers=1,"
    "prior_filter_size=16,prior_heads=2,startup_steps=1,bottleneck.num_codes=8",
}
ALL = [snippet for path in snippets.PAGES for snippet in snippets.snippets(path)]


@pytest.fixture(scope="module")
def workplace(tf, tmp_path_factory):
    """A folder with what the pages take for granted: text, trained runs, exports."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "my_text").mkdir()
    for split, count in (("train", 200), ("dev", 8), ("test", 8)):
        name = "test" if split == "test" else split
        pairs = synthetic_ende.pairs(name, 0, count)
        lines = "".join(f"{english}\t{german}\n" for english, german in pairs)
        (folder / "my_text" / f"{split}.tsv").write_text(lines, encoding="utf-8")
    for language, text in (("en", "The dog sleeps.\n"), ("de", "Der Hund schläft.\n")):
        (folder / f"text.{language}").write_text(text, encoding="utf-8")
    (folder / "mine").mkdir()
    (own,) = (each for each in ALL if "class TranslateNumbers" in each.code)
    (folder / "mine" / "mine.py").write_text(own.code, encoding="utf-8")
    return folder


@contextlib.contextmanager
def only_of_the_package():
    """Takes away what snippets, examples and other tests have registered, and brings it back."""
    registries = (registry.problems, registry.models, registry.hparams_sets, registry.bottlenecks)
    before = [dict(each._objects) for each in registries]
    for each in registries:
        for name in [name for name in each if not each[name].__module__.startswith("t2t_vq.")]:
            del each._objects[name]
    yield
    for each, objects in zip(registries, before, strict=True):
        each._objects.clear()
        each._objects.update(objects)


@pytest.fixture(scope="module", autouse=True)
def registered():
    """Leaves registered what was before these tests."""
    with only_of_the_package():
        yield


@pytest.fixture(autouse=True)
def small_problems(monkeypatch):
    """Makes the built-in problems small."""
    from t2t_vq.problems.image_synthetic import ImageSynthetic
    from t2t_vq.problems.translate_ende_synthetic import TranslateEndeSynthetic

    for split, count in (("train", 300), ("dev", 8), ("test", 8)):
        monkeypatch.setattr(TranslateEndeSynthetic, f"num_{split}_pairs", count)
    monkeypatch.setattr(TranslateEndeSynthetic, "vocab_size", lambda self, num_pairs: 600)
    for name in ("num_train_images", "num_test_images"):
        monkeypatch.setattr(ImageSynthetic, name, 40)


def smaller(line):
    """Returns a command with what makes it short."""
    words = shlex.split(line, comments=True)
    if words[0] == "t2t-vq-train" and "--registry_help" not in words:
        for number, word in enumerate(words):
            if word.startswith("--hparams="):
                kind = next(kind for kind in reversed(SMALLER) if kind in word)
                words[number] = f"{word},{SMALLER[kind]}"
        words += ["--train_steps=2", "--eval_steps=1"]
        if "--output_dir=runs/mine" in words:
            # Two checkpoints, so that there is something to average.
            words.append("--eval_frequency=1")
    if words[0] == "t2t-vq-export" and "--precision=int8" in words:
        # What has learned nothing loses what it likes.
        words.append("--max_bleu_loss=100")
    return words


def run_command(words):
    """Runs a command of ours in this process; returns its exit code."""
    name = words[0].removeprefix("t2t-vq-")
    module = __import__(f"t2t_vq.cli.{name}", fromlist=["run"])
    known, signals = set(FLAGS), {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signals[number] = signal.getsignal(number)
    argv, sys.argv = sys.argv, words
    try:
        module.run()
    except SystemExit as end:
        return end.code
    finally:
        sys.argv = argv
        for number, handler in signals.items():
            signal.signal(number, handler)
        for flag in set(FLAGS) - known:
            delattr(FLAGS, flag)
        FLAGS.unparse_flags()
        logging.get_absl_handler().filters.clear()


@pytest.mark.parametrize(
    "path", snippets.PAGES, ids=lambda path: str(path.relative_to(snippets.ROOT))
)
def test_shell_is_fenced_so_that_it_is_seen(path):
    assert not snippets.INDENTED.search(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def names():
    """What the snippets of each page have defined so far."""
    return {}


@pytest.mark.parametrize("snippet", ALL, ids=lambda each: f"{each.page}:{each.line}")
def test_a_snippet_runs(snippet, workplace, names, monkeypatch):
    if snippet.reason:
        pytest.skip(snippet.reason)
    monkeypatch.chdir(workplace)
    if snippet.language == "python":
        own = names.setdefault(snippet.page, {"__name__": "snippet"})
        exec(compile(snippet.code, f"{snippet.page}:{snippet.line}", "exec"), own)
        return
    for line in snippets.commands(snippet.code):
        words = smaller(line)
        assert words[0].startswith("t2t-vq-"), f"{line} cannot be run here: say why not."
        with only_of_the_package():
            assert run_command(words) in (0, None), line
