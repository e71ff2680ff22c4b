"""Every error and every warning has a name of the reference, and every name is that of one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

import pytest

from docs.make_messages import PAGE, table
from pipeline.core.errors import PipelineError, SeveralMistakes
from pipeline.core.errors_by_name import ERRORS
from pipeline.core.warned import warning, without_name
from pipeline.core.warnings_by_name import WARNINGS
from tests.house import modules

MAKERS = {"PipelineError", "DifferingColumns", "InvalidInput"}  # the name of a kind is what they take first
OF_ANOTHER = {"error.name", "first.name"}  # an error that is told again, in other words
OF_BENCHMARKS = {"benchmark-failed"}
Table = Mapping[str, Mapping[str, str]]


def names(table: Table) -> list[str]:
    return [name for kinds in table.values() for name in kinds]


def made_by(makers: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the place, and the first argument as it is written, of each call of one of these."""
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in makers:
                yield f"{module}:{node.lineno}", ast.unparse(node.args[0]).strip("'")


@pytest.mark.longer
def test_every_error_has_a_name_of_the_reference_and_every_name_is_that_of_an_error() -> None:
    made = {name: place for place, name in made_by(MAKERS) if name not in OF_ANOTHER}
    unknown = {name: place for name, place in made.items() if name not in names(ERRORS)}
    assert unknown == {}
    assert set(names(ERRORS)) - set(made) - OF_BENCHMARKS == {
        "column-unsettled"
    }  # `Unsettled` takes it itself


@pytest.mark.longer
def test_every_warning_has_a_name_of_the_reference_and_every_name_is_that_of_a_warning() -> None:
    assert {name for _, name in made_by({"warning"})} == {*names(WARNINGS)}


def test_a_name_stands_once_and_is_typed_without_a_thought() -> None:
    both = [*names(ERRORS), *names(WARNINGS)]
    assert len(set(both)) == len(both)
    assert [name for name in both if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+){1,4}", name)] == []


def test_what_a_name_means_is_said_in_short_sentences() -> None:
    sentences = [
        sentence
        for kinds in (*ERRORS.values(), *WARNINGS.values())
        for text in kinds.values()
        for sentence in re.split(r"(?<=[.:]) ", text)
    ]
    assert [sentence for sentence in sentences if len(sentence.split()) > 25] == []


def test_the_page_has_every_name() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert table(ERRORS) in page
    assert table(WARNINGS) in page


def test_a_warning_ends_with_its_name_and_can_be_read_without_it() -> None:
    told = warning("nul-bytes-left-out", "a.txt: 2 NUL bytes [of many] left out")
    assert told == "a.txt: 2 NUL bytes [of many] left out [nul-bytes-left-out]"
    assert without_name(told) == "a.txt: 2 NUL bytes [of many] left out"
    assert without_name("a.txt: left out [see above]") == "a.txt: left out [see above]"


def test_each_of_several_mistakes_is_shown_with_its_own_name() -> None:
    first = PipelineError("unknown-setting", "--set a", 'there is no "="', "write it")
    several = SeveralMistakes([first, PipelineError("no-such-file", "a.toml", "there is none", "correct it")])
    assert str(several) == '--set a: there is no "="; write it\na.toml: there is none; correct it'
    assert several.with_name() == (
        '--set a: there is no "="; write it [unknown-setting]\na.toml: there is none; correct it [no-such-file]'
    )
    assert several.name == "unknown-setting"


@pytest.mark.parametrize("error", [PipelineError("a-b", "c", "d", "e")])
def test_an_error_keeps_its_name_in_another_process(error: PipelineError) -> None:
    make, arguments = error.__reduce__()
    assert make(*arguments).with_name() == "c: d; e [a-b]"
