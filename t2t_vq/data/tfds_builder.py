"""Data sets of TensorFlow Datasets: a prepared copy, or a download."""

import os
import pathlib
import re
import urllib.request
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from t2t_vq.errors import InvalidError, MissingError
from t2t_vq.paths import StrPath


def builder(
    dataset: str, source_dir: StrPath | None, *, origin: str, problem: str, offline: str
) -> Any:
    """Returns the builder of a data set that is prepared, after downloading it if need be.

    Args:
        dataset: its name, with the configuration if it has some: "wmt14_translate/de-en".
        source_dir: folder of prepared copies; None is `$TFDS_DATA_DIR` or
            `~/tensorflow_datasets`.
        origin: address of the server that it is downloaded from.
        problem: name of the problem that needs it, for the message.
        offline: name of a problem that needs no download, for the message.

    Raises:
        MissingError: when there is no copy, and no network or a part that is to be fetched by hand;
            says what to do.
        ValueError: when the copy cannot be read.
    """
    import tensorflow_datasets as tfds

    folder = pathlib.Path(
        source_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    ).expanduser()
    prepared = [
        info.parent
        for info in folder.glob(f"{dataset}/*/dataset_info.json")
        if info.parent.name.replace(".", "").isdigit()
    ]
    if prepared:
        newest = max(prepared, key=lambda path: [int(part) for part in path.name.split(".")])
        try:
            return tfds.builder_from_directory(newest)
        # What a damaged copy raises depends on where the damage is.
        except Exception as error:
            raise InvalidError(_unreadable(newest, error)) from error
    found = tfds.builder(dataset, data_dir=folder)
    try:
        # TensorFlow Datasets would try for minutes before it gave up.
        urllib.request.urlopen(origin, timeout=20).close()
        found.download_and_prepare()
    except AssertionError as error:
        # Some sets have parts that a person has to fetch, who accepts a licence.
        told = " ".join(str(error).split()).rstrip(".")
        raise MissingError(
            f"TensorFlow Datasets cannot download all of {dataset} for {problem} itself ({told}). "
            "Do as it says, and run the same command again."
        ) from error
    except OSError as error:
        raise MissingError(
            f"{problem} needs the data set {dataset} of TensorFlow Datasets: {folder} holds "
            f"no prepared copy, and it cannot be downloaded ({error}). Name the folder of a "
            f"copy with --source_dir, or work offline with --problem={offline}"
        ) from error
    return found


def sizes(builder: Any, splits: Iterable[str]) -> list[int]:
    """Returns the number of examples of each split, a list.

    Raises:
        ValueError: when the copy lacks one of them.
    """
    found = {split: info.num_examples for split, info in builder.info.splits.items()}
    missing = [split for split in splits if not found.get(split)]
    if missing:
        raise InvalidError(
            _unreadable(builder.data_dir, f"it has no examples of {' and '.join(missing)}")
        )
    return [found[split] for split in splits]


def batches(builder: Any, split: str, batch_size: int) -> Iterator[dict[str, np.ndarray]]:
    """Yields the examples of a split as dictionaries of arrays, in the same order each time.

    Raises:
        ValueError: when a file of the copy is missing, damaged or cut short.
    """
    import tensorflow as tf
    import tensorflow_datasets as tfds

    # One file after the other: the order stays the same from one read to the next.
    in_order = tfds.ReadConfig(interleave_cycle_length=1)
    dataset = builder.as_dataset(split, shuffle_files=False, read_config=in_order)
    try:
        yield from dataset.batch(batch_size).as_numpy_iterator()
    except tf.errors.OpError as error:
        raise InvalidError(_unreadable(builder.data_dir, error.message)) from error


def _unreadable(folder, error):
    # Without the place in TensorFlow's graph, with which its messages begin.
    reason = re.sub(r"^\{\{.*?\}\}", "", " ".join(str(error).split())).strip(" .")
    return (
        f"The copy of the data set in {folder} cannot be read: it is damaged, not whole, or of "
        f"another version of TensorFlow Datasets ({reason:.300}). Prepare it again."
    )
