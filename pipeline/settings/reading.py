"""Settings from a TOML file, `--set` and options: all mistakes at once, each with its line and column."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import starmap
from pathlib import Path
from types import MappingProxyType

from pipeline.core.errors import PipelineError, SeveralMistakes, did_you_mean, first_places
from pipeline.settings.setting import AUTO, CountOrAuto, Paths, Value, is_utf8, one_or_several
from pipeline.settings.tables import SETTINGS, TABLES, TUNED_TABLES, Config, get, quicken, with_values

_HEADER = re.compile(r"\s*\[{1,2}\s*(?P<name>[^\[\]]+?)\s*\]{1,2}\s*(#.*)?$")
_KEY = re.compile(r"""\s*(?P<name>[A-Za-z0-9_."' \t-]+?)\s*=""")
_TRIPLE = re.compile(r"\"\"\"|'''")


def place(file: Path, text: str, table: str, key: str | None = None) -> str:
    """Return `file:line:column` (from 1) of a table, or of a key in it; the file alone if it is not found.

    A key is found under its header, as `table.key =`, and inside `table = { key = ... }`.
    """
    wanted = table if key is None else f"{table}.{key}"
    for number, line, name, start in _names(text):
        if f"{name}.".startswith(f"{wanted}."):
            return f"{file}:{number}:{start + 1}"
        if name == table and key is not None:
            inner = re.search(rf"""[{{,]\s*(["']?{re.escape(key)}["']?)\s*[=.]""", line)
            if inner:
                return f"{file}:{number}:{inner.start(1) + 1}"
    return str(file)


@lru_cache(maxsize=1)  # every key of a file is looked for
def _names(text: str) -> tuple[tuple[int, str, str, int], ...]:
    """Return the lines that name a table or a key: number (from 1), a key's line, full name, its start (from 0)."""
    found: list[tuple[int, str, str, int]] = []
    current, in_string = "", False
    for number, line in enumerate(text.split("\n"), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header and not in_string:
            current = _bare(header["name"])
            found.append((number, "", current, line.index("[")))
        elif key and not in_string:
            name = _bare(key["name"])
            found.append((number, line, f"{current}.{name}" if current else name, key.start("name")))
        in_string ^= len(_TRIPLE.findall(line)) % 2 == 1
    return tuple(found)


def _bare(name: str) -> str:
    """Return a key without quotes and blanks, as in `networks . "units"`."""
    return ".".join(part.strip().strip("\"'") for part in name.split("."))


@dataclass(frozen=True)
class _Given:
    """A value that the user gave, with the place where it stands."""

    key: str
    value: Value
    where: str


Convert = Callable[..., Value]  # a raw value and the type of its key
Read = _Given | PipelineError  # a value, or in its place the mistake


def load_config(
    file: Path | None = None,
    overrides: Sequence[str] = (),
    options: Mapping[str, object] = MappingProxyType({}),
) -> Config:
    """Return the resolved configuration: defaults, then --quick, the TOML file, --set, the options.

    Parameters
    ----------
    file : Path, optional
        A TOML file with the tables of `Config`.
    overrides : sequence of str
        `networks.units=64`, as given to --set; the last one of a key wins.
    options : mapping
        Dotted key to value, only those given on the command line; lists as comma-separated text.

    Raises
    ------
    PipelineError
        All mistakes of all layers, one a line.
    """
    in_file = [] if file is None else [*_from_file(file)]
    elsewhere = [*map(_from_override, overrides), *starmap(_from_option, options.items())]
    filed, typed = ([item for item in read if isinstance(item, _Given)] for read in (in_file, elsewhere))
    last = {item.key: item for item in [*filed, *typed]}
    config = with_values(Config(), {key: item.value for key, item in last.items()})
    if config.run.tune:
        config = with_values(config, {"run.tune_fixed": _fixed(config, filed, typed)})
    if config.run.quick:
        config = quicken(config, given=last)
    mistakes = [item for item in (*in_file, *elsewhere) if isinstance(item, PipelineError)]
    mistakes += _contradictions(config, last)
    if mistakes:
        raise mistakes[0] if len(mistakes) == 1 else SeveralMistakes(mistakes)
    return config


def _fixed(config: Config, filed: Iterable[_Given], typed: Iterable[_Given]) -> tuple[str, ...]:
    """Return the keys of models that no trial of --tune may change: those that the user gave.

    A file that names them itself in `run.tune_fixed` decides for its own keys: the config.toml of a run folder
    holds every key, and only some of them were given to that run.
    """
    named = config.run.tune_fixed
    own = [] if any(item.key == "run.tune_fixed" for item in filed) else filed
    given = [item.key for item in [*own, *typed] if item.key.split(".")[0] in TUNED_TABLES]
    return tuple(sorted({*named, *given}))


def _from_file(file: Path) -> Iterator[Read]:
    """Yield the values of a TOML file."""
    try:
        text = file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        tables = tomllib.loads(text)
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else f"{error.strerror}"
        yield PipelineError("no-such-file", str(file), reason, "correct --config")
    except UnicodeDecodeError:
        yield PipelineError("settings-file-broken", str(file), "the file is not UTF-8", "save it as UTF-8")
    except tomllib.TOMLDecodeError as error:
        yield _syntax_mistake(file, text, str(error))
    else:
        for table, content in tables.items():
            if table not in TABLES or not isinstance(content, dict):
                yield _table_mistake(place(file, text, table), table, content)
                continue
            for name, value in content.items():
                yield _checked(f"{table}.{name}", value, place(file, text, table, name), _from_toml)


def _syntax_mistake(file: Path, text: str, message: str) -> PipelineError:
    """Return tomllib's message with its place moved to the front."""
    found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    what = message[: found.start()] if found else message
    lines = text.split("\n")
    line, column = (found[1], found[2]) if found and found[1] else (len(lines), len(lines[-1]) + 1)
    return PipelineError(
        "settings-file-broken",
        f"{file}:{line}:{column}",
        f"not TOML: {what[0].lower()}{what[1:]}",
        "correct it",
    )


def _table_mistake(where: str, table: str, content: object) -> PipelineError:
    if table in TABLES:
        return PipelineError(
            "unknown-setting", where, f"{table} is a table", f"write [{table}] and its keys below it"
        )
    if isinstance(content, dict):
        return PipelineError(
            "unknown-setting", where, f"there is no table [{table}]", did_you_mean(table, TABLES)
        )
    homes = [key.split(".")[0] for key in SETTINGS if key.split(".")[1] == table]
    fix = f"write it below [{homes[0]}]" if homes else f"the tables are {', '.join(TABLES)}"
    return PipelineError("unknown-setting", where, f'"{table}" stands outside a table', fix)


def _from_override(text: str) -> Read:
    """Return the value of one --set KEY=VALUE."""
    where = f"--set {text}"
    key, equals, value = text.partition("=")
    key = key.strip()
    table, dot, _ = key.partition(".")
    if not equals:
        return PipelineError(
            "option-not-understood", where, 'there is no "="', "write it like --set networks.units=64"
        )
    if not dot or table not in TABLES:
        fix = _full_key(key) if not dot else did_you_mean(table, TABLES)
        return PipelineError("unknown-setting", where, f'there is no key "{key}"', fix)
    return _checked(key, value.strip(), where, _from_text)


def _full_key(name: str) -> str:
    """Return what to write for a key that was given without its table."""
    full = [key for key in SETTINGS if key.split(".")[1] == name]
    return f"write {' or '.join(full)}" if full else "write it like --set networks.units=64"


def _from_option(key: str, value: object) -> Read:
    """Return the value of one option of the command line."""
    convert = _from_text if isinstance(value, str) else _from_toml
    return _checked(key, value, SETTINGS[key].flag or key, convert)


def _checked(key: str, raw: object, where: str, convert: Convert) -> Read:
    """Return the value if its key, type and range are right; else the mistake."""
    if key not in SETTINGS:
        table, name = key.split(".", 1)
        known = [known.split(".")[1] for known in SETTINGS if known.startswith(f"{table}.")]
        return PipelineError(
            "unknown-setting", where, f'[{table}] has no key "{name}"', did_you_mean(name, known)
        )
    with suppress(TypeError, ValueError, LookupError, OverflowError):
        value = convert(raw, SETTINGS[key].hint)
        if SETTINGS[key].check.allows(value):
            return _Given(key, value, where)
    return _value_mistake(key, raw, where)


def _value_mistake(key: str, raw: object, where: str) -> PipelineError:
    """Return the mistake of a value of the wrong type or out of range."""
    choices = SETTINGS[key].check.choices
    if choices and SETTINGS[key].hint == tuple[str, ...]:
        raw = _first_unknown(raw, choices)
    shown = json.dumps(raw, ensure_ascii=False, default=str)
    fix = did_you_mean(raw, choices) if choices and isinstance(raw, str) else f"give {expected(key)}"
    if not is_utf8(shown):
        fix = "rename the file or folder: its name is not UTF-8"
    return PipelineError("setting-out-of-range", where, f"{key} is {shown}", fix)


def _first_unknown(raw: object, choices: tuple[str, ...]) -> object:
    """Return the first item of a list, or of its text, that is no choice; what is no list comes back."""
    try:
        items = _from_text(raw, tuple[str, ...]) if isinstance(raw, str) else raw
    except (TypeError, ValueError):
        return raw
    unknown = [item for item in items if item not in choices] if isinstance(items, tuple | list) else []
    return unknown[0] if unknown else raw


def expected(key: str) -> str:
    """Return in words what a key takes.

    >>> expected("networks.units")
    'a whole number from 1'
    >>> expected("networks.keep")
    'one of first, last, first+last, pieces'
    """
    check = SETTINGS[key].check
    if check.choices:
        return f"one of {', '.join(check.choices)}"
    hint, bounds = SETTINGS[key].hint, check.words()
    return _KINDS[hint].words + (" each" if hint == tuple[float, ...] and bounds else "") + bounds


@dataclass(frozen=True)
class _Kind:
    """A type that settings have: how it is told, what TOML has for it, how text of the command line is read as it."""

    words: str
    in_toml: tuple[type, ...]
    from_text: Callable[[str], Value]
    item: object = None  # of a list: the type of each


def _paths(text: str) -> Value:
    """Return the text as one path, or the paths of a list as TOML writes it; a path may hold commas and brackets."""
    if text.startswith("["):
        with suppress(tomllib.TOMLDecodeError, TypeError):
            return _from_toml(tomllib.loads(f"value = {text}")["value"], Paths)
    return text or None


_KINDS: dict[object, _Kind] = {
    bool: _Kind("true or false", (bool,), lambda text: {"true": True, "false": False}[text.lower()]),
    int: _Kind("a whole number", (int,), int),
    CountOrAuto: _Kind(
        "auto, or a whole number", (str, int), lambda text: text if text == AUTO else int(text)
    ),
    float: _Kind("a number", (float, int), float),
    str: _Kind("text", (str,), str),
    str | None: _Kind("text", (str,), lambda text: text or None),
    Paths: _Kind("a path or a list of paths", (str, list), _paths, item=str),
    Paths | None: _Kind("a path or a list of paths", (str, list), _paths, item=str),
    tuple[str, ...]: _Kind('a list of texts, such as ["bow", "lstm"]', (list,), str, item=str),
    tuple[float, ...]: _Kind("a list of numbers", (list,), float, item=float),
}


def _from_toml(raw: object, hint: object) -> Value:
    """Return a TOML value as the type `hint`; TypeError if it is another type (no guessing: "3" is text)."""
    kind = _KINDS[hint]
    if type(raw) not in kind.in_toml:  # `isinstance` takes true for a number
        raise TypeError
    if isinstance(raw, list):
        items: tuple[str, ...] = tuple(_from_toml(value, kind.item) for value in raw)  # type: ignore[misc]
        return one_or_several(items) if str in kind.in_toml else items
    return float(raw) if hint is float else raw  # type: ignore[return-value, arg-type]  # it is what the hint says


def _from_text(raw: str, hint: object) -> Value:
    """Return text of the command line as the type `hint`; LookupError or ValueError if it cannot be read so."""
    kind = _KINDS[hint]
    if kind.item is None or str in kind.in_toml:
        return kind.from_text(raw)
    if raw.startswith("["):
        return _from_toml(tomllib.loads(f"value = {raw}")["value"], hint)
    items = [item.strip() for item in raw.split(",") if item.strip()]
    return tuple(kind.from_text(item) for item in items)  # type: ignore[return-value]


def _contradictions(config: Config, given: Mapping[str, _Given]) -> Iterator[PipelineError]:
    """Yield what is right in each key and wrong together; only what the user gave can be."""
    folds, test = given.get("corpus.folds"), given.get("corpus.test")
    if folds and config.corpus.folds == 1:
        fix = "give 2 or more, or 0 for a single split"
        yield PipelineError("settings-contradict", folds.where, "one fold leaves nothing to train on", fix)
    elif folds and test and config.corpus.folds and config.corpus.test is not None:
        named = config.corpus.test
        shown = named if isinstance(named, str) else first_places(named)
        what = f"folds test every document of CORPUS, so {shown} ({test.where}) would not be used"
        yield PipelineError("settings-contradict", folds.where, what, "leave one of the two out")
    for low, high in (
        ("baselines.ngram_min", "baselines.ngram_max"),
        ("word2vec.min_alpha", "word2vec.alpha"),
        ("fasttext.min_n", "fasttext.max_n"),
    ):
        least, most = get(config, low), get(config, high)
        if least > most:  # type: ignore[operator]
            where = next(given[key].where for key in (low, high) if key in given)
            yield PipelineError(
                "settings-contradict",
                where,
                f"{low} is {least} and {high} is {most}",
                "the first cannot be greater",
            )
    if not config.word2vec.negative and not config.word2vec.hierarchical_softmax:
        where = given["word2vec.negative"].where if "word2vec.negative" in given else "word2vec.negative"
        what = "0 leaves word2vec nothing to train with"
        yield PipelineError(
            "settings-contradict", where, what, "give 1 or more, or set word2vec.hierarchical_softmax = true"
        )
    for key in config.run.tune_fixed:
        if key not in SETTINGS or key.split(".")[0] not in TUNED_TABLES:
            where = given["run.tune_fixed"].where
            known = [known for known in SETTINGS if known.split(".")[0] in TUNED_TABLES]
            yield PipelineError(
                "unknown-setting", where, f'run.tune_fixed names "{key}"', did_you_mean(key, known)
            )
    extra = given.get("run.extra_probes")
    if extra and config.run.extra_probes and not config.run.probes:
        what = f"no probe is run, so that {', '.join(config.run.extra_probes)} would not be"
        yield PipelineError("settings-contradict", extra.where, what, "leave out --no-probes, or this")
    for key in ("run.models", "run.embeddings", "run.compare", "run.extra_probes"):
        names = get(config, key)
        for name in sorted({name for name in names if names.count(name) > 1}):  # type: ignore
            yield PipelineError(
                "named-twice", given[key].where, f'{key} names "{name}" twice', "leave one out"
            )
