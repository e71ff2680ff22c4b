"""The options of the command line, made from the settings: typer reads them off a command's signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import Parameter
from pathlib import Path
from typing import Annotated, cast

import typer
from typer.models import ArgumentInfo, OptionInfo

from pipeline.settings.reading import load_config
from pipeline.settings.setting import Setting
from pipeline.settings.tables import SETTINGS, Config

_SET = "Any setting, such as networks.units=64; may be repeated. Options win."


def keys_with_options(names: Iterable[str], without: Iterable[str] = ()) -> list[str]:
    """Return the keys that have an option, of tables and single keys, in the order of the tables.

    >>> keys_with_options(["networks", "run.seed", "run.seeds"], without=["run.seeds"])
    ['networks.max_tokens', 'run.seed']
    """
    asked = {*names}
    return [
        key
        for key, setting in SETTINGS.items()
        if setting.option and {key, key.split(".")[0]} & asked and key not in without
    ]


def parameters(keys: Iterable[str], with_argument: bool = True) -> list[Parameter]:
    """Return the parameters of a command with the options of these keys, --config and --set.

    Without `with_argument` the setting that is the command's argument elsewhere (CORPUS) is an option (--corpus).
    """
    settings = {parameter_name(key): SETTINGS[key] for key in keys}
    return [
        *(_parameter(name, _type_of(one), declared(one, with_argument)) for name, one in settings.items()),
        _parameter("config", Path | None, told("--config FILE", "A TOML file with any of the settings.")),
        _parameter("set_", list[str] | None, told("--set KEY=VALUE", _SET)),
    ]


def resolved(params: Mapping[str, object]) -> Config:
    """Return the settings that the parameters of a command make: see `load_config`."""
    named = {key: params.get(parameter_name(key)) for key in SETTINGS if SETTINGS[key].option}
    given = {
        key: not SETTINGS[key].flag.startswith("--no-") if value is True else value
        for key, value in named.items()
        if value is not None and value is not False and value not in ([], ())
    }
    file, texts = cast("Path | None", params["config"]), cast("list[str] | None", params["set_"])
    return load_config(file, texts or (), given)


def parameter_name(key: str) -> str:
    """Return a key as the name of a parameter.

    >>> parameter_name("run.debug")
    'run__debug'
    """
    return key.replace(".", "__")


def _parameter(name: str, kind: object, declared: OptionInfo | ArgumentInfo) -> Parameter:
    default = False if kind is bool else None
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, declared])


_NUMBERS: dict[object, object] = {bool: bool, int: int | None, float: float | None}


def _type_of(setting: Setting) -> object:
    """Return the type that typer reads: numbers are numbers, all else is text until its key is known."""
    return list[str] | None if setting.repeated else _NUMBERS.get(setting.hint, str | None)


def declared(setting: Setting, with_argument: bool = True) -> OptionInfo | ArgumentInfo:
    """Return what typer is told of a setting; its help ends with the default."""
    help, default = setting.help, setting.default
    if default not in (None, ()) and not isinstance(default, bool):
        shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
        help = f"{help} Default: {shown}."
    if with_argument or setting.flag.startswith("--"):
        return told(setting.option, help)
    return told(f"--{setting.flag.lower()} {setting.flag}", help)


def told(usage: str, help: str) -> OptionInfo | ArgumentInfo:
    """Return what typer is told of an option, written as in a usage line, or of an argument, without dashes."""
    flag, _, metavar = usage.removesuffix("...").partition(" ")
    found: OptionInfo | ArgumentInfo = (
        typer.Option(flag, help=help, metavar=metavar or None, show_default=False)
        if flag.startswith("--")
        else typer.Argument(help=help, metavar=flag, show_default=False)
    )
    return found
