"""What a user names as corpus, test, validation or unlabelled text > the files that it is read from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from glob import glob, has_magic
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.corpus.built_in.table import BUILT_IN, NAMES
from pipeline.corpus.readers.archives import Unpacked
from pipeline.corpus.readers.entries import is_series
from pipeline.corpus.readers.files import stem_of
from pipeline.corpus.readers.layout import Layout, Place, Source, lay_out, lay_out_part
from pipeline.corpus.readers.packing import STANDARD_INPUT, split_part
from pipeline.corpus.readers.places import (
    CORPUS,
    check_exists,
    check_is_no_address,
    check_standard_input,
    given_path,
)
from pipeline.corpus.readers.table import read_table

_BEFORE_A_NUMBER = re.compile(r"[^A-Za-z]*[0-9]")
Named = str | Path | Sequence[str | Path]  # a file, a folder or a pattern such as "part-*.csv", or several


def names_of(named: Named) -> tuple[str, ...]:
    """Return what was named as a tuple, whether it is one or several.

    >>> names_of("a.csv"), names_of(["a.csv", Path("b.csv")])
    (('a.csv',), ('a.csv', 'b.csv'))
    """
    return (str(named),) if isinstance(named, str | Path) else tuple(map(str, named))


def find_paths(named: Named, known: Sequence[str] = (), option: str = CORPUS) -> tuple[Path, ...]:
    """Return the files and folders that were named, patterns replaced by what they match in sorted order.

    Parameters
    ----------
    named : Named
    known : sequence of str
        Names that mean a corpus without being a path, for "did you mean".
    option : str
        Where they were named.

    Raises
    ------
    PipelineError
        A path that does not exist, a pattern that matches nothing, or standard input beside others.
    """
    check_standard_input(names_of(named), option)
    paths = dict.fromkeys(path for name in names_of(named) for path in _matches(name, known))
    return tuple(paths)


def _matches(name: str, known: Sequence[str]) -> Iterator[Path]:
    path = given_path(name)
    if path.exists() or not has_magic(name):
        check_exists(path, known)
        yield path
        return
    check_is_no_address(path)
    found = sorted(glob(str(path.expanduser()), recursive=True))
    if not found:
        fix = 'correct it; "**" stands for folders of any depth'
        raise PipelineError("no-such-file", name, "no file or folder matches this pattern", fix)
    yield from map(Path, found)


def is_here(named: Named) -> bool:
    """Whether all that was named can be read on this machine."""
    return all(
        name in NAMES or split_part(Path(name).expanduser())[0].exists() or glob(name, recursive=True)
        for name in names_of(named)
    )


def corpus_name(named: Named) -> str:
    """Return what a corpus is called: as its file or folder; several files by what their names share."""
    names = names_of(named)
    if names[0] in NAMES:
        return names[0]
    first, *others = paths = [split_part(path)[0].resolve() for path in find_paths(named)]
    if first.name == str(STANDARD_INPUT):
        return "standard-input"
    if not others:
        name = first.name.lstrip(".")  # a run's folder is called after it, and is not to be hidden
        return (name if first.is_dir() else name.split(".")[0]) or "corpus"
    shared = _BEFORE_A_NUMBER.split(stem_of(first))[0] if is_series([path.name for path in paths]) else ""
    return shared or first.parent.name.lstrip(".") or "corpus"


# --- the parts of a corpus


def find_corpus(source: Named, test: Named | None, validation: Named | None, unpacked: Unpacked) -> Layout:
    """Return where the parts of a corpus lie: those that options name, else those that names say.

    Parameters
    ----------
    source, test, validation : Named
    unpacked : Unpacked
        Archives are unpacked for as long as it is open.

    Raises
    ------
    PipelineError
        A part that is both named and there, a path that does not exist, or a layout that is not clear.
    """
    found = _find_source(source, unpacked)
    for option, given, inside in (
        ("--test", test, found.test),
        ("--validation", validation, found.validation),
    ):
        if given is not None and inside is not None:
            what = f"the corpus {found.name} has a part of its own, {inside.paths[0].name}"
            raise PipelineError(
                "options-exclude-each-other",
                option,
                what,
                f"leave out {option}, or give {found.train.name} as CORPUS",
            )
    if test is not None:
        found = replace(found, test=_find_part("--test", test, unpacked))
    if validation is not None:
        found = replace(found, validation=_find_part("--validation", validation, unpacked))
    return found


def _find_source(source: Named, unpacked: Unpacked) -> Layout:
    names = names_of(source)
    built_in = [name for name in names if name in BUILT_IN]
    if built_in and len(names) > 1:
        what = "a built-in corpus is not read together with others"
        raise PipelineError("built-in-alone", built_in[0], what, "name it alone, or files alone")
    if built_in:
        return Layout(built_in[0], Source(built_in[0], (), lambda wanted: BUILT_IN[built_in[0]]()))
    paths = tuple(map(unpacked.folder_of, find_paths(source, NAMES)))
    if _is_one_file(paths):
        return Layout(str(paths[0]), _one_file(paths[0]))
    return lay_out(_place_of(paths))


def _find_part(option: str, named: Named, unpacked: Unpacked) -> Source:
    """Return the source of a test or validation part that an option names."""
    paths = tuple(map(unpacked.folder_of, find_paths(named, option=option)))
    return _one_file(paths[0]) if _is_one_file(paths) else lay_out_part(_place_of(paths))


def _is_one_file(paths: Sequence[Path]) -> bool:
    return len(paths) == 1 and not paths[0].is_dir()


def _one_file(path: Path) -> Source:
    return Source(str(path), (path,), lambda wanted: read_table(path, wanted))


def _place_of(paths: Sequence[Path]) -> Place:
    return Place.of(paths[0]) if len(paths) == 1 else Place.named(paths)
