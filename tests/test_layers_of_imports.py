"""Who may import whom: the order of the rooms, the arrows that must never be, and what is not yet so."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pipeline"
HEAVY = {"tensorflow", "keras", "gensim", "altair", "sklearn", "vl_convert"}
SUBCLASSES = {  # their classes are scikit-learn's: other modules load them in functions
    "pipeline.api.classifier",
    "pipeline.api.estimator",
    "pipeline.api.multilabel",
    "pipeline.api.text_tagger",
    "pipeline.models.baselines.estimators",
    "pipeline.models.baselines.label_by_label",
}

# The rooms, from the ground up: what stands in one imports its own room and those named before it.
ROOMS = (
    *("core", "settings", "tasks", "text", "corpus", "embeddings", "run_folder", "models", "evaluation"),
    *("report", "interpret", "predict", "export", "experiment", "serve"),
    *("commands", "api", "cli", "__main__"),
)
FLOOR_OF = {room: floor for floor, room in enumerate(ROOMS)}

# Arrows that the order alone would let pass: a room, and the only rooms that it may import.
ALONE = {
    "settings": {"core"},
    "tasks": {"core", "settings"},
    "text": {"core", "settings"},
    "corpus": {"core", "settings", "tasks", "text"},
    "embeddings": {"core", "settings", "text"},
    "run_folder": {"core", "settings", "tasks"},
    "evaluation": {"core", "settings", "tasks", "run_folder"},
    "report": {"core", "run_folder"},
}
# A fit is to return what it found, and its caller is to write it.
OF_FITS = (
    *("choose_settings", "data", "embedded_split", "fit_linear", "fit_networks", "jobs"),
    *("linear_features", "network_inputs", "probe_fitted", "shared", "workers"),
)
FITS = tuple(f"experiment.{name}" for name in OF_FITS)
OF_A_RUN_FOLDER = {
    *("config.toml", "details", "log.txt", "metrics.json", "predictions", "report.html", "report.md"),
    *("model.json", "weights.safetensors"),
}

# What must not be and still is, module by module. An entry goes with the last line that needed it; none is added.
KNOWN: dict[str, str] = {
    "TensorFlow outside models.networks and interpret": "",
    "gensim outside embeddings": "",
    "a name split at @ outside core.names": "",
    "a file of the run folder named outside run_folder": ("cli commands.verify report.sections.conduct"),
    # Fields of metrics.json and details/, and what a report says of each metric.
    '"accuracy" outside tasks and core.wording': (
        "interpret.probes.forget_bias interpret.probes.memory_horizon interpret.probes.word_order"
        " report.sections.metric run_folder.signatures"
    ),
}


def dotted(path: Path) -> str:
    """Return a file's module name, such as `pipeline.corpus.splits`."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room_of(module: str) -> str:
    """Return the room that a module stands in: `corpus` for `pipeline.corpus.splits`, "" for the package itself."""
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
    """Return the dotted names of the modules that `nodes` import; relative ones made whole."""
    package = dotted(path).split(".") if path.name == "__init__.py" else dotted(path).split(".")[:-1]
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                submodule = f"{module}.{alias.name}"
                is_module = submodule in MODULES or module == "pipeline" or not node.module
                found.add(submodule if is_module else module)
    return found


@cache
def own_imports(module: str) -> frozenset[str]:
    """Return the modules of this package that a module imports anywhere, in functions too."""
    names = imported(MODULES[module], ast.walk(tree_of(MODULES[module])))
    return frozenset(name for name in names if name.startswith("pipeline.") and name in MODULES)


def rooms_imported(module: str) -> set[str]:
    """Return the other rooms that a module imports."""
    return {room_of(name) for name in own_imports(module)} - {room_of(module)}


def strings(module: str) -> Iterator[str]:
    """Yield the strings of a module's code; docstrings are none of them."""
    tree = tree_of(MODULES[module])
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def test_every_module_stands_in_a_room() -> None:
    assert {room_of(module) for module in MODULES} - {""} == set(ROOMS)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_nothing_above_its_own_room(module: str) -> None:
    room = room_of(module)
    if not room:
        return
    above = {name for name in own_imports(module) if FLOOR_OF[room_of(name)] > FLOOR_OF[room]}
    assert not above


@pytest.mark.parametrize("room", ALONE)
def test_a_room_imports_those_alone(room: str) -> None:
    for module in MODULES:
        if room_of(module) == room:
            assert rooms_imported(module) <= ALONE[room], module


def test_of_the_report_interpret_imports_the_blocks_alone() -> None:
    of_interpret = [own_imports(module) for module in MODULES if room_of(module) == "interpret"]
    assert {name for names in of_interpret for name in names if room_of(name) == "report"} == {
        "pipeline.report.page.blocks"
    }


def test_no_imports_run_in_a_circle() -> None:
    arrows = {module: set(own_imports(module)) - {module} for module in MODULES}
    TopologicalSorter(arrows).prepare()  # a circle is an error that names it


