"""From a run folder to a service that listens: load, try, say where."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.resources import threads
from pipeline.core.warned import warning
from pipeline.predict.unlike import usual_of
from pipeline.predict.which_model import AskedModel
from pipeline.serve.app import Service
from pipeline.serve.facts import gather, load_asked
from pipeline.serve.kinds import answerer_of, kind_of
from pipeline.serve.limits import Limits
from pipeline.serve.server import address_of, is_loopback, listening, run_until_stopped

FIRST = pl.Series(["A first text is answered before anybody asks."])


def start(asked: AskedModel, host: str, port: int, limits: Sequence[str], console: Console) -> None:
    """Answer texts with a run's model until the process is told to stop."""
    most = Limits.told(limits)
    model, choice = load_asked(asked)
    if not np.isfinite(model.rows(FIRST)[0]).all():  # which also does what the first answer alone takes
        fix = "choose another one with --model"
        raise PipelineError(
            "model-did-not-train",
            str(asked.place),
            f"the answers of {model.name} are no numbers: it did not train",
            fix,
        )
    with listening(host, port) as bound:
        if not is_loopback(host):
            told = (
                f"{host} is reached by other machines: whoever reaches this port can ask, there is neither a"
            )
            told += " password nor encryption; put a proxy before it that has both"
            console.warn(warning("open-to-other-machines", told))
        service = Service(
            gather(asked, model, choice, most),
            answerer_of(model, usual_of(asked.place)),
            most,
            kind_of(model),
        )
        said = f"{model.name} answers on {address_of(bound)} (Ctrl-C ends it)"
        gc.freeze()  # what is there stays: going through it each time stops everybody for 60 ms
        with threads(1), service.answering:  # the other cores are for those who ask
            run_until_stopped(service.app(), bound, most, lambda: console.say(said))
