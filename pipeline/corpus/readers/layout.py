"""How files and folders make up a corpus: parts (train, test ..), shards, a file or a folder a class."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.errors import PipelineError, first_places
from pipeline.core.warned import Warned, warning
from pipeline.core.wording import quoted
from pipeline.corpus.readers.entries import (
    EITHER,
    TEST,
    TRAIN,
    UNLABELLED,
    VALIDATION,
    files_below,
    folders_in,
    hidden,
    holds_words,
    is_about_data,
    is_part_alone,
    is_series,
    part_of,
    visible,
)
from pipeline.corpus.readers.files import (
    Files,
    FoldersOfTables,
    are_classes,
    holds_tables,
    is_prose,
    is_table,
    stem_of,
    two_candidates,
    word_lists,
)
from pipeline.corpus.readers.folders import read_classes, read_folder
from pipeline.corpus.readers.parallel import Pair, hold_pairs, pairs_of, read_pairs
from pipeline.corpus.readers.records import RawTable
from pipeline.corpus.readers.several import join

NAMES_SHOWN = 5
_HUB_CACHE = {"blobs", "refs", "snapshots"}  # the folders of a repository in the cache of huggingface_hub


@dataclass(frozen=True)
class Source:
    """What a corpus or one part of it is read from: its name in messages, its files or folders, how it is read."""

    name: str
    paths: tuple[Path, ...]
    read: Callable[[Sequence[str]], RawTable]


@dataclass(frozen=True)
class Layout:
    """Where the parts of a corpus lie; `train` is all of it where no names say otherwise."""

    name: str  # of the whole, in messages
    train: Source
    test: Source | None = None
    validation: Source | None = None
    unlabelled: Source | None = None
    has_parts: bool = False
    assumptions: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()


@dataclass(frozen=True)
class Place:
    """What a corpus is looked for in: the entries of a folder, or files and folders that were named.

    Attributes
    ----------
    name : what it is called in messages
    folder : None where the entries were named one by one
    files, folders : without those that hold nothing
    ignored : names of what lies there beside them, and holds no records
    """

    name: str
    folder: Path | None
    files: tuple[Path, ...]
    folders: tuple[Path, ...]
    ignored: tuple[str, ...] = ()

    @classmethod
    def of(cls, folder: Path) -> Place:
        """Return what lies in a folder."""
        entries = visible(folder)
        files = [path for path in entries if path.is_file() and not is_about_data(path)]
        folders = folders_in(folder)
        told = [path.name for path in (*hidden(folder), *entries) if path not in {*files, *folders}]
        return cls(str(folder), folder, tuple(files), tuple(folders), tuple(told))

    @classmethod
    def named(cls, paths: Sequence[Path]) -> Place:
        """Return what was named one by one."""
        name = first_places(paths, 1)
        files = tuple(path for path in paths if not path.is_dir())
        return cls(name, None, files, tuple(path for path in paths if path not in files))

    def filled_folders(self) -> list[Path]:
        """Return the folders in which anything lies."""
        return [path for path in self.folders if next(files_below(path), None) is not None]


def lay_out(place: Place) -> Layout:
    """Return the layout of a corpus: parts by their names, in a folder or in the one folder that it holds.

    Raises
    ------
    PipelineError
        Several layouts that would do, or none; what was found is named.
    """
    inner = _innermost(place)
    told = [] if inner is place else [f"{place.name}: the corpus lies in {inner.folder}"]
    parts = _parts(inner)
    if TRAIN not in parts:
        _check_training(inner, parts)
        spare = [path for path in parts.get(UNLABELLED, []) if path.is_file()]
        whole = _whole(replace(inner, files=tuple(path for path in inner.files if path not in spare)))
        return Layout(
            inner.name,
            whole,
            unlabelled=_source_of_part(UNLABELLED, spare) if spare else None,
            assumptions=(*told, *_ignored(inner, whole), *_links(inner, whole.paths)),
        )
    chosen = {part: _settle(part, paths, inner) for part, paths in parts.items()}
    sources = {part: _source_of_part(part, paths) for part, paths in chosen.items()}
    said = "; ".join(f"{part} is {_relative(inner, source)}" for part, source in sources.items())
    used = {path for paths in chosen.values() for path in paths}
    return Layout(
        inner.name,
        train=sources[TRAIN],
        test=sources.get(TEST),
        validation=sources.get(VALIDATION),
        unlabelled=sources.get(UNLABELLED),
        has_parts=True,
        assumptions=(
            *told,
            f"{inner.name}: {said}",
            *_ignored(inner, sources[TRAIN]),
            *_links(inner, [path for source in sources.values() for path in source.paths]),
        ),
        warnings=tuple(_not_read(inner, used)),
    )


def lay_out_part(place: Place) -> Source:
    """Return the source of what is one part of a corpus: a test file, or a folder of classes.

    Raises
    ------
    PipelineError
        A place that has parts of its own.
    """
    found = lay_out(place)
    if found.has_parts:
        what = "a corpus with parts of its own lies here"
        raise PipelineError(
            "corpus-ambiguous", place.name, what, f"name one of them, such as {found.train.name}"
        )
    return found.train


def _innermost(place: Place) -> Place:
    """Return the folder in which the corpus lies, where a folder holds that one alone."""
    folders = _snapshots(place) or place.filled_folders()
    if place.folder is None or len(folders) != 1 or any(is_table(path) for path in place.files):
        return place
    inner = Place.of(folders[0])
    if are_classes(place.files):
        if holds_words(folders[0]):
            return place
        names = first_places([path.name for path in place.files])
        what = f"both the text files ({names}) and the folder {inner.name} could be the corpus"
        raise PipelineError("corpus-ambiguous", place.name, what, f"name the files, or {inner.name}")
    is_class = not inner.filled_folders() and not any(is_table(path) for path in inner.files)
    if is_class and not are_classes(inner.files):
        return place  # its files are documents
    return _innermost(inner)


def _snapshots(place: Place) -> list[Path]:
    """Return what a folder of the Hub's cache holds: each version of a repository, as links to its files."""
    if not {path.name for path in place.folders} >= _HUB_CACHE:
        return []
    (versions,) = (path for path in place.folders if path.name == "snapshots")
    found = folders_in(versions)
    if len(found) > 1:
        what = (
            f"there are {len(found)} versions of the corpus ({first_places([path.name for path in found])})"
        )
        raise PipelineError("corpus-ambiguous", place.name, what, f"name one of them, such as {found[0]}")
    return found


