"""Exports of networks, and the commands that take them instead of a run."""

import json
import os
import re
import shutil

import pytest

LINES = "The dog sleeps.\n\nWho reads the long book\n"


@pytest.fixture(scope="module")
def without_tensorflow(tmp_path_factory):
    """The environment of a process in which neither TensorFlow nor Keras can be imported."""
    folder = tmp_path_factory.mktemp("blocked")
    for name in ("tensorflow", "keras"):
        (folder / f"{name}.py").write_text(
            f"raise ModuleNotFoundError('{name} is blocked.', name='{name}')\n"
        )
    return {**os.environ, "PYTHONPATH": str(folder)}


@pytest.fixture(scope="module")
def exported(command, trained, tmp_path_factory):
    """A folder in float32, for OpenVINO."""
    pytest.importorskip("openvino")
    folder = tmp_path_factory.mktemp("export") / "float32"
    flags = [f"--output_dir={trained.output_dir}", f"--export_dir={folder}", "--format=openvino"]
    result = command("export", *flags)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"Wrote {folder}; t2t-vq-decode --export_dir={folder} ")
    return folder


def test_decode_gives_the_lines_of_the_run_without_tensorflow(
    command, trained, exported, without_tensorflow
):
    expected = command("decode", f"--output_dir={trained.output_dir}", stdin=LINES)
    flags = [f"--export_dir={exported}", "--batch_size=2"]
    result = command("decode", *flags, stdin=LINES, env=without_tensorflow)
    assert result.returncode == 0, result.stderr
    assert result.stdout == expected.stdout and result.stdout.count("\n") == 3


def test_eval_scores_an_export_without_tensorflow(
    command, train_flags, exported, without_tensorflow
):
    flags = [f"--export_dir={exported}", "--split=dev", train_flags[0], train_flags[2]]
    result = command("eval", *flags, env=without_tensorflow)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout.splitlines()[-1])
    assert (found["problem"], found["sentences"], found["updates"]) == ("translate_tiny", 12, 4)
    assert (found["engine"], found["export_precision"]) == ("openvino", "float32")
    assert found["precision"] == "float32"


def test_a_library_that_is_missing_is_named(command, trained, exported, without_tensorflow):
    result = command("decode", f"--output_dir={trained.output_dir}", env=without_tensorflow)
    assert result.returncode == 1
    assert re.fullmatch(
        r"The library (keras|tensorflow) is not installed, and this needs it\. Install it: "
        r"pip install \1\n",
        result.stderr,
    )


def test_a_file_that_was_exported_with_others_is_missed(command, exported, tmp_path):
    shutil.copytree(exported, tmp_path / "copy")
    vocabulary = tmp_path / "copy" / "sentencepiece.model"
    vocabulary.write_bytes(vocabulary.read_bytes()[:-100])
    result = command("decode", f"--export_dir={tmp_path / 'copy'}", stdin=LINES)
    assert result.returncode == 1 and result.stdout == ""
    assert "is not whole: sentencepiece.model is not as it was exported." in result.stderr
    assert result.stderr.count("\n") == 1


def test_int8_says_what_it_loses(command, trained, tmp_path):
    pytest.importorskip("onnxruntime")
    folder = tmp_path / "int8"
    flags = [f"--output_dir={trained.output_dir}", f"--export_dir={folder}", "--format=onnx"]
    result = command("export", *flags, "--precision=int8", "--max_bleu_loss=100")
    assert result.returncode == 0, result.stderr
    about = json.loads((folder / "t2t_vq.json").read_text())
    assert about["precision"] == "int8"
    assert set(about["provenance"]["quantization"]) == {"sentences", "bleu_float32", "bleu_int8"}


def test_what_cannot_be_done_with_an_export_is_one_sentence(command, trained, exported):
    run, folder = f"--output_dir={trained.output_dir}", f"--export_dir={exported}"
    for name, flags, message in (
        ("decode", [run, folder], "Give one of the two."),
        ("decode", [folder, "--beam_size=2"], "--beam_size is chosen when a model is exported"),
        ("decode", [folder, "--n_best=2"], "--n_best needs the model itself"),
        ("decode", [folder, "--checkpoint=latest"], "--checkpoint is chosen when"),
        ("decode", ["--export_dir=none"], "none is no export with networks"),
        ("eval", [run, "--data_dir=here"], "here holds no data of translate_tiny. Name the folder"),
        ("export", [run, "--export_dir=x", "--precision=int8"], "A precision is for the formats"),
        ("export", [run, "--export_dir=x", "--max_bleu_loss=1"], "is for precision=int8"),
        ("export", [run, folder], "is not empty. Choose another --export_dir"),
        ("decode", [f"--export_dir={trained.output_dir}"], "it is a run."),
        (
            "export",
            [run, "--export_dir=x", "--format=onnx", "--precision=bfloat16"],
            "The format onnx has no networks in bfloat16.",
        ),
    ):
        result = command(name, *flags)
        assert result.returncode == 1, flags
        assert message in result.stderr
        assert result.stderr.count("\n") == 1, result.stderr
