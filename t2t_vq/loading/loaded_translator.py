"""A translation model that was loaded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from t2t_vq import registry
from t2t_vq.errors import InvalidError
from t2t_vq.loading.loaded import Loaded
from t2t_vq.paths import StrPath

if TYPE_CHECKING:
    from t2t_vq.decoding.options import Search
    from t2t_vq.line_translator import LineTranslator


class LoadedTranslator(Loaded):
    """A translation model: an export, or with more that it can do, a run.

    Args:
        path, about: see `Loaded`.
        translator: a `t2t_vq.line_translator.LineTranslator`.
        data_dir: folder of the prepared data of its problem, or None.

    Attributes:
        translator: the translator.

    Example:
        >>> model = t2t_vq.load("export/fast")
        >>> model.search.beam_size
        1
    """

    task = "translation"

    def __init__(
        self,
        path: StrPath,
        about: dict,
        translator: LineTranslator,
        data_dir: StrPath | None = None,
    ) -> None:
        super().__init__(path, about)
        self.translator = translator
        self._data_dir = data_dir

    @property
    def search(self) -> Search:
        """The `t2t_vq.decoding.options.Search` that it translates with."""
        return self.translator.search

    def translate(self, lines: Iterable[str]) -> list[str]:
        """Returns one translation a line, in order; an empty line gives an empty line.

        Args:
            lines: list of strings.

        Raises:
            TypeError: for anything else.

        Example:
            >>> translations = t2t_vq.load("export/fast").translate(["The dog sleeps.", ""])
            >>> len(translations)
            2
        """
        return self.translator.translate(lines)

    def score(
        self,
        split: str = "test",
        sources: list[str] | None = None,
        references: list[str] | None = None,
    ) -> dict[str, Any]:
        """Translates and scores.

        Args:
            split: "dev" or "test", of the prepared data of its problem.
            sources, references: lists of strings to score on instead.

        Returns:
            A dict, see `t2t_vq.evaluation.translations.score_translations`.

        Raises:
            FileNotFoundError: when there is no such split or data.
            ValueError: when there are sources and no references, or the other way round, or it is
                not known which problem it was trained for.

        Example:
            >>> model = t2t_vq.load("export/fast")
            >>> lines, references = ["The dog sleeps."], ["Der Hund schläft."]
            >>> model.score(sources=lines, references=references)["sentences"]
            1
        """
        from t2t_vq.evaluation.translations import score_translations

        if (sources is None) != (references is None):
            raise InvalidError("Sources and references are scored together. Give both, or neither.")
        if sources is None or references is None:
            sources, references = self._text(split)
        known = self.problem in registry.problems
        language = self._problem().target_language if known else ""
        return score_translations(self.translator, sources, references, language)

    def _problem(self):
        return registry.problem(self.problem, *self.about.get("languages", ()))

    def _text(self, split):
        if self.problem is None or self._data_dir is None:
            what = "of which problem it is" if self.problem is None else "where its data lies"
            raise InvalidError(
                f"{self.path} does not say {what}, so there is nothing to score it on. Load it "
                "with data_dir, or give sources and references."
            )
        return self._problem().text(self._data_dir, split)
