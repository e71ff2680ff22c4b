"""Refusals of pickles, which are code, with the command that converts each."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import NoReturn

from pipeline.core.errors import PipelineError

_PICKLE = "this is a pickle ({kind}): reading one runs code inside it"
_TO_ARRAYS = "save words and vectors with numpy.savez"
_SAVE = "save_word2vec_format(sys.argv[2], binary=True)"
# The class that a gensim pickle names first > what it is, and the Python that writes its vectors as a plain file.
_GENSIM = {
    b"FastTextKeyedVectors": (
        "gensim FastTextKeyedVectors",
        f"from gensim.models.fasttext import FastTextKeyedVectors as F; F.load(sys.argv[1]).{_SAVE}",
    ),
    b"FastText": (
        "gensim FastText",
        "from gensim.models.fasttext import FastText, save_facebook_model as save; "
        "save(FastText.load(sys.argv[1]), sys.argv[2])",
    ),
    b"KeyedVectors": (
        "gensim KeyedVectors",
        f"from gensim.models import KeyedVectors; KeyedVectors.load(sys.argv[1]).{_SAVE}",
    ),
    b"Word2Vec": (
        "gensim Word2Vec",
        f"from gensim.models import Word2Vec; Word2Vec.load(sys.argv[1]).wv.{_SAVE}",
    ),
}


_TEXT_PICKLES = (b"(dp", b"(lp", b"(ip", b"ccopy_reg\n", b"cnumpy.", b"cgensim.", b"ccollections\n")
_PYTORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # the number that torch.save wrote first until 1.5


def is_pickle(data: bytes) -> bool:
    """Whether a file begins as a pickle does, of any protocol."""
    binary = data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
    return binary or data.startswith(_TEXT_PICKLES)


def refuse_pickle(path: Path, head: bytes) -> NoReturn:
    """Raise PipelineError with the command that converts the pickle, if gensim wrote it."""
    if head.startswith(_PYTORCH):
        raise PipelineError("pickle-not-opened", str(path), _PICKLE.format(kind="PyTorch"), _TO_ARRAYS)
    named = [name for name in _GENSIM if name in head[:2000]]
    if b"gensim" not in head[:2000] or not named:
        raise PipelineError(
            "pickle-not-opened", str(path), _PICKLE.format(kind="of no gensim vectors"), _TO_ARRAYS
        )
    kind, code = _GENSIM[min(named, key=head.index)]
    raise PipelineError("pickle-not-opened", str(path), _PICKLE.format(kind=kind), _convert(path, code))


def refuse_array_of_pickle(path: Path) -> None:
    """Raise PipelineError for an .npy array that gensim wrote beside a pickle: it extends the pickle's name."""
    parts = path.name.split(".")
    owners = [path.with_name(".".join(parts[:at])) for at in range(len(parts) - 1, 0, -1)]
    for owner in filter(Path.is_file, owners):
        with owner.open("rb") as file:
            head = file.read(2000)
        if is_pickle(head):
            refuse_pickle(owner, head)


def _convert(path: Path, code: str) -> str:
    source, target = shlex.quote(str(path)), shlex.quote(str(path.with_suffix(".bin")))
    return f'if you trust it, convert it: python -c "import sys; {code}" {source} {target}'
