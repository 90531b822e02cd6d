"""The table of runs."""

import dataclasses

from t2t_vq import run as runs
from t2t_vq.cli.runs import table


def test_runs_are_tabulated_with_the_best_first_and_broken_ones_told(tmp_path, capsys):
    run = runs.Run.create(
        "translate_ende_synthetic", "transformer_tiny,dropout=0.2", data_dir=str(tmp_path / "data")
    )
    for name, seed, value in (("one", 0, 30.456), ("two", 1, 31.5), ("new", 2, None)):
        dataclasses.replace(run, seed=seed).save(tmp_path / name)
        if value:
            best = runs.BestSoFar("BLEU", value, updates=1_000, validated=1_200)
            runs.note_best(tmp_path / name, best)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    paths = [tmp_path / name for name in ("broken", "new", "one", "two")]
    about = "translate_ende_synthetic"
    assert table(tmp_path, paths).splitlines() == [
        "run  problem                   seed  validated   best  measure  at update  hparams",
        f"new  {about}     2                                        transformer_tiny,dropout=0.2",
        f"two  {about}     1      1,200  31.50  BLEU         1,000  transformer_tiny,dropout=0.2",
        f"one  {about}     0      1,200  30.46  BLEU         1,000  transformer_tiny,dropout=0.2",
    ]
    assert "broken/run.json is not as t2t-vq-train wrote it" in capsys.readouterr().err


def test_where_lower_is_better_the_lowest_is_first(tmp_path):
    for name, value in (("worse", 5.32), ("best", 4.712), ("next", 4.714), ("new", None)):
        runs.Run.create("image_synthetic", "softem_image_tiny", data_dir="d").save(tmp_path / name)
        best = runs.BestSoFar("bits per dimension", value, lower_is_better=True)
        runs.note_best(tmp_path / name, best)
    rows = table(tmp_path, sorted(tmp_path.iterdir())).splitlines()[1:]
    assert [row.split()[0] for row in rows] == ["best", "next", "worse", "new"]


def test_runs_of_which_none_can_be_read_have_no_table(tmp_path):
    (tmp_path / "run.json").write_text("{")
    assert table(tmp_path, [tmp_path]) == ""


def test_a_run_that_the_system_does_not_give_is_told_and_the_others_tabulated(tmp_path, capsys):
    runs.Run.create("image_synthetic", "softem_image_tiny", data_dir="d").save(tmp_path / "one")
    (tmp_path / "folder" / "run.json").mkdir(parents=True)
    paths = [tmp_path / name for name in ("folder", "one", "vanished")]
    assert [row.split()[0] for row in table(tmp_path, paths).splitlines()[1:]] == ["one"]
    told = capsys.readouterr().err
    assert "folder/run.json" in told and "vanished/run.json" in told


def test_a_folder_without_runs_is_one_sentence(command, tmp_path):
    result = command("runs", f"--runs_dir={tmp_path}")
    assert result.returncode == 1
    assert result.stderr.startswith(f"{tmp_path} holds no run.") and result.stderr.count("\n") == 1
