"""What every problem offers."""

from __future__ import annotations

import abc
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from absl import logging

from t2t_vq.data import manifests, sources
from t2t_vq.errors import InvalidError, MissingError
from t2t_vq.paths import StrPath

if TYPE_CHECKING:
    import tensorflow as tf

# By name, as problems import nothing of training.
_EVALUATORS: dict[str | None, str] = {
    "translation": "t2t_vq.training.translation_evaluator.TranslationEvaluator",
    "images": "t2t_vq.training.image_evaluator.ImageEvaluator",
}


class Problem(abc.ABC):
    """A task: it prepares its data once, and gives batches of it.

    Register a subclass with `@t2t_vq.register_problem`; its name is the class's in snake case.

    Attributes:
        task: what is learned from the data, "translation", "images" or a name of your own; a
            hyper-parameter set has the same.
        files_name: what the files are called; by default the problem's name.
        external: whether the source is read from --source_dir or a download, which may be gone once
            the data is prepared: then that is taken as it is where no --source_dir is given. By
            default prepared data is compared with `source` each time.
        stand_in: what `model_arguments` may be like, to try a model before there is data; None
            tries none.
        arguments: of the class, with which another instance is the same problem.
        manifest_form: what its manifest is like, see `t2t_vq.data.manifests`.
        evaluator: the `t2t_vq.training.evaluator.Evaluator` that validates its models while they
            train, a class or its dotted name; by default that of its task, which one of your own
            has not.
    """

    registered_name: Any = None
    arguments: tuple[str, ...] = ()
    task: str | None = None
    files_name: str | None = None
    external = False
    stand_in: Mapping[str, Any] | None = None
    manifest_form = staticmethod(manifests.ANY)

    @property
    def evaluator(self) -> Any:
        if self.task not in _EVALUATORS:
            raise InvalidError(
                f"The problem {self.name} is of the task {self.task!r}, which no evaluator is for. "
                "Set its attribute evaluator to a t2t_vq.training.evaluator.Evaluator, or its task "
                f"to one of {', '.join(map(str, _EVALUATORS))}."
            )
        return _EVALUATORS[self.task]

    @property
    def name(self) -> str:
        """The name under which the problem is registered."""
        return self.registered_name

    @property
    def corpus_name(self) -> str:
        """What the files are called: `files_name`, or else the problem's name."""
        return self.files_name or self.name

    @property
    def flags(self) -> str:
        """What a user types to choose the problem."""
        return f"--problem={self.name}"

    @classmethod
    def find_arguments(cls, languages: Sequence[str], data_dir: StrPath) -> tuple[str, ...]:
        """Returns the arguments of the class, for the languages that a user gives.

        Args:
            languages: pair of codes, source and target, or an empty one.
            data_dir: folder that may hold data, which tells its languages too.

        Raises:
            InvalidError: when the problem takes no languages, or they are missing.
        """
        if languages:
            raise InvalidError(
                f"The problem {cls.registered_name} has languages of its own. Leave "
                "--source_language and --target_language out, or choose --problem=translate_local."
            )
        return ()

    @abc.abstractmethod
    def source(self, source_dir: StrPath | None) -> Any:
        """Returns what the data is made from, as plain values; other data gives other values.

        Prepared data notes it. It may be as short as a version, `"2"`, or tell names, sizes and
        digests of files, see `t2t_vq.data.sources.fingerprint`.

        Args:
            source_dir: the folder given by the user, or None.
        """

    @abc.abstractmethod
    def prepare(self, data_dir: StrPath, source_dir: StrPath | None) -> None:
        """Writes the files of the data, the manifest last."""

    @abc.abstractmethod
    def is_generated(self, data_dir: StrPath) -> bool:
        """Returns whether `data_dir` holds the whole data of this problem."""

    def generate_data(self, data_dir: StrPath, source_dir: StrPath | None = None) -> None:
        """Prepares the data, or finds that it is there already.

        Args:
            data_dir: folder to write to.
            source_dir: folder of the user's own data, for problems that read some.

        Raises:
            FileNotFoundError: when the source is missing.
            ValueError: when `data_dir` holds the data of another source or a damaged file, or the
                source is mostly bad.
        """
        if not self.is_generated(data_dir):
            self.prepare(data_dir, source_dir)
            return
        path = manifests.path(data_dir, self.corpus_name)
        if source_dir is not None or not self.external:
            sources.check_source(path, self.manifest(data_dir)["source"], self.source(source_dir))
        logging.info("%s is prepared: %s.", self.name, path)

    def manifest(self, data_dir: StrPath) -> dict[str, Any]:
        """Returns what the prepared data tells of itself, a dictionary.

        Raises:
            FileNotFoundError: when the data is not prepared; says how to.
            ValueError: when the manifest is damaged.
        """
        path = manifests.path(data_dir, self.corpus_name)
        manifest = manifests.read(path, self.manifest_form)
        if manifest is None:
            raise MissingError(self._missing(data_dir))
        return manifest

    def _missing(self, data_dir):
        return (
            f"{data_dir} holds no data of {self.name}. Name the folder that does with --data_dir, "
            "or prepare it: "
            f"t2t-vq-datagen {self.flags} --data_dir={shlex.quote(str(data_dir))}"
        )

    def vocabulary_digest(self, data_dir: StrPath) -> str:
        """Returns what tells one vocabulary from another, or an empty string without one."""
        return ""

    @abc.abstractmethod
    def model_arguments(self, data_dir: StrPath) -> dict[str, Any]:
        """Returns what a model has to know of the data, as arguments of its `from_hparams`."""

    @abc.abstractmethod
    def train_batches(
        self,
        data_dir: StrPath,
        epoch: int,
        *,
        seed: int,
        batch_multiple: int = 1,
        **batching: int,
    ) -> tf.data.Dataset:
        """Returns the training batches of one epoch, in an order set by `seed` and `epoch`.

        Args:
            data_dir: folder of the prepared data.
            epoch: number of the pass over the data, from 0.
            seed: of the order.
            batch_multiple: the number of rows is a multiple of this, say the replicas.
            **batching: what the hyper-parameters' `batching` gives.

        Returns:
            A `tf.data.Dataset` of known cardinality; its elements are dicts of tensors.
        """

    @abc.abstractmethod
    def batches(
        self,
        data_dir: StrPath,
        split: str = "dev",
        *,
        batch_multiple: int = 1,
        **batching: int,
    ) -> tf.data.Dataset:
        """Returns the batches of one pass over a split in a fixed order.

        Args and returns as in `train_batches`; split is "dev", or another that there is.
        """
