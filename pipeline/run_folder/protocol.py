"""A plan that is written before anything is fitted, and what a run did otherwise.

`--protocol FILE` has two uses. Where FILE is absent the run writes it, before the first fit, and nothing overwrites it
afterwards. Where it is there, the run is held to it: each difference is named. The run folder keeps a copy.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast

from pipeline.core.errors import PipelineError
from pipeline.core.version import __version__
from pipeline.run_folder.metrics import comparisons as metrics
from pipeline.run_folder.metrics.comparisons import Breach
from pipeline.run_folder.metrics.corpus import CorpusRead
from pipeline.run_folder.metrics.rows import Detail, Free, value_as
from pipeline.settings.setting import Value
from pipeline.settings.tables import Config, deciding, to_toml

VERSION = 1
OPTION = "--protocol"
ABSENT = "absent"
ANEW = "restore it as it was written, or name a new file"
_KEYS = ("protocol", "embedseq", "written", "question", "settings", "documents", "sha256")
_NAMES = {"run.models": "models", "run.embeddings": "embeddings", "run.metric": "metric"}


@dataclass(frozen=True)
class Protocol(Detail):
    """What was laid down before anything was fitted.

    Attributes
    ----------
    embedseq : the version that wrote it
    written : when, UTC, ISO 8601
    question : what is asked, in a sentence
    settings : every setting that the answer depends on, by dotted key
    documents : name and hashes of the corpus, its split in numbers, the number of folds
    """

    embedseq: str
    written: str
    question: str
    settings: Free
    documents: Free

    @property
    def as_json(self) -> dict[str, object]:
        """The tables of the file, but for its hash."""
        return {"protocol": VERSION, **super().as_json}

    @property
    def sha256(self) -> str:
        """The hash of the content, whatever the form of the file."""
        text = json.dumps(self.as_json, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


def plan_of(config: Config, corpus: CorpusRead, question: str, written: str) -> Protocol:
    """Return the protocol of a run that has not begun."""
    settings: Free = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in deciding(config).items()
        if value is not None  # TOML has no null: an absent key means none
    }
    return Protocol(__version__, written, question, settings, documents_of(corpus))


def documents_of(corpus: CorpusRead) -> Free:
    """Return what a protocol says of the documents: a moved or renamed file is the same corpus."""
    splits = {f"{name}_documents": number for name, number in vars(corpus.splits).items()}
    hashes = {key: getattr(corpus, key) for key in ("hash", "split_hash", "unlabelled_hash")}
    known = {"documents": corpus.documents, **splits, "folds": corpus.folds, **hashes}
    return {key: value for key, value in known.items() if value is not None}


# --- the file --------------------------------------------------------------------------------------------


def write_protocol(path: Path, protocol: Protocol) -> None:
    """Write a new file, TOML, or JSON where its name ends so; two runs that begin at once do not overwrite it.

    Raises
    ------
    FileExistsError
        If it is there: another run has just written it.
    PipelineError
        If it cannot be written.
    """
    content = protocol.as_json | {"sha256": protocol.sha256}
    as_json = path.suffix.lower() == ".json"
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n" if as_json else _toml(content)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise
    except OSError as error:
        what = f"{path} cannot be written: {error.strerror}"
        raise PipelineError("cannot-be-written", OPTION, what, "name another file") from None


def _toml(content: Mapping[str, object]) -> str:
    """Return the tables as TOML."""
    tables = {name: table for name, table in content.items() if isinstance(table, dict)}
    lines = [
        "# Written by embedseq before anything was fitted. Give it to --protocol and a run is held to it.",
        *(_line(key, value) for key, value in content.items() if key not in tables),
    ]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(_line(json.dumps(key), value) for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _line(key: str, value: object) -> str:
    return f"{key} = {to_toml(cast(Value, value))}"


def read_protocol(path: Path) -> Protocol:
    """Return the protocol in a file.

    Raises
    ------
    PipelineError
        If it cannot be read, is no protocol, or is not what was written: where, what, what to do.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise PipelineError(
            "cannot-be-read", str(path), f"it cannot be read: {error.strerror}", "correct --protocol"
        ) from None
    except UnicodeDecodeError as error:
        raise PipelineError("protocol-damaged", str(path), f"byte {error.start} is not UTF-8", ANEW) from None
    content = _parsed(path, text)
    missing = [key for key in _KEYS if key not in content]
    if missing:
        what = f"this is no protocol that --protocol has written: it lacks {', '.join(missing)}"
        raise PipelineError("protocol-damaged", str(path), what, ANEW)
    if content["protocol"] != VERSION:
        what = f"protocol is {content['protocol']}; this version reads {VERSION}"
        raise PipelineError("other-version", str(path), what, "use the version of embedseq that wrote it")
    try:
        protocol = value_as(Protocol, content)
    except (ValueError, TypeError) as error:  # TypeError: a date, which TOML has and JSON has not
        raise PipelineError(
            "protocol-damaged", str(path), f"this is no protocol that --protocol has written ({error})", ANEW
        ) from None
    if protocol.sha256 != content["sha256"]:
        what = f"it was changed after it was written: its content has the sha256 {protocol.sha256[:16]}"
        raise PipelineError(
            "protocol-damaged", str(path), f"{what}, the file says {str(content['sha256'])[:16]}", ANEW
        )
    return protocol


