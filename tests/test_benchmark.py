import importlib.util
import json
import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "scripts" / "benchmark_bottlenecks.py"


@pytest.fixture(scope="module")
def benchmark(load_script):
    return load_script("benchmark_bottlenecks")


@pytest.mark.slow
def test_it_prints_a_table_and_writes_its_rows(tf, tmp_path):
    output = tmp_path / "rows.jsonl"
    options = ["--shapes", "32x8x16", "--cases", "hard", "--seconds", "0", "--output", str(output)]
    done = subprocess.run([sys.executable, SCRIPT, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines[:3]] == ["machine", "versions", "commit"]
    assert lines[-3] == "32x8x16, 10 samples"
    assert lines[-1].startswith("hard ")
    (row,) = map(json.loads, output.read_text().splitlines())
    assert row["forward_ratio"] > 0
    assert row["backward_ms"] > 0


@pytest.mark.parametrize("case", ["hard", "soft-1", "soft", "exact", "reference-graph"])
def test_every_case_of_ours_runs(benchmark, case):
    row = benchmark.measured(case, (32, 8, 16), 2, 0.0)
    assert row["forward_ms"] > 0
    assert benchmark.line({"case": case, **row}).startswith(case)


def test_a_missing_package_is_a_visible_line(benchmark, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    row = benchmark.measured_apart("vqp", (32, 8, 16), 2, 0.0)
    assert "not installed" in benchmark.line(row)


def test_a_wrong_shape_is_refused_in_a_sentence(benchmark):
    with pytest.raises(Exception, match="'32x8' is not a shape"):
        benchmark.parsed_shape("32x8")
