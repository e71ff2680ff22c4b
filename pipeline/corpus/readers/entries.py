"""What lies in a folder: which entries are of a corpus, and which part of it a name says."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from pipeline.core.errors import PipelineError

TRAIN, TEST, VALIDATION, UNLABELLED = "train", "test", "validation", "unlabelled"
EITHER = "evaluation"  # the test part, or the validation part where another is called test

# The words of a name that say which part of a corpus a file or folder is.
PART_WORDS = {
    **dict.fromkeys(("train", "training", "trainset"), TRAIN),
    **dict.fromkeys(("test", "testing", "testset"), TEST),
    **dict.fromkeys(("validation", "valid", "val", "dev", "devset", "development"), VALIDATION),
    **dict.fromkeys(("eval", "evaluation"), EITHER),
    **dict.fromkeys(("unsup", "unsupervised", "unlabelled", "unlabeled"), UNLABELLED),
}
# The words of names of files that hold the records of a time: shards, and no classes.
PERIODS = frozenset((
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "january", "february",
    "march", "april", "june", "july", "august", "september", "october", "november", "december", "mon", "tue", "wed",
    "thu", "fri", "sat", "sun", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "q",
    "week", "day", "month", "year", "first", "second", "third", "fourth", "last", "one", "two", "three", "old", "new",
    "part", "batch", "chunk", "page", "file", "more", "extra", "a", "b", "c", "d",
))  # fmt: skip
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# What systems and unpacking leave in folders: never a document.
_OF_SYSTEMS = ("__macosx", "thumbs.db", "desktop.ini", "icon\r")
# What stands beside data files and holds no records; names in lower case.
_ABOUT_DATA = (
    "*.crc", "*.md", "*.md5", "*.sha256", "*.py", "*.ipynb", "*.sh", "*.yml", "*.yaml", "*.bib", "*.lock",
    "*readme*", "license*", "licence*", "citation*", "changelog*", "dataset_info.json", "dataset_infos.json",
    "dataset_dict.json", "dataset-metadata.json", "state.json", "croissant.json", "cache-*.arrow", "classes.txt",
    "mapping.txt", "id2label.json", "label2id.json", "label_map*.json", "class_names.*", "vocab", "vocab.txt",
    "vocab[-_.]*.txt", "*[-_]vocab.txt", "vocabulary*.txt", "*stop[-_]words*.txt", "*stopwords*.txt",
    "wordlist*.txt", "word[-_]list*.txt", "requirements*.txt", "copying*", "authors*", "contributing*",
    "disclaimer*", "notice", "notice.txt", "manifest*.txt", "checksums*", "*sha256sum*", "*md5sum*",
)  # fmt: skip
# Folders of words that lie beside the documents.
_OF_WORDS = (
    "dict",
    "dicts",
    "dictionary",
    "dictionaries",
    "lexicon",
    "lexicons",
    "vocab",
    "vocabulary",
    "stopwords",
)


def visible(folder: Path) -> list[Path]:
    """Return what a folder holds in sorted order, without what is hidden or of an operating system."""
    return [folder / entry.name for entry in entries_of(folder) if not is_hidden_name(entry.name)]


def entries_of(folder: Path) -> list[os.DirEntry[str]]:
    """Return what a folder holds in sorted order; an entry knows files from folders without asking again.

    Raises
    ------
    PipelineError
        If the folder cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        what = f"the folder cannot be read ({error.strerror})"
        raise PipelineError(
            "cannot-be-read", str(folder), what, "check the path, and who may read it"
        ) from None


def is_hidden_name(name: str) -> bool:
    """Whether a file or folder is hidden, or left by an operating system.

    >>> [is_hidden_name(name) for name in (".DS_Store", "__MACOSX", "train.csv")]
    [True, True, False]
    """
    return name.startswith(".") or name.lower() in _OF_SYSTEMS


def hidden(folder: Path) -> list[Path]:
    """Return what `visible` leaves out, in sorted order."""
    return [folder / entry.name for entry in entries_of(folder) if is_hidden_name(entry.name)]


def is_about_data(path: Path) -> bool:
    """Whether a file's name says that it tells of data and holds none."""
    return path.is_file() and tells_of_data(path.name)


def tells_of_data(name: str) -> bool:
    """Whether a name is that of a file beside data.

    >>> [tells_of_data(name) for name in ("README.md", "_SUCCESS", "train.csv", "_train.csv")]
    [True, True, False, False]
    """
    mark = name.startswith("_") and "." not in name  # of Spark, Hadoop and Delta
    return mark or any(fnmatch(name.lower(), pattern) for pattern in _ABOUT_DATA)