def _parsed(path: Path, text: str) -> dict[str, object]:
    as_json = path.suffix.lower() == ".json"
    try:
        content: object = json.loads(text) if as_json else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = re.search(r"^(.*?):? \(?(?:at )?line (\d+),? column (\d+)", str(error))
        where, what = (f"{path}:{found[2]}:{found[3]}", found[1]) if found else (str(path), str(error))
        raise PipelineError(
            "protocol-damaged", where, f"this is not {'JSON' if as_json else 'TOML'}: {what}", ANEW
        ) from None
    return content if isinstance(content, dict) else {}


@dataclass(frozen=True)
class LaidDown(Detail):
    """A run's protocol: the file as it was named, whether the run wrote or followed it, and what it says.

    The run folder keeps it, with the hash of the content.
    """

    file: str
    use: Literal["written", "followed"]
    content: Protocol

    @property
    def as_json(self) -> dict[str, object]:
        """What the run folder keeps."""
        return {"file": self.file, "use": self.use, "sha256": self.content.sha256, "content": self.content}


def describe_protocol(
    laid_down: LaidDown | None, config: Config, corpus: CorpusRead, version: str, state: str
) -> metrics.Protocol | None:
    """Return `protocol` of metrics.json; None for a run without one.

    Parameters
    ----------
    config, corpus, version : as for `breaches`
    state : how the run ended
    """
    if laid_down is None:
        return None
    protocol = laid_down.content
    found = breaches(protocol, config, corpus, version, "" if state == "done" else state)
    return metrics.Protocol(
        file=laid_down.file,
        use=laid_down.use,
        sha256=protocol.sha256,
        written=protocol.written,
        question=protocol.question,
        kept=not found,
        breaches=tuple(found),
    )


# --- keeping to it ---------------------------------------------------------------------------------------

# What a setting is where a protocol of an earlier version says nothing of it.
DEFAULTS = {
    key: list(value) if isinstance(value, tuple) else value for key, value in deciding(Config()).items()
}


def breaches(
    protocol: Protocol, config: Config, corpus: CorpusRead, version: str, ended: str = ""
) -> list[Breach]:
    """Return everything that a run does otherwise, in the order of the protocol.

    Parameters
    ----------
    protocol : what was laid down
    config : the settings of the run
    version : of embedseq in this run
    ended : how the run ended, where that is not as planned
    """
    settings = plan_of(config, corpus, protocol.question, protocol.written).settings
    found = [
        *_differing({"embedseq": version}, {"embedseq": protocol.embedseq}),
        *_differing(settings, protocol.settings, DEFAULTS),
        *_differing(documents_of(corpus), protocol.documents),
    ]
    return found + ([Breach("end", ended, "done")] if ended else [])


def _differing(
    run: Mapping[str, object],
    protocol: Mapping[str, object],
    defaults: Mapping[str, object] = MappingProxyType({}),
) -> Iterator[Breach]:
    for key in dict.fromkeys([*protocol, *run]):
        planned = protocol.get(key, defaults.get(key))
        if run.get(key) != planned:
            yield Breach(_NAMES.get(key, key.removeprefix("run.")), _words(run.get(key)), _words(planned))


def _words(value: object) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_words, value)) or "none"
    text = (
        str(value).lower()
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
    return f"{text[:12]}..." if len(text) == 64 else text  # a sha256
