"""What an exported folder of networks says of itself, in `t2t_vq.json`."""

import dataclasses
import json
import pathlib

FILE = "t2t_vq.json"
VOCABULARY = "sentencepiece.model"
# Raised when a reader of an older one could misread the folder.
FORMAT = 1
# What runs networks, and what it may multiply in.
PRECISIONS = {"openvino": ("float32", "bfloat16", "int8"), "onnx": ("float32", "int8")}
ENGINES = tuple(PRECISIONS)
# Most BLEU that int8 may lose against float32, unless more is allowed.
MAX_BLEU_LOSS = 0.3
_TASKS = ("translation", "images")


@dataclasses.dataclass(frozen=True)
class Exported:
    """An exported model.

    Attributes:
        engine: "openvino" or "onnx": what runs its networks.
        precision: "float32", "bfloat16" or "int8": what the networks multiply in.
        task: "translation" or "images".
        model: registered name of the model.
        networks: names of the networks, each in files of its name.
        details: what the model's own runtime needs: lengths, numbers of codes, the search.
        provenance: what it was made from: problem, set, updates, scores if they are known.
        format: version of the folder.
    """

    engine: str
    precision: str
    task: str
    model: str
    networks: list
    details: dict
    provenance: dict
    format: int = FORMAT

    def save(self, folder):
        """Writes `t2t_vq.json`."""
        text = json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False)
        (pathlib.Path(folder) / FILE).write_text(text + "\n", encoding="utf-8")


def check_precision(engine, precision):
    """Refuses a precision that an engine does not multiply in.

    Raises:
        ValueError: then.
    """
    if precision not in PRECISIONS[engine]:
        raise ValueError(
            f"The format {engine} has no networks in {precision}. Choose one of "
            f"{', '.join(PRECISIONS[engine])}, or the other format."
        )


def load(folder):
    """Returns the `Exported` that a folder holds.

    Args:
        folder: as `t2t-vq-export --format=openvino` or `--format=onnx` wrote it.

    Raises:
        FileNotFoundError: when the folder holds no such export, or lacks a file of it.
        ValueError: when what it says of itself cannot be read, or is of a newer format.
    """
    folder = pathlib.Path(folder)
    path = folder / FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} holds no export with networks: {path} is missing. Write one with "
            "t2t-vq-export --format=openvino, or name the folder of one."
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content["format"]
        if version > FORMAT:
            raise ValueError(
                f"{folder} is of format {version}, and this version of t2t_vq reads formats up to "
                f"{FORMAT}. Install a newer t2t_vq, or export the run again with this one."
            )
        exported = Exported(**content)
        if exported.precision not in PRECISIONS[exported.engine]:
            raise KeyError(exported.precision)
        if exported.task not in _TASKS:
            raise KeyError(exported.task)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is no description of an export ({type(error).__name__}: {error}). Export the "
            "run again."
        ) from error
    return exported


def file_of(folder, name):
    """Returns the path of a file of an export.

    Raises:
        FileNotFoundError: when it is missing.
    """
    path = pathlib.Path(folder) / name
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} is not whole: {name} is missing. Copy the folder again, or export again."
        )
    return path
