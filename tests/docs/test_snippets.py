"""Every snippet of the documentation runs, at a small size, in the order of its page."""

import pathlib
import shlex
import signal
import sys

import pytest
from absl import flags as absl_flags
from absl import logging

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


pytestmark = pytest.mark.usefixtures("registered", "small_problems")


@pytest.fixture(scope="module")
def workplace(make_workplace):
    """A folder with what the pages take for granted; runs and exports they make themselves."""
    return make_workplace("docs")


@pytest.fixture(scope="module")
def registered(only_of_the_package):
    """Leaves registered what was before these tests."""
    with only_of_the_package():
        yield


def smaller(line):
    """Returns a command with what makes it short."""
    words = shlex.split(line, comments=True)
    if words[0] == "t2t-vq-train" and "--registry_help" not in words:
        for number, word in enumerate(words):
            if word.startswith("--hparams="):
                kind = next(kind for kind in reversed(SMALLER) if kind in word)
                words[number] = f"{word},{SMALLER[kind]}"
        if "--output_dir=runs/mine" in words:
            # Two checkpoints after the codebook's start, so that there is something to average.
            words += ["--train_steps=3", "--eval_frequency=1", "--eval_steps=1"]
        else:
            words += ["--train_steps=2", "--eval_steps=1"]
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
def test_a_snippet_runs(snippet, workplace, names, only_of_the_package, monkeypatch):
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