def outside(module: str, *places: str) -> bool:
    """Return whether a module stands outside these places of the package."""
    return not any(f"{module}.".startswith(f"pipeline.{place}.") for place in places)


def loads(module: str, *libraries: str) -> bool:
    """Return whether a module uses one of these libraries: by an import, `import_module` or `sys.modules`."""
    return bool({name.split(".")[0] for name in libraries_of(MODULES[module])} & set(libraries))


@cache
def libraries_of(path: Path) -> frozenset[str]:
    """Return the dotted names of all that a file imports, or looks up in `sys.modules`."""
    nodes = list(ast.walk(tree_of(path)))
    asked: list[ast.expr] = []
    for node in nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            asked += node.args
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "sys.modules":
            asked.append(node.slice)
        elif isinstance(node, ast.Compare) and ast.unparse(node.comparators[-1]) == "sys.modules":
            asked.append(node.left)
    named = {str(one.value) for one in asked if isinstance(one, ast.Constant)}
    return frozenset(imported(path, iter(nodes)) | named)


def splits_names(module: str) -> bool:
    """Return whether a module takes a text apart at an @."""
    calls = (node for node in ast.walk(tree_of(MODULES[module])) if isinstance(node, ast.Call))
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr in ("partition", "rpartition", "split", "rsplit")
        and any(isinstance(argument, ast.Constant) and argument.value == "@" for argument in call.args)
        for call in calls
    )


def writers(module: str) -> set[str]:
    """Return what a fit imports that writes into a run folder."""
    if outside(module, *FITS):
        return set()
    return {name for name in own_imports(module) if not outside(name, "run_folder")}


def names_files(module: str) -> bool:
    """Return whether a module's code names a file or folder of a run folder."""
    return any(set(text.split("/")) & OF_A_RUN_FOLDER for text in strings(module) if " " not in text)


BROKEN_BY: dict[str, Callable[[str], bool]] = {
    "TensorFlow outside models.networks and interpret": lambda module: (
        outside(module, "models.networks", "interpret") and loads(module, "tensorflow", "keras")
    ),
    "gensim outside embeddings": lambda module: outside(module, "embeddings") and loads(module, "gensim"),
    "a name split at @ outside core.names": lambda module: (
        outside(module, "core.names") and splits_names(module)
    ),
    "a file of the run folder named outside run_folder": lambda module: (
        outside(module, "run_folder") and names_files(module)
    ),
    '"accuracy" outside tasks and core.wording': lambda module: (
        outside(module, "core.wording") and outside(module, "tasks") and "accuracy" in set(strings(module))
    ),
}


def test_a_fit_imports_nothing_that_writes_a_file_of_the_run_folder() -> None:
    pairs = {f"{module}>{name}" for module in MODULES for name in writers(module)}
    assert pairs == set()


@pytest.mark.parametrize("rule", BROKEN_BY)
def test_what_must_not_be_is_nowhere_but_where_it_is_known(rule: str) -> None:
    assert {module.removeprefix("pipeline.") for module in MODULES if BROKEN_BY[rule](module)} == {
        *KNOWN[rule].split()
    }


@pytest.mark.parametrize("module", MODULES)
def test_heavy_libraries_are_imported_where_they_are_used(module: str) -> None:
    names = imported(MODULES[module], at_run_time(tree_of(MODULES[module])))
    if module not in SUBCLASSES:
        assert not SUBCLASSES & names
        assert not {name.split(".")[0] for name in names} & HEAVY


def test_the_reader_of_imports_sees_what_it_should() -> None:
    source = (
        "import keras.layers\nfrom pipeline import cli\nfrom pipeline.report import draw\n"
        "if TYPE_CHECKING:\n    import sklearn\n"
        "class A:\n    import gensim\n    def f(self):\n        import altair\n"
    )
    names = imported(PACKAGE / "cli.py", at_run_time(ast.parse(source)))
    assert names == {"keras.layers", "pipeline.cli", "pipeline.report.draw", "gensim"}
    relative = ast.parse(
        "from ..core.errors import PipelineError\nfrom . import sample\nfrom .. import values"
    )
    names = imported(PACKAGE / "corpus" / "splits.py", ast.walk(relative))
    assert names == {"pipeline.core.errors", "pipeline.corpus.sample", "pipeline.values"}


def test_the_reader_of_libraries_sees_every_way_to_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path / "pipeline")
    module = tmp_path / "pipeline" / "ways.py"
    module.parent.mkdir()
    module.write_text(
        "import importlib, sys\nimportlib.import_module('keras.layers')\nsys.modules['gensim']\n"
        "'tensorflow' in sys.modules\ndef f():\n    import altair\n'sklearn' in {}\n"
    )
    assert libraries_of(module) == {"importlib", "sys", "keras.layers", "gensim", "tensorflow", "altair"}
