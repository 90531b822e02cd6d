"""The script behind the translation table, as far as it goes without training."""

import importlib.util
import pathlib
import sys

import pytest

from t2t_vq import config, registry
from t2t_vq.bottlenecks import make_bottleneck

SCRIPT = pathlib.Path(__file__).parents[1] / "scripts" / "reproduce_translation.py"


@pytest.fixture(scope="module")
def script(tf):
    # As when it is run, where it finds its neighbours.
    sys.path.append(str(SCRIPT.parent))
    spec = importlib.util.spec_from_file_location("reproduce_translation", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_row_is_a_set_that_can_be_made(script):
    for size in ("tiny", "small", "base", "big"):
        for overrides in script.ROWS.values():
            hparams = config.override(registry.hparams(script.student_set(size)), overrides)
            assert make_bottleneck(config.to_dict(hparams.bottleneck)).has_codes


def test_a_measurement_is_a_line_of_the_table(script):
    row = {
        **{"row": "em", "seed": 0, "updates": 5, "search": "greedy", "bleu": 31.26, "chrf": 50.0},
        **{"latency_ms": 2.0, "teacher_latency_ms": 7.0, "best_sentences_per_second": 99.6},
        **{"reconstruction_bleu": 40.0, "latent_accuracy": 0.416, "codebook_perplexity": 200.4},
    }
    *_, full = script.table([row]).splitlines()
    assert full == "| em | 0 | 5 | greedy | 31.3 | 50.0 | 2.0 | 3.5 | 100 | 40.0 | 0.42 | 200 |"
    del row["latent_accuracy"]
    assert "| 40.0 |  | 200 |" in script.table([row])


def test_parts_that_are_empty_leave_no_comma(script):
    assert script.joined("softem_nat", "", None, "beta=1") == "softem_nat,beta=1"
