"""What an exported folder of networks says of itself, in `t2t_vq.json`."""

import dataclasses
import hashlib
import json
import pathlib

from t2t_vq import config
from t2t_vq.errors import InvalidError, MissingError
from t2t_vq.formats import versions
from t2t_vq.formats.details import ImageDetails, TranslationDetails
from t2t_vq.paths import StrPath

FILE = "t2t_vq.json"
VOCABULARY = "sentencepiece.model"
# See `t2t_vq.formats.versions`.
FORMAT = 1
# What runs networks, and what it may multiply in.
PRECISIONS = {"openvino": ("float32", "bfloat16", "int8"), "onnx": ("float32", "int8")}
ENGINES = tuple(PRECISIONS)
# Most BLEU that int8 may lose against float32, unless more is allowed.
MAX_BLEU_LOSS = 0.3
_DETAILS = {"translation": TranslationDetails, "images": ImageDetails}
_RUN = "run.json"


@dataclasses.dataclass(frozen=True)
class Exported:
    """An exported model.

    Attributes:
        engine: "openvino" or "onnx": what runs its networks.
        precision: "float32", "bfloat16" or "int8": what the networks multiply in.
        task: "translation" or "images".
        model: registered name of the model.
        networks: names of the networks, each in files of its name.
        details: what the model's own runtime needs, a `TranslationDetails` or `ImageDetails`.
        provenance: what it was made from: problem, set, updates, scores if they are known.
        files: dict of the names of the other files that the runtime reads to their digests.
        format: version of the folder.
    """

    engine: str
    precision: str
    task: str
    model: str
    networks: tuple[str, ...]
    # As JSON holds it, until its task says which of the two it is.
    details: dict
    provenance: dict
    files: dict
    format: int = FORMAT

    def save(self, folder: StrPath) -> None:
        """Writes `t2t_vq.json`."""
        text = json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False)
        (pathlib.Path(folder) / FILE).write_text(text + "\n", encoding="utf-8")


def check_precision(engine: str, precision: str, task: str = "translation") -> None:
    """Refuses a precision that an engine does not multiply a task's models in.

    Args:
        engine: "openvino" or "onnx".
        precision: "float32", "bfloat16" or "int8".
        task: "translation" or "images".

    Raises:
        ValueError: then.
    """
    if precision not in PRECISIONS[engine]:
        raise InvalidError(
            f"The format {engine} has no networks in {precision}. Choose one of "
            f"{', '.join(PRECISIONS[engine])}, or the other format."
        )
    if precision == "int8" and task == "images":
        raise InvalidError(
            "int8 is for translation, where what it loses is measured. Export images in "
            f"{' or '.join(each for each in PRECISIONS[engine] if each != 'int8')}."
        )


def load(folder: StrPath) -> Exported:
    """Returns the `Exported` that a folder holds.

    Args:
        folder: as `t2t-vq-export --format=openvino` or `--format=onnx` wrote it.

    Raises:
        FileNotFoundError: when the folder holds no such export.
        ValueError: when what it says of itself cannot be read, or is of a newer format.

    Example:
        >>> load("export/fast").engine
        'onnx'
    """
    folder = pathlib.Path(folder)
    path = folder / FILE
    if not path.is_file():
        what = "is a run" if (folder / _RUN).is_file() else f"holds no {FILE}"
        raise MissingError(
            f"{folder} is no export with networks: it {what}. Write one with t2t-vq-export "
            f"--format={' or --format='.join(ENGINES)}, or name the folder of one."
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not versions.check(folder, content, FORMAT, "export the run again with this one"):
            raise InvalidError(f"it has no {versions.FIELD}")
        return _exported(content)
    except versions.NewerFormatError:
        raise
    # Whatever else JSON may hold in the place of a value.
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        told = " ".join(str(error).split()).rstrip(".")
        raise InvalidError(
            f"{path} is no description of an export ({told}). Copy it again, or export the run "
            "again."
        ) from error


def _exported(content):
    """Returns the `Exported` that JSON holds; refuses what nobody writes."""
    exported = config.from_dict(Exported, content)
    for name, value, known in (
        ("engine", exported.engine, PRECISIONS),
        ("precision", exported.precision, PRECISIONS.get(exported.engine, ())),
        ("task", exported.task, _DETAILS),
    ):
        if value not in known:
            raise InvalidError(f"it has the {name} '{value}'")
    details = config.from_dict(_DETAILS[exported.task], exported.details)
    return dataclasses.replace(exported, details=details)


def digests(folder: StrPath) -> dict[str, str]:
    """Returns a dict of the names of a folder's files to what tells their content from others'."""
    return {path.name: _digest(path) for path in sorted(pathlib.Path(folder).iterdir())}


def check_files(folder: StrPath, exported: Exported) -> None:
    """Refuses a folder whose files are not those that were exported together.

    Args:
        folder: of the export.
        exported: what it says of itself.

    Raises:
        FileNotFoundError: when a file is missing.
        ValueError: when one is cut short, or comes from elsewhere.
    """
    for name, digest in exported.files.items():
        if _digest(file_of(folder, name)) != digest:
            raise InvalidError(
                f"{folder} is not whole: {name} is not as it was exported. It may be cut short, or "
                "of another export. Copy the folder again, or export again."
            )


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def file_of(folder: StrPath, name: str) -> pathlib.Path:
    """Returns the path of a file of an export.

    Raises:
        FileNotFoundError: when it is missing.
    """
    path = pathlib.Path(folder) / name
    if not path.is_file():
        raise MissingError(
            f"{folder} is not whole: {name} is missing. Copy the folder again, or export again."
        )
    return path
