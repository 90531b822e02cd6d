"""What data folders note of themselves: `NAME.json` and `NAME.partial.json`.

Anything may have happened to a file since it was written, so each is compared with a form before
it is believed: a form is a function of a value and its place in the file that raises `ValueError`
for a value that cannot be there.
"""

import json
import pathlib
from collections.abc import Callable
from typing import Any

from t2t_vq import atomic
from t2t_vq.errors import InvalidError
from t2t_vq.formats import versions
from t2t_vq.paths import StrPath

# Of both files, see `t2t_vq.formats.versions`.
FORMAT = 1
# Everything that is counted fits in 64 bits, also when many are added up.
_MOST = 2**53
# The files of a split are numbered with five digits.
_MOST_SHARDS = 100_000


def path(data_dir: StrPath, name: str) -> pathlib.Path:
    """Returns the path of the manifest."""
    return pathlib.Path(data_dir) / f"{name}.json"


def partial_path(data_dir: StrPath, name: str) -> pathlib.Path:
    """Returns the path of the notes of what is done, which the manifest replaces."""
    return pathlib.Path(data_dir) / f"{name}.partial.json"


def write(path: pathlib.Path, values: dict[str, Any]) -> dict[str, Any]:
    """Writes plain values and their format in one piece; returns the two together."""
    own = {versions.FIELD: FORMAT}
    # First, whether notes are new or were read from such a file.
    noted = own | values | own
    atomic.write_json(path, noted)
    return noted


def read(path: pathlib.Path, form: Callable[[Any, str], None]) -> dict[str, Any] | None:
    """Returns the plain values in `path`, or None when there is no such file.

    Args:
        path: `pathlib.Path` of the file.
        form: what it must be like, one of the forms of this module.

    Raises:
        ValueError: when it is not so, or a newer version wrote it; says where, and what to do.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        # What a problem of the user's notes by itself may be called so too.
        if form is not ANY:
            versions.check(path, values, FORMAT, "prepare the data in another --data_dir")
        form(values, "")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        wrong: object = "it is a folder"
    except versions.NewerFormatError:
        raise
    except RecursionError:
        wrong = "it is nested too deeply"
    except ValueError as error:
        wrong = error
    else:
        return values
    raise InvalidError(f"{path} is damaged ({wrong}). Delete it and prepare the data again.")


def _refuse(place, what):
    raise InvalidError(f"{place or 'it'} {what}")


def _inside(place, name):
    return f"{place}.{name}" if place else name


def _anything(value, place):
    pass


def _text(value, place):
    if not isinstance(value, str):
        _refuse(place, "is not a text")


def _count(value, place, least=0, most=_MOST):
    # JSON's true and false are integers to Python.
    if type(value) is not int or not least <= value <= most:
        _refuse(place, f"is not a whole number from {least} to {most}")


def _positive(value, place):
    _count(value, place, least=1)


def _shards(value, place):
    _count(value, place, most=_MOST_SHARDS)


def _list_of(form):
    def check(value, place):
        if not isinstance(value, list):
            _refuse(place, "is not a list")
        for i, item in enumerate(value):
            form(item, f"{place}[{i}]")

    return check


def _object(value, place):
    if not isinstance(value, dict):
        _refuse(place, "is not an object")


def _each(form, names=_anything):
    """The form of an object with fields of any names."""

    def check(value, place):
        _object(value, place)
        for name, item in value.items():
            names(name, _inside(place, name))
            form(item, _inside(place, name))

    return check


def _fields(required, optional=None):
    """The form of an object with fields of these names; others are left alone."""

    def check(value, place):
        _object(value, place)
        for name in required:
            if name not in value:
                _refuse(place, f"has no {name}")
        for name, form in {**required, **(optional or {})}.items():
            if name in value:
                form(value[name], _inside(place, name))

    return check


def _number_of_shard(name, place):
    if not (name.isascii() and name.isdigit() and name == str(int(name[:6]))):
        _refuse(place, "has a name that is not the number of a file")


def _name_of_file(name, place):
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        _refuse(place, "has a name that is not that of a file in the folder")


def _report(value, place):
    _fields({"total": _count, "counts": _each(_count), "first": _each(_text)})(value, place)
    if value["counts"].keys() != value["first"].keys():
        _refuse(place, "counts other things than it shows")


def _split(value, place):
    # Data of earlier versions does not tell how many pairs a file holds.
    optional = {"shards": _shards, "shard_pairs": _list_of(_count)}
    _fields({"pairs": _positive, "report": _report}, optional)(value, place)
    if "shard_pairs" in value and len(value["shard_pairs"]) != value.get("shards"):
        _refuse(place, "has not as many shard_pairs as shards")


def _train(value, place):
    _split(value, place)
    _fields({"shards": _positive, "histogram": _list_of(_count)})(value, place)


def _dev(value, place):
    _split(value, place)
    _fields({"shards": _positive})(value, place)


def _first_over_long(value, place):
    if value is None:
        return
    _list_of(_anything)(value, place)
    if len(value) != 3:
        _refuse(place, "is not a file, a line and a text")
    _text(value[0], f"{place}[0]")
    _text(value[2], f"{place}[2]")


def _written(value, place):
    """What datagen notes of a file of training records."""
    fields = {
        "histogram": _list_of(_count),
        "over_long": _count,
        "first_over_long": _first_over_long,
    }
    _fields(fields)(value, place)
    if bool(value["over_long"]) != (value["first_over_long"] is not None):
        _refuse(place, "has either no over_long or no first_over_long")


_FILES = {"files": _each(_fields({"size": _count, "sha256": _text}), _name_of_file)}
_SPLITS = _fields({"train": _train, "dev": _dev}, {"test": _split})
_TRANSLATION = {
    "name": _text,
    "source": _anything,
    "vocab_size": _positive,
    "splits": _SPLITS,
}
_DISTILLED = {
    "name": _text,
    "source": _fields({}, {"teacher": _text}),
    "shards": _each(_fields({"pairs": _count, "report": _report}), _number_of_shard),
}
_IMAGES = _fields(
    {
        "images": _positive,
        "crc32": _fields({"images": _count, "labels": _count}),
    },
    {"report": _report},
)


def _image_shape(value, place):
    _list_of(_positive)(value, place)
    if len(value) != 3:
        _refuse(place, "is not height, width and channels")


def _classes(value, place):
    _list_of(_text)(value, place)
    if not value:
        _refuse(place, "is empty")


def _translation_partial(value, place):
    required = {
        "name": _text,
        "source": _anything,
        "splits": _each(_split),
        "shards": _each(_written, _number_of_shard),
    }
    _fields(required, {"vocab_size": _positive, **_FILES})(value, place)
    if ("vocab_size" in value) != ("train" in value["splits"]):
        _refuse(place, "has either no vocab_size or no splits.train")


# Of every kind of data.
ANY = _fields({"source": _anything})
# Of a prepared translation corpus; that of a distillation.
TRANSLATION = _fields(_TRANSLATION, _FILES)
DISTILLED = _fields({**_TRANSLATION, **_DISTILLED}, _FILES)
# Of prepared images.
IMAGES = _fields(
    {
        "name": _text,
        "source": _anything,
        "image_shape": _image_shape,
        "classes": _classes,
        "splits": _fields(dict.fromkeys(("train", "dev", "test"), _IMAGES)),
    }
)
# Of the names of their classes.
CLASSES = _classes
# Of a corpus that is being prepared, and of a distillation that is.
TRANSLATION_PARTIAL = _translation_partial
DISTILLED_PARTIAL = _fields(_DISTILLED, _FILES)
