"""Who may import whom: values and errors, configuration, stages, then the modules that join stages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pipeline"
HEAVY = {"tensorflow", "keras", "gensim", "altair", "sklearn", "vl_convert"}
SUBCLASSES = (
    "pipeline.baselines.estimators"  # its classes are scikit-learn's: other modules load it in functions
)

# Each module's layer: it imports its own layer and those below. A folder stands for all that is in it.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("values", "errors", "toml_places", "json_files"),
    ("config", "console", "resources", "prediction_files", "document_files", "metrics_schema"),
    ("tokenizer", "corpus", "evaluation", "report", "signatures", "protocol"),
    ("indices", "tuning", "ledger", "scoring"),
    ("receipts",),
    ("embeddings", "cache", "baselines", "networks", "contributions"),
    ("plan", "storage", "outside_predictions", "reuse"),
    ("word_contributions",),
    ("probes",),
    ("documents_shown", "journal"),
    ("record", "material", "verify"),
    ("document_facts",),
    ("choose_settings", "side_by_side", "learning_curve", "kept_for_seeds"),
    ("fit_baselines", "fit_mean", "fit_networks"),
    ("more_seeds",),
    ("experiment",),
    ("inspection", "selftest", "saved_answers", "explain", "unfinished"),
    ("cli",),
    ("__main__",),
)
LAYER_OF = {name: number for number, names in enumerate(LAYERS) for name in names}
STAGES = ("corpus", "embeddings", "baselines", "networks", "evaluation", "report", "tuning", "contributions")
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))


def dotted(path: Path) -> str:
    """Return a file's module name, such as `pipeline.corpus.splits`."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """Return the part of the package that a module belongs to: `corpus` for `pipeline.corpus.splits`."""
    return module.split(".")[1] if "." in module else ""


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def at_run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes outside functions that are not for the type checker alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or is_type_checking(node):
            continue
        yield node
        yield from at_run_time(node)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path, nodes: Iterator[ast.AST]) -> set[str]:
    """Return the dotted names that `nodes` import; relative ones made whole."""
    package = dotted(path).split(".") if path.name == "__init__.py" else dotted(path).split(".")[:-1]
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            is_package = module == "pipeline" or not node.module
            found |= {f"{module}.{alias.name}" for alias in node.names} if is_package else {module}
    return found


def own_imports(path: Path) -> set[str]:
    """Return the parts of this package that a module imports anywhere, in functions too."""
    names = imported(path, ast.walk(tree_of(path)))
    return {part_of(name) for name in names if name.startswith("pipeline.")} & set(LAYER_OF)


def test_every_module_has_a_layer() -> None:
    parts = {part_of(dotted(path)) for path in MODULES if dotted(path) != "pipeline"}
    assert parts == set(LAYER_OF)


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_module_imports_nothing_above_its_own_layer(path: Path) -> None:
    part = part_of(dotted(path))
    if not part:
        return
    above = {name for name in own_imports(path) if LAYER_OF[name] > LAYER_OF[part]}
    assert not above, f"{dotted(path)} imports {sorted(above)}"


@pytest.mark.parametrize("stage", STAGES)
def test_only_joining_modules_know_several_stages(stage: str) -> None:
    """A stage may read the tokenizer's or the indices' functions, never another stage."""
    for path in PACKAGE.joinpath(stage).rglob("*.py"):
        assert not own_imports(path) & (set(STAGES) - {stage}), dotted(path)


def test_the_report_reads_the_run_folder_alone() -> None:
    for path in PACKAGE.joinpath("report").rglob("*.py"):
        assert own_imports(path) <= {"report", "errors", "values", "json_files"}, dotted(path)


def test_values_and_errors_import_nothing_of_the_package() -> None:
    for name in ("values", "errors"):
        assert own_imports(PACKAGE / f"{name}.py") == set()


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_heavy_libraries_are_imported_where_they_are_used(path: Path) -> None:
    names = imported(path, at_run_time(tree_of(path)))
    assert SUBCLASSES not in names
    if dotted(path) != SUBCLASSES:
        assert not {name.split(".")[0] for name in names} & HEAVY


def test_the_reader_of_imports_sees_what_it_should() -> None:
    source = (
        "import keras.layers\nfrom pipeline import config\nfrom pipeline.report import draw\n"
        "if TYPE_CHECKING:\n    import sklearn\n"
        "class A:\n    import gensim\n    def f(self):\n        import altair\n"
    )
    names = imported(PACKAGE / "cli.py", at_run_time(ast.parse(source)))
    assert names == {"keras.layers", "pipeline.config", "pipeline.report", "gensim"}
    relative = ast.parse("from ..errors import PipelineError\nfrom . import sample\nfrom .. import values")
    names = imported(PACKAGE / "corpus" / "splits.py", ast.walk(relative))
    assert names == {"pipeline.errors", "pipeline.corpus.sample", "pipeline.values"}
