"""docs/how-to/add-a-source.md: its code is run as it stands there, and what it adds keeps the contract of a source."""

from __future__ import annotations

import importlib.util
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from builders import request_of, tokens_of

from pipeline.embeddings.request import Source
from pipeline.embeddings.table import SOURCES, embed

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-source.md"
CONTRACT = Path(__file__).parents[1] / "contracts" / "test_sources_contract.py"


def load(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def trigrams(tmp_path: Path) -> Iterator[None]:
    """Add the page's source for one test."""
    file, line = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "trigrams.py"
    path.write_text(file, encoding="utf-8")
    exec(line, {"SOURCES": SOURCES, "Source": Source, "trigrams": load(path, "trigrams")})
    yield
    del SOURCES["trigrams"]


def promises() -> dict[str, Callable[[str], None]]:
    """Return the tests of the contract that need nothing but a source's name."""
    module = load(CONTRACT, "the_contract_of_sources")
    tests = {name: test for name, test in vars(module).items() if name.startswith("test_")}
    return {name: test for name, test in tests.items() if [*inspect.signature(test).parameters] == ["source"]}


@pytest.mark.usefixtures("trigrams")
@pytest.mark.parametrize("promise", promises())
def test_the_source_of_the_page_keeps_each_promise(promise: str) -> None:
    promises()[promise]("trigrams")


@pytest.mark.usefixtures("trigrams")
def test_the_source_of_the_page_works_in_every_mode() -> None:
    request = request_of(tokens_of([["kicking", "kicked", "tea"]]), scale=0.0)
    embedded = embed("trigrams", request)
    tokens, vectors = embedded.vocabulary.tokens.to_list(), embedded.matrix.vectors
    kicking, kicked, tea = (vectors[tokens.index(word)] for word in ("kicking", "kicked", "tea"))
    assert np.linalg.norm(kicking - kicked) < np.linalg.norm(kicking - tea)
    joined = embed("trigrams+random:shuffled-rows:tuned", request)
    assert joined.matrix.vectors.shape == (5, 16)
    assert joined.tuned


def test_the_contract_is_there_to_be_kept() -> None:
    assert len(promises()) >= 5
