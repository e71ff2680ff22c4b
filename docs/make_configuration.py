"""Write docs/reference/configuration.md from the settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.settings.reading import expected
from pipeline.settings.setting import Value
from pipeline.settings.tables import SETTINGS, TABLES, Config, get, quicken

PAGE = Path(__file__).parent / "reference" / "configuration.md"

HEAD = """# Configuration

<!-- Written by docs/make_configuration.py; `make configuration` writes it again. -->

Every setting is a key in a TOML table. A file with any of them is given by `--config`, a single one by
`--set`, and the most used have an option of their own:

```toml
[networks]
units = 64

[run]
models = ["tfidf", "lstm"]
```
```sh
python run_pipeline.py reviews.csv --config settings.toml --set networks.layers=2 --seeds 5
```

An option wins over `--set`, `--set` over the file, the file over the defaults. A list in `--set` is written
with commas: `--set run.models=tfidf,lstm`. The resolved settings are saved in the run folder as `config.toml`;
given to `--config` (with another `--out`, if it holds one), that file repeats the run. A key or value that
does not exist is an error that names the line and the likely key; all mistakes are said at once.
"""

QUICK_HEAD = """## What `--quick` changes

These settings are other ones, where they are not given; `corpus.limit` draws a sample:

| key | default | with `--quick` |
| --- | --- | --- |"""


def page() -> str:
    """Return the whole page as Markdown."""
    tables = [line for table in TABLES for line in table_lines(table)]
    return "\n".join([HEAD, *tables, QUICK_HEAD, *quick_lines()]) + "\n"


def table_lines(table: str) -> Iterator[str]:
    """Yield one TOML table: a heading, which is its docstring, and a row a key."""
    yield f"## {(getattr(Config(), table).__doc__ or '').removesuffix('.')}"
    yield ""
    yield "| key | default | takes | option | meaning |"
    yield "| --- | --- | --- | --- | --- |"
    for key, setting in SETTINGS.items():
        if key.startswith(f"{table}."):
            option = f"`{setting.flag}`" if setting.flag else ""
            cells = (f"`{key.split('.')[1]}`", shown(setting.default), expected(key), option, setting.help)
            yield f"| {' | '.join(cells)} |"
    yield ""


def quick_lines() -> Iterator[str]:
    """Yield a row for each key that --quick makes smaller."""
    quick = quicken(Config())
    for key, setting in SETTINGS.items():
        if get(quick, key) != setting.default:
            yield f"| `{key}` | {shown(setting.default)} | {shown(get(quick, key))} |"


def shown(value: Value) -> str:
    """Return a default as it stands in the page; nothing for a key without one.

    >>> shown(("bow", "lstm")), shown(False), shown(None)
    ('bow, lstm', 'false', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name}")
