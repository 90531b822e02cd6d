import subprocess
import sys

import pytest

RUN = [
    *("output_dir", "checkpoint", "beam_size", "alpha"),
    *("num_samples", "temperature", "passes", "refinements"),
    *("rescore_with", "rescore_checkpoint"),
]
FLAGS = {
    "train": [
        *("problem", "hparams", "data_dir", "source_dir", "output_dir", "train_steps"),
        *("eval_frequency", "eval_steps", "keep_checkpoints", "strategy", "precision", "seed"),
    ],
    "distill": [
        "teacher_dir",
        "teacher_data_dir",
        "data_dir",
        "source_dir",
        *RUN[1:4],
        "batch_size",
    ],
    "decode": [*RUN, "data_dir", "batch_size", "inputs", "outputs", "n_best", "[no]interactive"],
    "runs": ["runs_dir"],
    "score": [*RUN[:2], "data_dir", "batch_size", "sources", "targets", "outputs"],
    "eval": [*RUN, "data_dir", "batch_size", "split"],
    "average": ["output_dir", "data_dir", "last"],
    "export": [*RUN, "data_dir", "export_dir", "format"],
    "sample": [*RUN[:2], "data_dir", "num", "grid", "temperature", "label", "split", "seed"],
}
# Help must be there at once, and importing any of these takes seconds.
SLOW = ("tensorflow", "keras", "tensorflow_text", "tensorflow_datasets", "sacrebleu")


@pytest.mark.parametrize("name", FLAGS)
def test_help_lists_the_flags_and_imports_nothing_slow(name):
    code = (
        f"import atexit, sys\n"
        f"atexit.register(lambda: print('IMPORTED', *(m for m in {SLOW} if m in sys.modules)))\n"
        f"from t2t_vq.cli.{name} import run; run()"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, timeout=120
    )
    assert result.stdout.rstrip().endswith("IMPORTED")
    assert f"t2t-vq-{name} --" in result.stdout
    for flag in [*FLAGS[name], "usr_dir", "[no]registry_help"]:
        assert f"--{flag}:" in result.stdout, flag
