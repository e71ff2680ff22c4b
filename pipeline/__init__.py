"""embedseq: does an embedding + recurrent network beat bag of words on your labelled text?

What Python programs use stands here: `run`, `read_run`, `load_model`, `TextClassifier`, `TextTagger`,
`MultilabelClassifier` and
`PipelineError`. Each is imported when it is first asked for, so that `import pipeline` takes no time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pipeline.core.version import __version__

if TYPE_CHECKING:
    from pipeline.api.classifier import TextClassifier
    from pipeline.api.model import load_model
    from pipeline.api.multilabel import MultilabelClassifier
    from pipeline.api.result import read_run
    from pipeline.api.running import run
    from pipeline.api.text_tagger import TextTagger
    from pipeline.core.errors import PipelineError

__all__ = [
    "MultilabelClassifier",
    "PipelineError",
    "TextClassifier",
    "TextTagger",
    "__version__",
    "load_model",
    "read_run",
    "run",
]

_MODULES = {
    "MultilabelClassifier": "pipeline.api.multilabel",
    "PipelineError": "pipeline.core.errors",
    "TextClassifier": "pipeline.api.classifier",
    "TextTagger": "pipeline.api.text_tagger",
    "load_model": "pipeline.api.model",
    "read_run": "pipeline.api.result",
    "run": "pipeline.api.running",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
