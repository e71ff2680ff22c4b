"""docs/learn: every chapter is run and prints what its page shows; every figure is one that a command makes."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from command_lines import COMMANDS, check_command, import_all
from markdown_pages import ROOT, read, relative_links, shell_commands

sys.path.insert(0, str(ROOT))

from docs.learn.make_figures import FIGURES, draw
from docs.learn.run_chapters import (
    blocks_of,
    chapters,
    check,
    difference,
    names_of,
    names_of_page,
    printed_by,
    write,
)
from pipeline.embeddings.packages import PACKAGES

LEARN = ROOT / "docs" / "learn"
PAGES = [LEARN / "README.md", *chapters()]
MEASURED = LEARN / "on-real-corpora.md"  # readings of runs that take minutes: its numbers are not run again
INDEX = (LEARN / "README.md").read_text(encoding="utf-8")


TRAINING = ("01", "02", "05", "07", "08", "09")  # chapters that train for seconds


@pytest.mark.longer
@pytest.mark.parametrize("page", chapters(), ids=lambda page: page.stem)
def test_what_a_chapter_imports_is_there(page: Path) -> None:
    code = "\n".join(block.code for block in blocks_of(page.read_text(encoding="utf-8")))
    assert import_all(code)


@pytest.mark.longer
@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] if page.name.startswith(TRAINING) else [])
        for page in PAGES
    ],
    ids=lambda page: page.stem,
)
def test_a_chapter_prints_what_its_page_shows(page: Path) -> None:
    assert check(page) == []


def test_there_are_ten_chapters_and_the_index_names_them_in_order() -> None:
    names = re.findall(r"^\| \d+ \| \[.*?\]\((\S+)\)", INDEX, re.MULTILINE)
    assert names == [page.name for page in chapters()]
    assert [name[:2] for name in names] == [f"{number:02}" for number in range(1, 11)]


@pytest.mark.parametrize("page", [*PAGES, MEASURED], ids=lambda page: page.stem)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in relative_links(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", chapters(), ids=lambda page: page.stem)
def test_a_chapter_has_its_idea_exercises_with_answers_and_sources(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.count("\n**The idea:** ") == 1
    exercises = text.partition("\n## Exercises\n")[2].partition("\n## Sources\n")[0]
    asked, _, answered = exercises.partition("<details><summary>Answers</summary>")
    assert re.findall(r"^(\d)\. ", asked, re.MULTILINE) == ["1", "2", "3"]
    assert re.findall(r"^(\d)\. ", answered, re.MULTILINE) == ["1", "2", "3"]
    assert re.search(r"\n## Sources\n\n- .*\(\d{4}\)", text)


def test_every_figure_shown_is_made_by_the_command_below_it() -> None:
    shown, made = [], []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        shown += re.findall(r"\]\(figures/(\S+)\.svg\)\n\n`python docs/learn/make_figures\.py (\S+)`", text)
        made += re.findall(r"figures/(\S+)\.svg", text)
    assert [name for name, _ in shown] == made
    assert all(name == command for name, command in shown)
    assert sorted(made) == sorted(FIGURES)
    assert sorted(path.stem for path in (LEARN / "figures").glob("*.svg")) == sorted(FIGURES)


@pytest.mark.longer
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if chapter else [])  # it runs its chapter
        for name, (chapter, _) in FIGURES.items()
        if chapter in ("", "04")
    ],
)
def test_a_figure_is_drawn_on_a_white_ground_as_it_lies_in_the_folder(name: str) -> None:
    drawn = draw(name)
    assert 'fill="white"' in drawn
    words = re.compile(r">([^<>]+)</text>")
    kept = (LEARN / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    assert sorted(words.findall(drawn)) == sorted(words.findall(kept)) != []


@pytest.mark.parametrize("page", [*PAGES, MEASURED], ids=lambda page: page.stem)
def test_commands_of_the_chapters_are_read_by_the_program(page: Path) -> None:
    for command in shell_commands(page.read_text(encoding="utf-8")):
        script = command.removeprefix("python ").split()[0]
        if any(f"{command} ".startswith(f"{start} ") for start in COMMANDS):
            check_command(command)
        else:
            assert (ROOT / script).is_file(), command


def test_the_readme_leads_to_the_chapters() -> None:
    assert "(docs/learn" in read("README.md")


# --- the runner of chapters -------------------------------------------------------------------------------

APPLES = """# Apples

