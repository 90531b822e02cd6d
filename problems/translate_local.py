"""Translation of the user's own text between any two languages."""

import pathlib
import re
from collections.abc import Sequence

from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath
from t2t_vq.problems.distilled import Distilled
from t2t_vq.problems.text_folder import TextFolderProblem
from t2t_vq.registry import register_problem

# What ends the names of files, and stands in names of our own between dots.
_CODE = re.compile(r"[A-Za-z0-9][\w@+-]*", re.ASCII)
# These end the names of other files.
_NO_CODES = ("tsv", "gz", "xz")


@register_problem
class TranslateLocal(TextFolderProblem):
    """Any two languages, your own text in --source_dir (--source_language, --target_language).

    From English to French its files are `train.en` and `train.fr`, or `train.tsv` with English,
    tab, French on a line, further columns being ignored; plain, `.gz` or `.xz`; the same for dev
    and, if there is one, for test. Prepared data is named after the pair, so that a folder may hold
    several.

    Args:
        source_language: code of the language translated from, as the files' names have it.
        target_language: code of the language translated to.

    Raises:
        InvalidError: when they are not two codes.

    Example:
        >>> problem = t2t_vq.registry.problem("translate_local", "en", "de")
        >>> problem.generate_data("t2t_vq_data", source_dir="my_text")
        >>> sources, references = problem.text("t2t_vq_data", "dev")
    """

    files_name = "translate_local"

    def __init__(
        self, source_language: str | None = None, target_language: str | None = None
    ) -> None:
        source = self._checked("source_language", source_language)
        target = self._checked("target_language", target_language)
        if source == target:
            raise InvalidError(
                f"The source_language and the target_language of {self.name} are both {source}. "
                "Give two languages."
            )
        self.arguments = (source, target)
        self.languages = self.arguments[::-1] if self.reversed else self.arguments

    @property
    def corpus_name(self) -> str:
        """What the files are called, the languages of both sides in it."""
        return ".".join((super().corpus_name, *self.languages))

    @property
    def flags(self) -> str:
        """What a user types to choose the problem and its languages."""
        source, target = self.arguments
        return f"{super().flags} --source_language={source} --target_language={target}"

    @classmethod
    def find_arguments(cls, languages: Sequence[str], data_dir: StrPath) -> tuple[str, ...]:
        """Returns the pair of languages that is asked for, or else the one there is data of."""
        if languages:
            return tuple(languages)
        name = cls.files_name or cls.registered_name
        names = sorted(path.name.split(".") for path in pathlib.Path(data_dir).glob(f"{name}.*"))
        found = [name[1:3] for name in names if len(name) == 4 and name[3] == "json"]
        if len(found) != 1:
            there = " and ".join(map("-".join, found))
            raise InvalidError(
                f"{cls.registered_name} needs two languages: --source_language=en "
                f"--target_language=fr, say. {data_dir} tells none, as it holds data of "
                f"{there or 'no pair'}."
            )
        return tuple(found[0][::-1] if cls.reversed else found[0])

    def _checked(self, name: str, code: str | None) -> str:
        if not isinstance(code, str) or not _CODE.fullmatch(code) or code in _NO_CODES:
            raise InvalidError(
                f"{self.name} needs two languages, and its {name} is {code!r}. Give a code with "
                "which names of files may end, such as en or pt-BR."
            )
        return code


@register_problem
class TranslateLocalRev(TranslateLocal):
    """Any two languages, the data of translate_local for these the other way round."""

    reversed = True


@register_problem
class TranslateLocalDistill(Distilled, TranslateLocal):
    """Any two languages, your text with a teacher's translations (t2t-vq-distill)."""


@register_problem
class TranslateLocalRevDistill(Distilled, TranslateLocalRev):
    """Any two languages the other way round, with a teacher's translations (t2t-vq-distill)."""
