"""Read a run folder, whole or interrupted, and replace a file in it in one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json
from pipeline.run_folder.details import Details, read_details
from pipeline.run_folder.metrics import SCHEMA_VERSION, Metrics
from pipeline.run_folder.metrics.rows import value_as
from pipeline.run_folder.names import CONFIG, METRICS

LARGE_TEST_SET = 10_000  # documents; from here on a second decimal of a percentage means something


@dataclass(frozen=True)
class Run:
    """A run folder's content: `metrics.json`, `details/*.json` and the text of `config.toml`."""

    path: Path
    metrics: Metrics
    details: Details
    config_text: str

    @property
    def folder(self) -> Path:
        """The folder that the run was written into; it may have been moved since."""
        return Path(self.details.run.folder) if self.details.run else self.path

    @property
    def places(self) -> int:
        """Decimals of an accuracy in percent: 1, or 2 from 10,000 test documents on."""
        return 2 if self.metrics.corpus.tested >= LARGE_TEST_SET else 1


def read_run(path: Path) -> Run:
    """Return the content of the run folder `path`; files of details/ that are absent are empty.

    Raises
    ------
    PipelineError
        If it is no run folder, or a file in it is not JSON, is damaged, or was written by another version.
    """
    if not (path / METRICS).exists():
        fix = "name a folder that a run has written, such as reports/NAME"
        raise PipelineError(
            "not-a-finished-run", str(path), f"it holds no {METRICS}, so it is no run folder", fix
        )
    return run_with(path, _read_metrics(path))


def _read_metrics(run: Path) -> Metrics:
    content = read_json(run / METRICS)
    version = content.get("schema_version") if isinstance(content, dict) else None
    if isinstance(version, int) and version != SCHEMA_VERSION:
        what = f"schema_version is {version}; this version reads {SCHEMA_VERSION}"
        raise PipelineError(
            "other-version", str(run / METRICS), what, "use the version of embedseq that wrote the run"
        )
    try:
        return value_as(Metrics, content)
    except ValueError as error:
        what = f"it is damaged, or another version wrote it ({error})"
        fix = f"`python -m pipeline verify {run}` tells which; use the version that wrote it, or run again"
        raise PipelineError("run-file-damaged", str(run / METRICS), what, fix) from None


def run_with(path: Path, metrics: Metrics, details: Mapping[str, object] = MappingProxyType({})) -> Run:
    """Return the content of the run folder `path`, but for metrics.json and the `details` that are given by name."""
    config = path / CONFIG
    text = config.read_text(encoding="utf-8", errors="replace") if config.is_file() else ""
    return Run(path, metrics, read_details(Details, path / "details", details), text)
