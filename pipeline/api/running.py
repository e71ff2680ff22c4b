"""`pipeline.run`: a run as the command line's, its options as keywords."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from inspect import Parameter, Signature, signature

from pipeline.api.documents import as_paths
from pipeline.api.keywords import check_known, config_of, keywords_of, parameters, with_keywords
from pipeline.api.notebook import progress
from pipeline.api.result import RunResult, read_run
from pipeline.core.errors import NotDone
from pipeline.settings.tables import SETTINGS

CORPUS = "corpus.path"
# A share of a run has no result that could be returned.
KEYWORDS = keywords_of(
    key for key, setting in SETTINGS.items() if setting.option and key not in (CORPUS, "run.shard")
)


def run(
    corpus: object = SETTINGS[CORPUS].default,
    *,
    settings: Mapping[str, object] | None = None,
    config: str | os.PathLike[str] | None = None,
    resume: bool = False,
    **options: object,
) -> RunResult:
    """Train every model on a corpus, write a run folder with a report, and return what was found.

    Every option of `python -m pipeline run` is a keyword of the same name: `--max-tokens 200` is `max_tokens=200`.

    Parameters
    ----------
    corpus : path, list of paths, frame, or (texts, labels)
        What the command line reads: files, folders, patterns, the name of a built-in corpus. A frame of Polars or
        pandas, or a pair of N texts and N labels, is read as a file of the same content would be.
    settings : mapping, optional
        Settings by their keys in docs/reference/configuration.md, such as `{"networks.units": 64}`; `--set` of the
        command line.
    config : path, optional
        A TOML file with any of the settings.
    resume : bool
        Go on with the run in `out`; fail if there is none.

    Returns
    -------
    RunResult

    Raises
    ------
    PipelineError
        For a mistake in files or settings: where, what, and what to do.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> texts = [f"{word} film {number}" for number in range(30) for word in ("good", "bad")]
    >>> with TemporaryDirectory() as folder:
    ...     result = run((texts, ["+", "-"] * 30), models=["bow", "tfidf"], out=Path(folder, "run"))
    ...     print(result.verdict)
    ...     print(result.models, result.model("tfidf").predict(["a good one"]))
    There is no verdict: no network was run.
    ('bow', 'tfidf') ['+']
    """
    from pipeline.commands.run import run_experiment
    from pipeline.commands.unfinished import check_all_is_done

    check_known(options, (*KEYWORDS, "settings", "config", "resume"), "pipeline.run")
    with as_paths(corpus) as (paths, columns), progress() as console:
        given = {"corpus": paths, **columns, **options}
        asked = config_of({"corpus": CORPUS, **KEYWORDS}, given, settings=settings, file=config)
        told = {"settings": settings, "config": config, "resume": resume, **options}
        command = _call(asked.corpus.path, paths is not corpus, told)
        folder = run_experiment(asked, console, command, resume=resume)
    try:
        check_all_is_done(folder)
    except NotDone as left:
        warnings.warn(str(left), stacklevel=2)
    return read_run(folder)


def _call(corpus: object, in_memory: bool, given: Mapping[str, object]) -> str:
    """Return the call in words, for the report.

    >>> _call("a.csv", False, {"config": None, "models": ["bow"]})
    "pipeline.run('a.csv', models=['bow'])"
    """
    words = [f"{name}={value!r}" for name, value in given.items() if value not in (None, False)]
    return f"pipeline.run({', '.join(['documents' if in_memory else repr(corpus), *words])})"


def _own_signature() -> Signature:
    own = [one for one in signature(run).parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
    return Signature([*own, *parameters(KEYWORDS)], return_annotation=RunResult)


run.__signature__ = _own_signature()  # type: ignore[attr-defined]  # what `help` and editors show
run.__doc__ = with_keywords(run.__doc__, KEYWORDS)
