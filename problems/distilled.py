"""Problems whose training targets a teacher wrote; `t2t-vq-distill` makes their data."""

from absl import logging

from t2t_vq import registry
from t2t_vq.errors import InvalidError, MissingError
from t2t_vq.paths import StrPath
from t2t_vq.problems.translation import TranslationProblem

_ENDING = "_distill"


class Distilled(TranslationProblem):
    """Makes a translation problem's distilled counterpart; put it before the problem's class.

    The counterpart trains on a teacher's translations, is validated and scored on the problem's
    real references, and has the problem's vocabulary. It is registered under the problem's name
    with `_distill` at its end.

    Example:
        >>> from t2t_vq.problems.translate_ende_local import TranslateEndeLocal
        >>> @t2t_vq.register_problem
        ... class TranslateMine(TranslateEndeLocal):
        ...     "English to German, my text."
        >>> @t2t_vq.register_problem
        ... class TranslateMineDistill(Distilled, TranslateMine):
        ...     "English to German, my text as a teacher translates it."
        >>> counterpart(t2t_vq.registry.problem("translate_mine")).name
        'translate_mine_distill'
    """

    # Files of its own: the problem's and those of the other direction have other targets.
    files_name = None

    def generate_data(self, data_dir: StrPath, source_dir: StrPath | None = None) -> None:
        """Finds that the data is there; only `t2t-vq-distill` makes it.

        Args:
            data_dir: folder of the distilled data.
            source_dir: must be None.

        Raises:
            FileNotFoundError: when the data is not there, or not whole.
            ValueError: when there is a `source_dir`.
        """
        if source_dir is not None:
            raise InvalidError(
                f"{self.name} reads no --source_dir; give that to t2t-vq-distill, which makes its "
                "data."
            )
        if not self.is_generated(data_dir):
            raise MissingError(self._missing(data_dir))
        logging.info("%s is prepared in %s.", self.name, data_dir)

    def _missing(self, data_dir):
        return (
            f"{data_dir} does not hold the whole data of {self.name}, which t2t-vq-distill "
            f"--teacher_dir=RUN --data_dir={data_dir} makes, where RUN is a trained run of "
            f"{self.name.removesuffix(_ENDING)}."
        )


def counterpart(problem: TranslationProblem) -> TranslationProblem:
    """Returns the distilled counterpart of a translation problem; a distilled one is its own.

    Args:
        problem: a `TranslationProblem`.

    Raises:
        ValueError: when none is registered; says how to register one.
    """
    if isinstance(problem, Distilled):
        return problem
    name = problem.name + _ENDING
    if name in registry.problems:
        return registry.problem(name, *problem.arguments)
    kind = type(problem).__name__
    raise InvalidError(
        f"{problem.name} has no distilled counterpart. Register it in your --usr_dir, after "
        f"'from t2t_vq.problems.distilled import Distilled': @register_problem('{name}') "
        f"class {kind}Distill(Distilled, {kind}): 'What it is.'"
    )
