"""The commands of data/README.md for public data sets, tried on small files of their shapes."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from pipeline import cli
from pipeline.corpus.by_settings import read_asked

TESTS = Path(__file__).parents[1]
sys.path.append(str(TESTS))

from public_sets import PUBLIC_SETS  # noqa: E402

README = (TESTS.parent / "data" / "README.md").read_text(encoding="utf-8")
# Of each data set: its name, its command, and what is printed.
SHOWN = re.findall(
    r"^\*\*(.+?)\*\*[^`]*(?:`[^`\n]+`[^`]*)*\n```\npython run_pipeline\.py (.*)\n```\n```text\n(.*)\n```",
    README,
    re.MULTILINE,
)


def test_every_set_is_shown() -> None:
    assert [name for name, _, _ in SHOWN] == [*PUBLIC_SETS]


@pytest.mark.parametrize(("name", "command", "printed"), SHOWN, ids=[name for name, _, _ in SHOWN])
def test_a_public_data_set_is_read_as_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, command: str, printed: str
) -> None:
    PUBLIC_SETS[name](tmp_path)
    monkeypatch.chdir(tmp_path)
    assert read_asked(cli.settings_of(shlex.split(command))).reading.line() == printed
