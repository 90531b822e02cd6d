"""What the user's text and images have in common: counting what is bad, noticing changes."""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Iterable
from typing import Any

from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath

_EXCERPT = 60
# A file and the number of a thing in it, where there is one.
Place = tuple[str, int | None]


class Report:
    """Counts bad things of a source by kind, and keeps the first of each kind with its place.

    Attributes:
        unit: what is counted, in the plural.
        if_empty, if_bad: what to do about a source that has nothing, or mostly bad things.
        total: things seen, good and bad.
        where: place of what is being read, `(file, number in it)`; the number may be None.
        counts: `{kind: things}`.
        first: `{kind: "file:number: excerpt"}`.
    """

    unit = ""
    if_empty = ""
    if_bad = ""

    def __init__(self) -> None:
        self.total = 0
        self.where: Place | None = None
        self.counts: dict[str, int] = {}
        self.first: dict[str, str] = {}

    def see(self, file: StrPath, number: int | None = None, count: int = 1) -> None:
        """Notes that something, or `count` things from `number` on, is being read."""
        self.total += int(count)
        # Readers tell paths and NumPy's numbers too, and JSON knows neither.
        self.where = (str(file), number if number is None else int(number))

    def see_at_least(self, good: int, file: str) -> None:
        """Counts what a reader gave, or found bad, without noting that it saw it.

        Args:
            good: how many good things it has given.
            file: name of what it reads.
        """
        unseen = good - self.total + sum(self.counts.values())
        if unseen > 0:
            self.see(file, self.total + unseen, unseen)

    def add(self, kind: str, text: str = "", where: Place | None = None, count: int = 1) -> None:
        """Counts bad things; `where` is the place of the first, by default what is being read."""
        place = ":".join(str(part) for part in where or self.where or () if part is not None)
        self.counts[kind] = self.counts.get(kind, 0) + int(count)
        self.first.setdefault(kind, f"{place}: {_excerpt(text)}")

    def include(self, other: Report) -> None:
        """Counts what another report found bad among things that this one has seen."""
        for kind, count in other.counts.items():
            self.counts[kind] = self.counts.get(kind, 0) + count
            self.first.setdefault(kind, other.first[kind])

    def summary(self) -> list[str]:
        """Returns one sentence a kind: how many things, and the first of them."""
        return [
            f"{count:,} of {self.total:,} {self.unit} left out: {kind}. The first: "
            f"{self.first[kind]}"
            for kind, count in self.counts.items()
        ]

    def check(self, what: str, good: int | None = None) -> None:
        """Refuses a source that is mostly bad.

        Args:
            what: name of the source, for the message.
            good: how many good things there were; by default all that were not bad.

        Raises:
            ValueError: when nothing was read, nothing good was, or more than half of it is bad.
        """
        bad = sum(self.counts.values())
        if 2 * bad > self.total:
            raise InvalidError(
                f"{what} is mostly bad: {bad:,} of {self.total:,} {self.unit} cannot be used. "
                f"{self.if_bad} {' '.join(self.summary())}"
            )
        if not self.total or good == 0:
            raise InvalidError(f"{what} is empty. {self.if_empty}")

    def to_dict(self) -> dict[str, Any]:
        """Returns total, counts and first places as plain values, fit for JSON."""
        return {"total": self.total, "counts": self.counts, "first": self.first}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Report:
        """Returns the report that `to_dict` was called on."""
        report = cls()
        report.total, report.counts, report.first = (
            values["total"],
            dict(values["counts"]),
            dict(values["first"]),
        )
        return report


def fingerprint(paths: Iterable[pathlib.Path]) -> list[dict[str, Any]]:
    """Returns names, sizes and SHA-256 digests of files, to notice that a source has changed."""
    prints = []
    for path in paths:
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        prints.append(
            {"name": path.name, "size": path.stat().st_size, "sha256": digest.hexdigest()}
        )
    return prints


def check_reader(place: str, found: Any, name: str) -> None:
    """Refuses what a problem's reader gives when nothing can be read from it, such as None.

    Args:
        place: what it reads, for the message.
        found: what it gives.
        name: of the problem's method.

    Raises:
        ValueError: then.
    """
    if not isinstance(found, Iterable):
        raise InvalidError(
            f"{place}: the problem's `{name}` gives {found!r:.60} and no sequence. It must yield "
            "or return what it reads."
        )


def as_noted(source: Any) -> Any:
    """Returns a source as it comes back from a manifest, where a tuple is a list.

    Args:
        source: what the `source` of a problem gives.

    Raises:
        ValueError: when a manifest cannot hold it.
    """
    try:
        return json.loads(json.dumps(source, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidError(
            f"The problem's `source` gives what no manifest can note ({error}). It must give plain "
            "values: texts, finite numbers, lists and dictionaries of them."
        ) from error


def check_source(path: StrPath, found: Any, wanted: Any) -> None:
    """Refuses a data folder that was prepared from another source.

    Args:
        path: manifest that notes the source.
        found: the source it notes.
        wanted: the source that is asked for.

    Raises:
        ValueError: when they differ, or no manifest can note what is asked for.
    """
    if found != as_noted(wanted):
        raise InvalidError(
            f"{path} was prepared from another source than the one asked for. "
            "Choose another --data_dir for this one, or delete that file to prepare all anew."
        )


def _excerpt(text):
    text = text.replace("\t", " | ")
    return repr(text if len(text) <= _EXCERPT else text[: _EXCERPT - 3] + "...")
