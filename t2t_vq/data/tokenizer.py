"""Joint SentencePiece vocabularies: training one, and text to ids and back."""

import hashlib
import io
import pathlib
from collections.abc import Iterable

from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath

PAD_ID = 0
EOS_ID = 1
UNK_ID = 2

# The trainer adds up its counts by thread, so that the number of threads, not of cores, decides
# the last bits: fixed, the same text gives the same vocabulary on every machine.
_TRAINING_THREADS = 16


def train_vocabulary(sentences: Iterable[str], vocab_size: int) -> bytes:
    """Trains a unigram SentencePiece vocabulary; the same sentences give the same bytes.

    Characters that it has not seen are spelled in bytes, so no text is unknown to it.

    Args:
        sentences: iterable of strings, of both languages.
        vocab_size: pieces wanted; a small text may give fewer.

    Returns:
        The serialised model, as bytes.

    Raises:
        ValueError: when the text is too small or too varied for `vocab_size`.
    """
    import sentencepiece

    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences),
            model_writer=model,
            model_type="unigram",
            vocab_size=vocab_size,
            hard_vocab_limit=False,
            byte_fallback=True,
            character_coverage=0.9998,
            pad_id=PAD_ID,
            eos_id=EOS_ID,
            unk_id=UNK_ID,
            bos_id=-1,
            num_threads=_TRAINING_THREADS,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise InvalidError(
            f"No vocabulary of {vocab_size} pieces can be trained on this text ({error}). "
            "Give more text, or choose another vocabulary size."
        ) from error
    return model.getvalue()


class Tokenizer:
    """Text to ids and back with a SentencePiece model.

    Text is normalised as usual in translation (NFKC, runs of blanks become one), so
    `decode(encode(text))` gives the normalised text.

    Args:
        model: path of a SentencePiece model, or its bytes.

    Attributes:
        vocab_size: number of ids.
        pad_id, eos_id: ids of padding (0) and of the end of a sentence (1).
        model_bytes: the serialised model.
        digest: what tells one vocabulary from another, a short string.

    Raises:
        ValueError: when it is no SentencePiece model.

    Example:
        >>> tokenizer = Tokenizer(train_vocabulary(["a house", "ein Haus"] * 50, 300))
        >>> tokenizer.decode(tokenizer.encode("a house"))
        'a house'
    """

    pad_id = PAD_ID
    eos_id = EOS_ID

    def __init__(self, model: StrPath | bytes) -> None:
        import sentencepiece

        self.model_bytes = model if isinstance(model, bytes) else pathlib.Path(model).read_bytes()
        self._pieces = sentencepiece.SentencePieceProcessor()
        try:
            self._pieces.LoadFromSerializedProto(self.model_bytes)
        except RuntimeError as error:
            name = "This" if isinstance(model, bytes) else model
            raise InvalidError(f"{name} is no vocabulary that SentencePiece can read.") from error
        self.vocab_size = self._pieces.get_piece_size()

    @property
    def digest(self) -> str:
        """A digest of the vocabulary."""
        return hashlib.sha256(self.model_bytes).hexdigest()[:16]

    @property
    def pieces(self) -> list[str]:
        """The string that each id stands for, a list."""
        return self._pieces.id_to_piece(list(range(self.vocab_size)))

    def encode(self, text: str) -> list[int]:
        """Returns the ids of `text`, a list of int that ends in `eos_id`."""
        return self._pieces.encode(text, add_eos=True)

    def encode_batch(self, texts: Iterable[str]) -> list[list[int]]:
        """Returns a list with the ids of each text."""
        # More threads gain nothing: making the lists takes most of the time.
        return self._pieces.encode(list(texts), add_eos=True, num_threads=1)

    def decode(self, ids: Iterable[int]) -> str:
        """Returns the text of `ids` up to the first `eos_id`; padding counts for nothing.

        Args:
            ids: integers, a sequence or an array `[length]`.
        """
        ids = [int(i) for i in ids]
        if EOS_ID in ids:
            ids = ids[: ids.index(EOS_ID)]
        return self._pieces.decode([i for i in ids if i != PAD_ID])

    def decode_batch(self, batch: Iterable[Iterable[int]]) -> list[str]:
        """Returns the text of each sequence of ids, or of each row of `[batch, length]`."""
        return [self.decode(ids) for ids in batch]
