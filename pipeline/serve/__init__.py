"""A saved model as a service over HTTP; everything but `serve` needs the extra `serve`."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.predict.which_model import AskedModel

EXTRA = ("h11", "prometheus_client", "starlette", "uvicorn")
INSTALL = "pip install 'embedseq[serve]'"


def serve(asked: AskedModel, host: str, port: int, limits: Sequence[str], console: Console) -> None:
    """Answer texts over HTTP with a run's model, until the process is told to stop.

    Parameters
    ----------
    asked : which model of which run
    host, port : where to listen
    limits : each `NAME=NUMBER`, see `Limits`
    console : for what is said at the start

    Raises
    ------
    PipelineError
        If the extra is not installed, there is no such model, or the place is taken.
    """
    try:
        from pipeline.serve.starting import start
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        raise PipelineError(
            "package-missing", "serve", f"the package {error.name} is not installed", f"`{INSTALL}`"
        ) from None
    start(asked, host, port, limits, console)