# --- parts


def _parts(place: Place) -> dict[str, list[Path]]:
    """Return the files and folders whose names say a part of a corpus, by part.

    Where a folder of another name stands beside them, folders are classes. Files that were named one by one are parts
    where all are and training is one of them; else the user wants them as one.
    """
    found: dict[str, list[Path]] = {}
    folders = place.filled_folders()
    beside = any(part_of(path.name) is None for path in folders)
    files = [path for path in place.files if is_table(path) or is_prose(path)]
    for path in sorted([*files, *([] if beside else folders)]):
        part = part_of(path.name)
        if part is not None:
            found.setdefault(part, []).append(path)
    if place.folder is None and (folders or len(found) < 2 or sum(map(len, found.values())) < len(files)):
        return {}
    if EITHER in found:
        found.setdefault(VALIDATION if TEST in found else TEST, []).extend(found.pop(EITHER))
    return {part: found[part] for part in (TRAIN, VALIDATION, TEST, UNLABELLED) if part in found}


def _check_training(place: Place, parts: dict[str, list[Path]]) -> None:
    """Raise PipelineError where a file is a test part by its name, and which is the training part is not said."""
    for part in (TEST, VALIDATION):
        others = [path for path in place.files if path not in parts.get(part, []) and is_table(path)]
        if others and part in parts and parts[part][0].is_file():
            what = f'"{parts[part][0].name}" is the {part} part by its name, and none is called {TRAIN}'
            fix = f"name the training file as CORPUS, such as {others[0]}, and {parts[part][0]} with --{part}"
            raise PipelineError("no-training-file", place.name, what, fix)


def _settle(part: str, paths: Sequence[Path], place: Place) -> list[Path]:
    """Return those of the candidates for a part that it is read from.

    All of a series are; beside others the one that is called as the part alone; else all, if each is a class.
    """
    if len(paths) == 1:
        return [*paths]
    if pairs := pairs_of(paths):
        return [path for pair in pairs for path in (pair.texts, pair.labels)]
    alone = [path for path in paths if is_part_alone(stem_of(path))]
    shards = is_series([path.name for path in paths])
    if any(path.is_dir() for path in paths) or (len(alone) > 1 and not shards):
        raise two_candidates(place.name, paths, part)
    return alone if len(alone) == 1 and not shards else [*paths]


def _source_of_part(part: str, paths: list[Path]) -> Source:
    if paths[0].is_dir() and part != UNLABELLED:  # a folder of texts without labels has no layout
        return _whole(_innermost(Place.of(paths[0])))
    if pairs := pairs_of(paths):
        return _of_pairs(pairs)
    files = Files(first_places(paths, 1), tuple(paths), part)
    return Source(files.name, files.paths, files.read)


# --- what has no parts


def _whole(place: Place) -> Source:
    """Return the source of everything in a place: files of records, a file a class, or a folder a class."""
    tables = [path for path in place.files if is_table(path)]
    folders = place.filled_folders()
    pairs = pairs_of(place.files)
    if pairs and {*tables} <= {path for pair in pairs for path in (pair.texts, pair.labels)}:
        return _of_pairs(pairs, place)
    if len(folders) == 1 and holds_words(folders[0]) and are_classes(place.files):
        folders = []
    with_tables = [path for path in folders if holds_tables(path)]
    if tables and len(folders) - len(with_tables) < 2:
        return _of_files(place, tables)
    if with_tables and len(with_tables) == len(folders):
        return _of_folders_with_tables(place, folders)
    if not folders and are_classes(place.files):
        prose = [path for path in place.files if is_prose(path)]
        words = word_lists(prose) if place.folder else []
        return _of_files(place, [path for path in prose if path not in words], words)
    return _of_class_folders(place)


