"""The README's Python snippets run as they stand."""

import pathlib
import re
import subprocess
import sys

import pytest

README = pathlib.Path(__file__).parents[1] / "README.md"
SNIPPETS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
# The others need an exported or a trained model; tests/export and tests/training make these calls.
RUNNABLE = [snippet for snippet in SNIPPETS if not re.search(r"export/|runs/", snippet)]


def test_there_are_snippets_to_run():
    assert len(RUNNABLE) == 5


@pytest.mark.parametrize(
    "snippet", RUNNABLE, ids=["layers", "models", "composition", "own kinds", "own set"]
)
def test_a_snippet_runs(snippet):
    exec(compile(snippet, "README.md", "exec"), {"__name__": "snippet"})


def test_the_own_problem_and_the_own_bottleneck_train(tmp_path):
    (own,) = (snippet for snippet in RUNNABLE if "TranslateNumbers" in snippet)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.py").write_text(own)
    tiny = (
        "hidden_size=16,filter_size=32,num_heads=2,encoder_layers=1,decoder_layers=1,"
        "predictor_layers=1,batch_tokens=512,train_steps=2,startup_steps=1,bottleneck.num_codes=8"
    )
    (told,) = re.findall(r"t2t-vq-train (--usr_dir=mine .*)\n", README.read_text(encoding="utf-8"))
    result = subprocess.run(
        [
            *(sys.executable, "-c", "from t2t_vq.cli.train import run; run()"),
            *f"{told},{tiny} --output_dir=run".split(),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    assert "train: 800 pairs." in result.stderr
    assert '"noise": 0.5' in (tmp_path / "run" / "run.json").read_text()