def holds_words(folder: Path) -> bool:
    """Whether a folder's name says that it holds a dictionary, and no documents."""
    return folder.name.lower() in _OF_WORDS


def folders_in(folder: Path) -> list[Path]:
    """Return the folders that a folder holds, in sorted order: no hidden ones, and no links to where it lies."""
    real = folder.resolve()
    above = {real, *real.parents}
    return [path for path in visible(folder) if path.is_dir() and path.resolve() not in above]


def documents_below(folder: Path) -> list[Path]:
    """Return every file below `folder`, in sorted path order, hidden files and folders left out.

    Links are followed, but each folder is entered once and none above `folder` is, so that no loop is.
    """
    return sorted(files_below(folder))


def files_below(folder: Path) -> Iterator[Path]:
    """Yield what `documents_below` returns, a folder's own files before those of folders in it."""
    real = folder.resolve()
    yield from _files_below(folder, {real, *real.parents})


def _files_below(folder: Path, entered: set[Path]) -> Iterator[Path]:
    found = [entry for entry in entries_of(folder) if not is_hidden_name(entry.name)]
    yield from (folder / one.name for one in found if _is_there(one) and one.is_file())
    for one in found:
        if _is_there(one) and one.is_dir() and (real := (folder / one.name).resolve()) not in entered:
            entered.add(real)
            yield from _files_below(folder / one.name, entered)


def _is_there(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is no link to itself or to nothing."""
    return not entry.is_symlink() or os.path.exists(entry.path)


# --- names


def part_of(name: str) -> str | None:
    """Return the part that the words of a file's or folder's name say; None where none or two are said.

    >>> [part_of(name) for name in ("train-00000-of-00002.parquet", "sst_dev.tsv", "twitter-2016test-A.txt")]
    ['train', 'validation', 'test']
    >>> [part_of(name) for name in ("contest.csv", "train_test_split.csv", "train-unsup.txt")]
    [None, None, 'unlabelled']
    """
    said = {PART_WORDS[word] for word in words_of(name) if word in PART_WORDS}
    if UNLABELLED in said:
        return UNLABELLED
    return next(iter(said)) if len(said) == 1 else None


def words_of(name: str) -> list[str]:
    """Return the words in a name, in lower case; digits, marks and capitals end a word.

    >>> words_of("twitter-2016trainA.tsv")
    ['twitter', 'train', 'a', 'tsv']
    """
    return [word.lower() for word in _WORD.findall(name)]


def is_part_alone(stem: str) -> bool:
    """Whether all that a name says is a part.

    >>> is_part_alone("train-2"), is_part_alone("train-spam")
    (True, False)
    """
    return all(word in PART_WORDS for word in words_of(stem))


def own_names(stems: Sequence[str]) -> list[str]:
    """Return of each name what tells it from the others: pieces at either end that all share are left out.

    Words that say a part are left out too. Where nothing would be left of a name, all stay whole.

    >>> own_names(["rt-polarity.neg", "rt-polarity.pos"]), own_names(["train-spam", "train-ham"])
    (['neg', 'pos'], ['spam', 'ham'])
    """
    pieces = [
        [piece for piece in re.split(r"[-_. ]+", stem) if piece and piece.lower() not in PART_WORDS]
        for stem in stems
    ]
    shortest = min(map(len, pieces))
    first = next((i for i in range(shortest) if len({one[i] for one in pieces}) > 1), shortest)
    last = next((i for i in range(shortest - first) if len({one[-1 - i] for one in pieces}) > 1), 0)
    names = [" ".join(one[first : len(one) - last]) for one in pieces]
    return names if all(names) and len({*names}) == len(names) else [*stems]


def is_series(names: Sequence[str]) -> bool:
    """Whether names differ in numbers alone, as those of the shards of one file do.

    >>> is_series(["part-00000.csv", "part-00001.csv"]), is_series(["spam.csv", "ham.csv"])
    (True, False)
    """
    return len({_NUMBER.sub("0", name.lower()) for name in names}) == 1


# a number, or the hexadecimal name that Spark and the Hub give a shard
_NUMBER = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<![a-z])(?=[a-f]*[0-9])[0-9a-f]{6,}(?![a-z])|[0-9]+"
)