def _of_pairs(pairs: Sequence[Pair], place: Place | None = None) -> Source:
    """Return the source of texts with labels in other files; `place` is where files beside them are told of."""
    paths = tuple(path for pair in pairs for path in (pair.texts, pair.labels))
    name = place.name if place else first_places([pair.texts for pair in pairs], 1)

    def read(wanted: Sequence[str]) -> RawTable:
        table = read_pairs(pairs, name)
        left = _not_read(place, {*paths}) if place else ()
        return replace(table, warnings=(*table.warnings, *left))

    return Source(name, paths, read)


def _of_files(place: Place, paths: Sequence[Path], words: Sequence[Path] = ()) -> Source:
    """Return the source of files that are read as one table; `words` are word lists beside them."""
    files = Files(place.name if len(paths) > 1 else str(paths[0]), tuple(paths))

    def read(wanted: Sequence[str]) -> RawTable:
        table = files.read(wanted)
        left = _not_read(place, {*paths, *words})
        return replace(table, warnings=(*table.warnings, *_word_lists(place, words), *left))

    return Source(files.name, files.paths, read)


def _of_class_folders(place: Place) -> Source:
    if place.files and not place.folders:
        what = f"there is text without labels ({first_places([path.name for path in place.files])})"
        fix = "put the documents of each class in a folder named after it"
        raise PipelineError("no-class-folders", place.name, f"{what}, and no folder for each class", fix)
    folder, folders = place.folder, place.folders
    if hold_pairs(folders):
        names = quoted([path.name for path in folders])
        what = f"the folders {names} hold files of the same names: they look like texts and their labels, no classes"
        fix = "join them as columns of one .csv, called text and label"
        raise PipelineError("no-class-folders", place.name, what, fix)
    if folder is not None:
        return Source(place.name, (folder,), lambda wanted: read_folder(folder))
    if place.files:
        fix = "name files alone, or folders"
        raise PipelineError("files-beside-folders", place.name, "files and folders are named together", fix)
    if all(map(_has_class_folders, folders)):
        return Source(place.name, folders, lambda wanted: join([*map(read_folder, folders)], place.name))
    common = Path(os.path.commonpath([path.parent for path in folders]))
    unlabelled = [path for path in folders if part_of(path.name) == UNLABELLED]
    classes = [path for path in folders if path not in unlabelled]
    return Source(str(common), folders, lambda wanted: read_classes(common, classes, unlabelled))


def _has_class_folders(folder: Path) -> bool:
    place = Place.of(folder)
    return len(place.filled_folders()) > 1 and not place.files


def _of_folders_with_tables(place: Place, folders: Sequence[Path]) -> Source:
    """Return the source of folders of tables: each a class, or a value of a column that its name tells."""
    layouts = [lay_out(Place.of(path)) for path in folders]
    if any(layout.has_parts for layout in layouts):
        what = f"the folders {quoted([path.name for path in folders])} each hold a corpus of their own"
        raise PipelineError("corpus-ambiguous", place.name, what, f"name one of them, such as {folders[0]}")
    files = {path: layout.train.paths for path, layout in zip(folders, layouts, strict=True)}
    return Source(place.name, tuple(folders), FoldersOfTables(place.name, files).read)


# --- what is said


def _ignored(place: Place, train: Source) -> Iterator[str]:
    """Yield what lies in a folder of tables and holds no records."""
    if place.ignored and train.paths != (place.folder,):  # folders of documents tell it themselves
        yield f"{place.name}: not read, since they hold no records: {first_places(place.ignored, NAMES_SHOWN)}"


def _not_read(place: Place, used: Collection[Path]) -> Iterator[Warned]:
    """Yield a warning that names the files and folders that are no part of the corpus."""
    left = [path.name for path in (*place.files, *place.filled_folders()) if path not in used]
    if left:
        yield warning("files-not-read", f"{place.name}: not read: {first_places(left, NAMES_SHOWN)}")


def _word_lists(place: Place, words: Sequence[Path]) -> Iterator[Warned]:
    """Yield a warning that names the files with a word a line, which are no classes."""
    if words:
        names = first_places([path.name for path in words], NAMES_SHOWN)
        then = "to have classes of them, name all files"
        told = f"{place.name}: not read, since their lines are single words: {names}; {then}"
        yield warning("word-lists-not-read", told)


def _links(place: Place, paths: Iterable[Path]) -> Iterator[str]:
    """Yield which files of a folder are links to files elsewhere."""
    if place.folder is not None:
        real = place.folder.resolve()
        out = [path for path in paths if path.is_file() and real not in path.resolve().parents]
        if out:
            names = first_places([str(path.relative_to(place.folder)) for path in out])
            yield f"{place.name}: links to files outside the folder are read: {names}"


def _relative(place: Place, source: Source) -> str:
    names = [str(path.relative_to(place.folder)) if place.folder else path.name for path in source.paths]
    return first_places(names)
