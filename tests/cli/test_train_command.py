import json
import os
import signal
import subprocess
import sys
import time

import pytest

from t2t_vq.training.start import default_output_dir

CODE = "from t2t_vq.cli.train import run; run()"


def assert_one_sentence(result, text):
    assert result.returncode == 1
    assert text in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_plain_run_ends_with_its_score_and_the_next_command(trained):
    last = trained.result.stdout.splitlines()[-1]
    assert last.startswith("Best validation BLEU ")
    assert last.endswith(
        "Next: t2t-vq-eval --output_dir=" + "/".join(trained.output_dir.parts[-2:])
    )
    assert (trained.output_dir / "latest" / "ckpt-4.index").exists()
    content = json.loads((trained.output_dir / "run.json").read_text())
    assert content["problem"] == "translate_tiny"
    assert content["hparams"]["train_steps"] == 4


def test_it_shows_losses_speed_and_a_translation(trained):
    assert "step 4/4  loss " in trained.result.stderr
    assert " tokens/s  0 s left" in trained.result.stderr
    assert "step 4: validation loss " in trained.result.stderr


def test_tensorflow_does_not_tell_of_its_savers(trained):
    assert "functional_saver" not in trained.result.stderr


@pytest.mark.parametrize(
    "flags, message",
    [
        ([], "--problem is missing."),
        (["--problem=translate_ende"], "--hparams is missing."),
        (
            ["--problem=translate_ende", "--hparams=softem_nap"],
            "No hyper-parameter set is called 'softem_nap'. Did you mean softem_nat",
        ),
        (
            ["--problem=translate_ende", "--hparams=softem_nat,hiden_size=8"],
            "no hyper-parameter 'hiden_size'. Did you mean hidden_size",
        ),
        (
            ["--problem=translate_ende", "--hparams=softem_nat,bottleneck.decay=high"],
            "The hyper-parameter 'bottleneck.decay' is a number; 'high' is not.",
        ),
    ],
)
def test_mistakes_are_one_sentence(command, flags, message):
    assert_one_sentence(command("train", *flags), message)


@pytest.mark.parametrize(
    "flag, message",
    [
        ("--train_steps=many", "flag --train_steps=many"),
        ("--strategy=tpu", "flag --strategy=tpu: value should be one of <auto|one_device|mirr"),
        ("--no_such_flag=1", "Unknown command line flag 'no_such_flag'"),
    ],
)
def test_wrong_flags_are_refused(command, flag, message):
    result = command("train", "--problem=translate_ende", "--hparams=softem_nat", flag)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("hparams", "seed", "expected"),
    [
        ("softem_nat_tiny,hidden_size=64", 0, "p-softem_nat_tiny-hidden_size=64"),
        (
            "a,bottleneck=fsq,bottleneck.levels=[4,4]",
            0,
            "p-a-bottleneck=fsq-bottleneck.levels=-4-4",
        ),
        ("a", 1, "p-a-seed=1"),
        ("a,b=../../x*?", 0, "p-a-b=..-..-x"),
    ],
)
def test_a_run_that_names_no_folder_has_one_that_can_be_read(hparams, seed, expected):
    assert default_output_dir("p", hparams, seed) == f"t2t_vq_runs/{expected}"


def test_long_overrides_make_a_name_that_a_file_system_takes():
    long = ",".join(f"field_{i}={i}" for i in range(100))
    names = {default_output_dir("p", f"a,{long}{end}", seed) for end in "01" for seed in (0, 1)}
    assert len(names) == 4 and all(len(name) < 180 for name in names)


def test_a_folder_that_tensorflow_would_not_find_again_is_refused(command, train_flags, tmp_path):
    for name, run in (("train", "--hparams=transformer_test"), ("export", "--output_dir=run")):
        flag = "output_dir" if name == "train" else "export_dir"
        flags = [*(train_flags if name == "train" else []), run, f"--{flag}={tmp_path}/a[1]"]
        result = command(name, *flags)
        assert result.returncode == 1
        assert f"--{flag}={tmp_path}/a[1] holds [ and ], which TensorFlow takes" in result.stderr
        assert not (tmp_path / "a[1]").exists()


def test_another_run_in_the_same_folder_is_refused(command, train_flags, trained):
    flags = ["--hparams=softem_nat_test", f"--output_dir={trained.output_dir}", "--seed=7"]
    result = command("train", *train_flags, *flags, "--train_steps=4")
    assert result.returncode == 1
    assert "seed was 0 and is now 7" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_folder_that_cannot_be_written_is_named(command, train_flags, tmp_path):
    (tmp_path / "file").touch()
    flags = ["--hparams=transformer_test", f"--output_dir={tmp_path / 'file' / 'run'}"]
    result = command("train", *train_flags, *flags)
    assert result.returncode == 1
    assert "Not a directory" in result.stderr and str(tmp_path / "file") in result.stderr
    assert "Traceback" not in result.stderr


def test_after_ctrl_c_the_same_command_goes_on(command, train_flags, tmp_path):
    flags = [*train_flags, "--hparams=transformer_test,schedule=rsqrt", f"--output_dir={tmp_path}"]
    flags.append("--eval_frequency=2")
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, *flags, "--train_steps=1000000"],
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("latest/ckpt-*.index")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    stderr = process.communicate(timeout=120)[1]
    assert process.returncode == 130
    message = stderr.splitlines()[-1]
    assert message.startswith("Stopped by SIGINT after step ")
    step = int(message.split("step ")[1].split(";")[0].replace(",", ""))
    result = command("train", *flags, f"--train_steps={step + 1}")
    assert result.returncode == 0, result.stderr
    assert f"from step {step:,}\n" in result.stderr
    assert (tmp_path / "latest" / f"ckpt-{step + 1}.index").exists()
