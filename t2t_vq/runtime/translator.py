"""An exported translation model as a function of lines of text."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from t2t_vq import processors
from t2t_vq.data.tokenizer import EOS_ID, PAD_ID, Tokenizer
from t2t_vq.decoding.options import BATCH_SIZE, sources_together
from t2t_vq.formats.exported import VOCABULARY, file_of
from t2t_vq.line_translator import LineTranslator, checked_lines
from t2t_vq.paths import StrPath
from t2t_vq.runtime import causal_latents, masked_latents
from t2t_vq.runtime.search import best_candidate, lengths_before
from t2t_vq.runtime.tokens import find_tokens

if TYPE_CHECKING:
    from t2t_vq.formats.exported import Exported
    from t2t_vq.runtime.networks import Networks

_LATENTS = {"causal": causal_latents.find_latents, "masked": masked_latents.find_latents}


class NetworkTranslator(LineTranslator):
    """Translates lines of text with the networks of an export, as its search says.

    Several batches are translated at once, one on each processor; a single one, of a line alone,
    has them all.

    Args:
        folder: of the export.
        exported: the `t2t_vq.formats.exported.Exported` that it holds.
        open_networks: function from a number of calls at a time to the networks, a mapping of names
            to `t2t_vq.runtime.networks.Network`.
        batch_size: most candidates decoded together. Default 64.

    Attributes:
        search: the `t2t_vq.decoding.options.Search` that the export holds.

    Raises:
        ValueError: when the batch size is less than 1, or the vocabulary cannot be read.

    Example:
        >>> from t2t_vq import runtime
        >>> runtime.load("export/fast").search.beam_size
        1
    """

    def __init__(
        self,
        folder: StrPath,
        exported: Exported,
        open_networks: Callable[[int], Networks],
        batch_size: int = BATCH_SIZE,
    ) -> None:
        self._details = cast(Any, exported.details)
        self.search = self._details.search
        self.target_lengths = dict(self._details.target_lengths)
        super().__init__(
            Tokenizer(file_of(folder, VOCABULARY)),
            sorted(self.target_lengths),
            sources_together(self.search, batch_size),
            num_threads=processors.usable(),
        )
        self._open = open_networks

    def compile_for(self, lines: Iterable[str]) -> None:
        cut_before = self.num_cut
        self.translate(checked_lines(lines)[: self.batch_size * self.num_threads])
        self.num_cut = cut_before

    def translate_batch(self, sources: Sequence[Sequence[int]]) -> np.ndarray:
        return self._translate(self._open(1), sources)

    def _most_rows(self, num_sources):
        # So that no processor is without.
        return min(self.batch_size, max(1, -(-num_sources // self.num_threads)))

    def _translate_batches(self, batches):
        if len(batches) < 2 or self.num_threads < 2:
            return [self.translate_batch(batch) for batch in batches]
        translate = functools.partial(self._translate, self._open(self.num_threads))
        return self.in_threads(translate, batches)

    def _translate(self, networks, sources):
        most = self.target_lengths[self.length_of(sources)]
        source = np.full((len(sources), max(map(len, sources))), PAD_ID, np.int32)
        for row, ids in enumerate(sources):
            source[row, : len(ids)] = ids
        candidates = self._candidates(networks, source, most)
        if not self._details.is_rescored:
            return candidates[:, 0]
        needed = lengths_before(candidates, EOS_ID).max() + 1
        scored = networks["rescorer"]({"source": source, "candidates": candidates[..., :needed]})
        return best_candidate(candidates, scored["likelihoods"], EOS_ID, self.search.alpha)

    def _candidates(self, networks, source, most):
        """Returns `[batch, num_candidates, length]` int32, best first."""
        details = self._details
        if details.predictor == "tokens":
            return find_tokens(networks, source, most, self.search, EOS_ID)
        length = most >> details.compress_steps
        memory = networks["encoder"]({"source": source, "most": np.array(length, np.int32)})
        codebooks = (details.num_codes, details.num_codebooks)
        latents = _LATENTS[details.predictor](
            networks, source, memory, length, self.search, *codebooks
        )
        latents = latents.reshape(-1, length, details.num_codebooks)
        decode = networks["decoder"].bound({"source": source, "memory": memory["memory"]})
        tokens = _decode(decode, latents, details.num_codes, length)
        for _ in range(self.search.refinements):
            latents = networks["compressor"]({"tokens": tokens})["codes"]
            tokens = _decode(decode, latents, details.num_codes, length)
        return tokens.reshape(len(source), -1, tokens.shape[-1])


def _decode(decode, latents, num_codes, length):
    """Decodes `[rows, latents, C]` without the positions that no row needs, of `length` there are.

    Where there are more, an end follows, which a compressor and a rescorer must see.
    """
    needed = (latents[..., 0] != num_codes).sum(axis=1).max()
    tokens = decode({"codes": latents[:, :needed]})["tokens"]
    block = tokens.shape[1] // needed if needed < length else 0
    return np.pad(tokens, [(0, 0), (0, block)], constant_values=EOS_ID)
