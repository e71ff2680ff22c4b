"""Settings as the keywords of a function: an option's name without its dashes, else `table__name`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from inspect import Parameter
from pathlib import Path

import numpy as np

from pipeline.core.errors import PipelineError, did_you_mean
from pipeline.settings.options import parameter_name, resolved
from pipeline.settings.setting import Value
from pipeline.settings.tables import SETTINGS, Config, to_toml


def keyword_of(key: str) -> str:
    """Return the keyword of a setting.

    >>> keyword_of("networks.max_tokens"), keyword_of("run.cache"), keyword_of("networks.units")
    ('max_tokens', 'no_cache', 'networks__units')
    """
    flag = SETTINGS[key].flag
    return flag.removeprefix("--").replace("-", "_").lower() if flag else parameter_name(key)


def keywords_of(keys: Iterable[str]) -> dict[str, str]:
    """Return the keys of settings by their keywords."""
    return {keyword_of(key): key for key in keys}


def parameters(keywords: Mapping[str, str]) -> list[Parameter]:
    """Return the parameters of a function that takes these keywords, for `help` and for editors."""
    return [
        Parameter(
            keyword,
            Parameter.KEYWORD_ONLY,
            default=_default(key),
            annotation=SETTINGS[key].hint,
        )
        for keyword, key in keywords.items()
    ]


def _default(key: str) -> Value:
    return False if SETTINGS[key].hint is bool and SETTINGS[key].flag else SETTINGS[key].default


def with_keywords(doc: str | None, keywords: Mapping[str, str]) -> str:
    """Return a docstring, whose last line is indented by four, with what each keyword means."""
    told = [f"    {keyword}\n        {SETTINGS[key].help}" for keyword, key in keywords.items()]
    return "\n".join([f"{doc}", "    Other Parameters", "    ----------------", *told, "    "])


def check_known(given: Iterable[str], known: Iterable[str], where: str) -> None:
    """Refuse keywords that are none.

    Raises
    ------
    PipelineError
        With the keyword that was probably meant.
    """
    known = [*known]
    for keyword in given:
        if keyword not in known:
            raise PipelineError(
                "unknown-keyword", where, f'there is no keyword "{keyword}"', did_you_mean(keyword, known)
            )


def config_of(
    keywords: Mapping[str, str],
    given: Mapping[str, object],
    *,
    settings: Mapping[str, object] | None = None,
    file: str | os.PathLike[str] | None = None,
) -> Config:
    """Return the settings that keywords make, read and checked as the command line's are.

    Parameters
    ----------
    keywords : mapping
        The key of each keyword that there is.
    given : mapping
        Keyword to value.
    settings : mapping, optional
        Dotted key to value, as --set takes them.
    file : path, optional
        As --config takes it.

    Raises
    ------
    PipelineError
        All mistakes of all values, one a line.

    >>> config_of(keywords_of(["run.seed", "run.models"]), {"seed": 3, "models": ["bow"]}).run.models
    ('bow',)
    """
    by_key = {keywords[keyword]: _plain(value) for keyword, value in given.items()}
    options = {parameter_name(key): value for key, value in by_key.items() if SETTINGS[key].option}
    others = {key: value for key, value in by_key.items() if not SETTINGS[key].option}
    texts = [f"{key}={_as_text(_plain(value))}" for key, value in (others | {**(settings or {})}).items()]
    return resolved(options | {"config": None if file is None else Path(file), "set_": texts})


def _plain(value: object) -> object:
    """Return a value as the types that settings have: NumPy's numbers and paths are none of them."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, tuple | list | set | frozenset):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _as_text(value: object) -> str:
    """Return a value as --set has it."""
    return value if isinstance(value, str) else "" if value is None else to_toml(value)  # type: ignore[arg-type]
