"""A tokenizer.json beside a static embedding: which rows a word is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_AT_ONCE = 10_000
EXTRA = "static"


@dataclass(frozen=True, eq=False)
class Tokens:
    """A tokenizer as a static embedding uses it: without padding, cutting and tokens of its own."""

    path: Path
    tokenizer: Tokenizer
    unknown: int | None  # the token for what it does not know

    def __len__(self) -> int:
        """Return how many rows its tokens need."""
        return max(self.tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1

    def numbers(self) -> dict[str, int]:
        """Return each token, as the file writes it, with its number, in the order of these."""
        vocabulary = self.tokenizer.get_vocab(with_added_tokens=True)
        return dict(sorted(vocabulary.items(), key=lambda item: item[1]))

    def pieces(self, words: Sequence[str], drop_unknown: bool) -> list[list[int]]:
        """Return the tokens of each word; of one that holds nothing but unknown pieces none.

        Parameters
        ----------
        drop_unknown : leave unknown pieces out of words that have others too
        """
        found: list[list[int]] = []
        for first in range(0, len(words), _AT_ONCE):
            batch = list(words[first : first + _AT_ONCE])
            for encoded in self.tokenizer.encode_batch(batch, add_special_tokens=False):
                known = [token for token in encoded.ids if token != self.unknown]
                found.append(known if drop_unknown or not known else encoded.ids)
        return found


def load_tokenizer(path: Path) -> Tokens | str:
    """Return a tokenizer; where it cannot be used a sentence that says why, for the words that need none of it."""
    alone = "only words that are one token have vectors"
    try:
        from tokenizers import Tokenizer
    except ImportError:
        return f"{alone}: cutting the others needs the package tokenizers; run `pip install -e '.[{EXTRA}]'`"
    try:
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return Tokens(path, tokenizer, _unknown(tokenizer))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the library raises bare exceptions; its panics are no Exception
        return f"{alone}: {path.name} cannot be used by the package tokenizers ({error})"


def _unknown(tokenizer: Tokenizer) -> int | None:
    """Return the number of the token for what is unknown; Unigram keeps its number, other models its name."""
    import json

    token = getattr(tokenizer.model, "unk_token", None)
    if token is not None:
        return tokenizer.token_to_id(token)
    unknown = json.loads(tokenizer.to_str())["model"].get("unk_id")
    return unknown if isinstance(unknown, int) else None
