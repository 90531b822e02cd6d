"""`run.json`: what a training run was asked for and what came of it, as it stands on disk."""

import contextlib
import dataclasses
import json
import pathlib
from collections.abc import Iterator
from typing import Annotated

from t2t_vq import atomic, config
from t2t_vq.config.ranges import Number, OneOf, PathName, Within
from t2t_vq.errors import InvalidError
from t2t_vq.formats import versions
from t2t_vq.paths import StrPath

FILE = "run.json"
# See `t2t_vq.formats.versions`.
FORMAT = 1
PRECISIONS = ("float32", "mixed_bfloat16")
# The largest that NumPy takes.
MOST_SEED = 2**32 - 1


@dataclasses.dataclass(frozen=True)
class BestSoFar:
    """What came of a run's validations.

    Attributes:
        measure: what is measured, as people call it.
        value: the best of it; none before the first validation.
        updates: after which it was measured.
        validated: updates after which the run was last validated.
        lower_is_better: whether the best is the lowest.
    """

    measure: str = ""
    value: float | None = None
    updates: Number = 0
    validated: Number = 0
    lower_is_better: bool = False


@dataclasses.dataclass(frozen=True)
class RunFile:
    """What `run.json` holds.

    Attributes:
        problem, hparams_set, seed, precision, languages, vocabulary: see `t2t_vq.run.Run`.
        hparams: fields of the hyper-parameters, as JSON holds them.
        data_dir, usr_dir: paths, relative to the run.
        best: a `BestSoFar`.
        format: of the file.
    """

    problem: str
    hparams_set: str
    hparams: dict
    data_dir: PathName
    seed: Annotated[int, Within(0, MOST_SEED)] = 0
    precision: Annotated[str, OneOf(*PRECISIONS)] = PRECISIONS[0]
    usr_dir: PathName = ""
    languages: tuple[str, ...] = ()
    vocabulary: str = ""
    best: BestSoFar = dataclasses.field(default_factory=BestSoFar)
    format: Number = FORMAT


def read_file(output_dir: StrPath) -> RunFile:
    """Returns the `RunFile` of a folder; imports no code of the user's.

    Raises:
        ValueError: when it is damaged, or a newer version wrote it.
    """
    path = pathlib.Path(output_dir) / FILE
    with named(path):
        content = json.loads(path.read_text(encoding="utf-8"))
        versions.check(path, content, FORMAT, "train another run with this one")
        return config.from_dict(RunFile, content)


def write_file(output_dir: StrPath, content: RunFile) -> None:
    """Writes a `RunFile` to a folder, whole or not at all."""
    text = json.dumps({**dataclasses.asdict(content), versions.FIELD: FORMAT}, indent=2)
    atomic.write_bytes(pathlib.Path(output_dir) / FILE, f"{text}\n".encode())


def note_best(output_dir: StrPath, best: BestSoFar) -> None:
    """Notes the `BestSoFar` of a run in its `run.json`."""
    write_file(output_dir, dataclasses.replace(read_file(output_dir), best=best))


def best_of(output_dir: StrPath) -> BestSoFar:
    """Returns the `BestSoFar` that `run.json` notes."""
    return read_file(output_dir).best


@contextlib.contextmanager
def named(path: StrPath) -> Iterator[None]:
    """Says of which `run.json` it is that something in it is wrong."""
    try:
        yield
    except versions.NewerFormatError:
        raise
    # Whatever else JSON may hold in the place of a value.
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        told = " ".join(str(error).split()).rstrip(".")
        raise InvalidError(
            f"{path} is not as t2t-vq-train wrote it ({told}). Put it back, or train another run."
        ) from error
