"""Bytes of words > text: UTF-8, or the encoding that the corpus speaks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

# Tried on words that are not UTF-8, in this order where several fit the corpus equally.
_OTHERS = (
    *("cp1252", "cp1251", "koi8-r", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "iso8859_15"),
    *("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"),
)
_REPLACED = "\ufffd"
_SHARE = 0.5  # of the words that are not ASCII: more of them have to be no UTF-8, or single ones are damaged


class WordDecoder:
    """Decode words, with one encoding for the whole file.

    Parameters
    ----------
    is_wanted : function or None
        Whether a word is one of the corpus; None: that is not known. Another encoding than UTF-8 is taken only
        where it gives such words.

    Attributes
    ----------
    encoding : what the words are read as
    replaced : words with bytes that are none of it, each read as U+FFFD
    """

    def __init__(self, is_wanted: Callable[[str], bool] | None) -> None:
        self._is_wanted = is_wanted
        self._decided = False
        self.encoding = "utf-8"
        self.replaced = 0

    def decode(self, words: Sequence[bytes]) -> list[str]:
        """Return the next words of the file as text."""
        if self.encoding == "utf-8":
            try:
                return [word.decode() for word in words]
            except UnicodeDecodeError:
                self._decide(words)
        decoded = [word.decode(self.encoding, "replace") for word in words]
        self.replaced += sum(_REPLACED in text for text in decoded)
        return decoded

    def _decide(self, words: Sequence[bytes]) -> None:
        """Take another encoding, once, if most words beyond ASCII are no UTF-8 and it gives wanted words."""
        is_wanted = self._is_wanted
        if self._decided or is_wanted is None:
            return
        self._decided = True
        beyond = [word for word in words if not word.isascii()]
        no_utf8 = [word for word in beyond if _REPLACED in word.decode("utf-8", "replace")]
        if len(no_utf8) <= _SHARE * len(beyond):
            return
        found = {name: sum(is_wanted(word.decode(name, "replace")) for word in no_utf8) for name in _OTHERS}
        best = max(_OTHERS, key=lambda name: found[name])
        if found[best]:
            self.encoding = best