```python
a = 2
```

```python
print(f"{a:.2f} apples")
```
"""


def page_of(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


def test_another_number_on_the_page_is_found_with_its_line_and_can_be_written(tmp_path: Path) -> None:
    page = page_of(tmp_path, APPLES + "\n```text\n3.00 apples\n```\n\nEaten.\n")
    assert check(page) == ["page.md:8: shown: 3.00 apples, printed: 2.00 apples"]
    write(page)
    assert page.read_text(encoding="utf-8") == APPLES + "\n```text\n2.00 apples\n```\n\nEaten.\n"


def test_what_is_printed_and_not_shown_is_found_and_can_be_written(tmp_path: Path) -> None:
    page = page_of(tmp_path, APPLES)
    assert check(page) == ["page.md:8: 0 lines are shown, 1 were printed: '2.00 apples\\n'"]
    write(page)
    assert page.read_text(encoding="utf-8") == APPLES + "\n```text\n2.00 apples\n```\n"


def test_a_mistake_in_a_block_names_its_line_of_the_page(tmp_path: Path) -> None:
    page = page_of(tmp_path, APPLES.replace("a = 2", "a = 2\nb = c"))
    with pytest.raises(NameError) as caught:
        list(printed_by(blocks_of(page.read_text(encoding="utf-8")), page))
    assert (caught.traceback[-1].lineno, caught.traceback[-1].path) == (4, page)  # counted from 0


def test_text_that_no_block_prints_is_refused() -> None:
    with pytest.raises(ValueError, match="line 3: no Python block prints this text"):
        blocks_of("# A page\n\n```text\n1\n```\n")


@pytest.mark.parametrize(
    ("shown", "printed", "rule", "same"),
    [
        ("a 0.50", "a 0.50", "", True),
        ("a 0.50", "a 0.51", "", False),
        ("a 0.50 b", "a 0.52 b", "± 0.02", True),
        ("a 0.50 b", "a 0.53 b", "± 0.02", False),
        ("a 0.01", "a -0.01", "± 0.02", True),
        ("a 0.50 b", "a 0.50 c", "± 0.02", False),
        ("lag 3: 0.50", "lag 4: 0.50", "± 0.02", False),
        ("day: monday friday", "day: friday sunday", "words", True),  # two of three
        ("day: monday friday", "day: sunday tuesday", "words", False),  # one of three
        ("one\ntwo", "one", "words", False),
    ],
)
def test_how_what_is_shown_and_what_is_printed_are_compared(
    shown: str, printed: str, rule: str, same: bool
) -> None:
    assert (difference(shown, printed, rule) is None) is same


def test_a_block_whose_package_is_not_installed_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        APPLES.replace("```python\nprint", "```python needs glove-6b-50d\nprint")
        + "\n```text\n3.00 apples\n```\n"
    )
    page = page_of(tmp_path, text)
    for module, found in (
        ("no_such_module", []),
        ("json", ["page.md:8: shown: 3.00 apples, printed: 2.00 apples"]),
    ):
        monkeypatch.setitem(PACKAGES, "glove-6b-50d", replace(PACKAGES["glove-6b-50d"], module=module))
        assert check(page) == found


def test_a_block_aside_is_run_in_its_own_chapter_alone(tmp_path: Path) -> None:
    page = page_of(
        tmp_path, APPLES + "\n```text\n2.00 apples\n```\n\n```python aside\na = 3\nprint(a)\n```\n"
    )
    assert check(page) == ["page.md:16: 0 lines are shown, 1 were printed: '3\\n'"]
    assert names_of_page(page)["a"] == 2


def test_a_chapter_can_use_what_another_defines() -> None:
    assert names_of("03")["many_to_one"]([1, 0, -1]) == -0.75
