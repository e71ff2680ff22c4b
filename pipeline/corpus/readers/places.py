"""Where a corpus is said to lie: a path that is there, standard input, or something that is neither."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.corpus.public_sets import home_of
from pipeline.corpus.readers.packing import STANDARD_INPUT, split_part

CORPUS = "CORPUS"
FROM_STANDARD_INPUT = ("-", "/dev/stdin")  # how it is asked for

# Path makes one slash of two; a single letter before the colon is a drive of Windows.
_ADDRESS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+):/+(.*)")
_HOST = re.compile(r"(www\.[\w.-]+|[\w-]+(\.[\w-]+)*\.(com|org|net|edu|io|co|ai))/.+", re.IGNORECASE)
_FETCH = {
    "s3": "copy it here first (aws s3 cp), and give the file",
    "gs": "copy it here first (gcloud storage cp), and give the file",
    "hf": "download it first (hf download), and give the folder",
    "file": "give the path alone",
}


def given_path(source: str | Path) -> Path:
    """Return the path of what was given; `-` is standard input, whatever file is called so."""
    if str(source) in FROM_STANDARD_INPUT:
        return STANDARD_INPUT
    path = Path(source)
    return path.absolute() if path == STANDARD_INPUT else path


def check_standard_input(names: Sequence[str], option: str) -> None:
    """Raise PipelineError where standard input is to be anything else than the whole CORPUS."""
    if not {*names} & {*FROM_STANDARD_INPUT}:
        return
    if option != CORPUS:
        raise PipelineError(
            "standard-input-alone", option, "standard input is read as CORPUS alone", "give a file"
        )
    if len(names) > 1:
        raise PipelineError(
            "standard-input-alone",
            str(STANDARD_INPUT),
            "it is not read together with files",
            "give it alone, or files alone",
        )


def check_exists(path: Path, known: Sequence[str] = ()) -> None:
    """Raise PipelineError that says what to do where there is no file or folder at `path`.

    Parameters
    ----------
    path : Path
    known : sequence of str
        Names that mean a corpus without being a path, for "did you mean".
    """
    if path == STANDARD_INPUT or path.exists():
        return
    check_is_no_address(path)
    file, parts = split_part(path)
    if not parts or not file.exists():
        raise _missing(file, known)


def check_is_no_address(path: Path) -> None:
    """Raise PipelineError where a path that is not there reads like an address."""
    address, bare = _ADDRESS.fullmatch(path.as_posix()), _HOST.fullmatch(path.as_posix())
    if address is None and bare is None:
        return
    scheme, rest = (address[1].lower(), address[2]) if address else ("https", path.as_posix())
    slashes = ":///" if scheme == "file" else "://"
    fix = _FETCH.get(scheme, "download it first, and give the file")
    raise PipelineError(
        "address-not-fetched",
        f"{scheme}{slashes}{rest}",
        "this is an address, and no address is ever fetched",
        fix,
    )


def _missing(path: Path, known: Sequence[str]) -> PipelineError:
    """Return an error that names the home of a public data set, or the nearest sibling."""
    what = "there is no such file or folder"
    built_in = f"a built-in corpus ({', '.join(known)})"
    home = home_of(path.as_posix())
    if home is not None:
        what += ", and no data set is downloaded"
        fix = f"fetch it from {home} and give the file or folder (data/README.md says how)"
        return PipelineError("no-such-file", str(path), what, f"{fix}, or give {built_in}" if known else fix)
    siblings = [child.name for child in path.parent.iterdir()] if path.parent.is_dir() else []
    close = get_close_matches(path.name, [*siblings, *known], n=1)
    if close:
        near = close[0] if close[0] in known else str(path.with_name(close[0]))
        return PipelineError("no-such-file", str(path), what, f'did you mean "{near}"?')
    return PipelineError(
        "no-such-file",
        str(path),
        what,
        f"give a file, a folder, or {built_in}" if known else "give a file, a folder",
    )
