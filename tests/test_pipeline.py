"""`scripts/pipeline`, with stand-ins for the commands that it calls."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "scripts" / "pipeline"
USR_DIR = pathlib.Path(__file__).parent / "usr_dir"
COMMANDS = ("train", "distill", "average", "eval", "export")
# Notes its call and leaves behind what the command would; fails where `failing` names it.
STAND_IN = """
import json, pathlib, sys

here = pathlib.Path(__file__).parent
command = pathlib.Path(__file__).name.removeprefix("t2t-vq-")
flags = dict(flag.removeprefix("--").partition("=")[::2] for flag in sys.argv[1:])
run = pathlib.Path(flags.get("output_dir", "")).name
with open(here / "usr_dirs", "a") as usr_dirs:
    print(flags.get("usr_dir"), file=usr_dirs)
with open(here / "calls", "a") as calls:
    print(*filter(None, [command, run, flags.get("checkpoint"), flags.get("split")]), file=calls)
if command == (here / "failing").read_text():
    sys.exit(1)
for name in {"train": ("latest", "best"), "average": ("average",)}.get(command, ()):
    folder = pathlib.Path(flags["output_dir"], name)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "checkpoint").exists():
        (folder / "checkpoint").touch()
if command == "distill":
    data = pathlib.Path(flags["teacher_dir"]).parent / "data"
    data.mkdir(exist_ok=True)
    (data / "translate_ende_local_distill-test.tsv").touch()
if command == "eval":
    scores = json.loads((here / "scores").read_text())
    print("bleu, for people to read")
    print(json.dumps({"split": flags["split"], "bleu": scores[flags["checkpoint"]], "chrf": 50.0}))
if command == "export":
    pathlib.Path(flags["export_dir"]).mkdir()
    pathlib.Path(flags["export_dir"], "saved_model.pb").touch()
"""


@pytest.fixture
def pipeline(tmp_path):
    """Returns a function that runs the script; it returns the finished process and its calls."""
    commands = tmp_path / "commands"
    commands.mkdir()
    for name in COMMANDS:
        command = commands / f"t2t-vq-{name}"
        command.write_text(f"#!{sys.executable}\n{STAND_IN}")
        command.chmod(0o755)

    def run(student="softem_nat_tiny", failing="", best=20.0, average=10.0, flags=()):
        (commands / "failing").write_text(failing)
        (commands / "scores").write_text(json.dumps({"best": best, "average": average}))
        (commands / "calls").write_text("")
        sets = ["--teacher=transformer_tiny,dropout=0.1", f"--student={student}"]
        where = ["--problem=translate_ende_local", f"--work_dir={tmp_path / 'work'}"]
        done = subprocess.run(
            ["bash", SCRIPT, *where, *sets, *flags],
            env={**os.environ, "PATH": f"{commands}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
        )
        return done, (commands / "calls").read_text().splitlines()

    return run


BEFORE_SCORES = ["train teacher", "distill", "train student", "average student"]


def test_all_stages_run_in_order(pipeline):
    done, calls = pipeline()
    assert done.returncode == 0, done.stderr
    scores = [
        f"eval {of} {split}"
        for split in ("dev", "test")
        for of in ("teacher best", "student best", "student average")
    ]
    assert calls == [*BEFORE_SCORES, *scores, "export student best"]


def test_the_results_are_a_line_for_each_score(pipeline, tmp_path):
    pipeline(average=30.0)
    lines = (tmp_path / "work" / "results.jsonl").read_text().splitlines()
    found = [(row["run"], row["split"], row["bleu"]) for row in map(json.loads, lines)]
    runs = [("teacher_best", 20.0), ("student_best", 20.0), ("student_average", 30.0)]
    assert found == [(run, split, bleu) for split in ("dev", "test") for run, bleu in runs]


@pytest.mark.parametrize(("average", "exported"), [(19.9, "best"), (100.0, "average")])
def test_the_checkpoint_that_scores_higher_is_exported(pipeline, average, exported):
    _, calls = pipeline(average=average)
    assert calls[-1] == f"export student {exported}"


def test_a_student_without_an_average_is_scored_and_exported(pipeline):
    done, calls = pipeline(failing="average")
    assert done.returncode == 0 and "no average" in done.stderr
    assert "eval student best dev" in calls and "eval student average dev" not in calls
    assert calls[-1] == "export student best"


@pytest.mark.parametrize("stage", [name for name in COMMANDS if name != "average"])
def test_a_second_call_goes_on_at_the_stage_that_failed(pipeline, stage):
    _, whole = pipeline(failing=stage)
    first_failure = next(call for call in whole if call.startswith(stage))
    assert whole[-1] == first_failure
    done, calls = pipeline()
    assert done.returncode == 0, done.stderr
    # The commands themselves see that trainings and distillation are done.
    redone = [call for call in whole[:-1] if call in calls]
    assert redone == [call for call in whole[:-1] if call.startswith(("train", "distill"))]
    assert first_failure in calls and calls[-1] == "export student best"


def test_what_is_done_is_left_alone(pipeline):
    pipeline()
    done, calls = pipeline()
    assert done.returncode == 0, done.stderr
    assert calls == ["train teacher", "distill", "train student"]


def test_every_command_is_told_of_ones_own_code(pipeline, tmp_path):
    done, calls = pipeline(flags=[f"--usr_dir={USR_DIR}"])
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "commands" / "usr_dirs").read_text().splitlines()
    assert told == [str(USR_DIR)] * len(calls)


def test_what_a_killed_call_left_is_cleared_and_what_runs_beside_is_not(
    pipeline, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOSTNAME", "here.org")
    killed = subprocess.Popen(["true"])
    killed.wait()
    for left in (f"here.org.{killed.pid}", f"here.org.{os.getpid()}", f"there.{killed.pid}"):
        (tmp_path / "work" / f".pipeline.{left}" / "export").mkdir(parents=True)
    done, _ = pipeline()
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "work").glob(".pipeline.*")} == {
        f".pipeline.here.org.{os.getpid()}",
        f".pipeline.there.{killed.pid}",
    }


@pytest.mark.parametrize(
    ("student", "message"),
    [
        ("softem_nat_tinny,dropout=0.1", "Did you mean softem_nat_tiny"),
        ("softem_nat_tiny,dropuot=0.1", "Did you mean dropout"),
        ("softem_image_tiny", "Choose another"),
    ],
)
def test_a_mistake_in_the_last_stage_is_told_before_anything_runs(pipeline, student, message):
    done, calls = pipeline(student=student)
    assert done.returncode == 1 and calls == []
    assert message in done.stderr and "Traceback" not in done.stderr


def test_a_beam_that_is_no_number_is_told_before_anything_runs(pipeline):
    done, calls = pipeline(flags=["--beam_size=four"])
    assert done.returncode == 1 and calls == []
    assert "--beam_size=four is no number" in done.stderr


def test_a_flag_that_it_does_not_know_is_told(pipeline):
    done, calls = pipeline(flags=["--beamsize=4"])
    assert done.returncode == 1 and calls == []
    assert "'--beamsize=4' is not a flag" in done.stderr
