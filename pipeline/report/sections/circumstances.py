"""What stands beside the answer: why its network was trained so often, earlier verdicts, the protocol."""

from __future__ import annotations

from pipeline.core.clean import plural
from pipeline.core.wording import in_words
from pipeline.report.page.formats import count
from pipeline.run_folder.metrics.comparisons import Seeds, SeedsStep
from pipeline.run_folder.reading import Run

AUTO, ENOUGH = "auto", 0.5  # as `pipeline.settings.tables` and `pipeline.evaluation.seeds` have them


def circumstances(run: Run) -> str:
    """Return all that stands beside the answer."""
    return " ".join(
        text for text in (seeds_sentence(run), reuse_sentence(run), protocol_sentence(run)) if text
    )


def seeds_sentence(run: Run) -> str:
    """Return how often the network of the answer was trained, and what decided that; empty where nobody compared."""
    seeds = run.metrics.seeds
    if not seeds.steps or seeds.asked != AUTO:
        return ""
    last = seeds.steps[-1]
    trained = f"{seeds.network} was trained {in_words(last.seeds)} times"
    difference = f"its difference from {last.against}"
    share = f"{last.share:.0%} of the variance of {difference} is the chance of training"
    return f"{trained}. {share}{_ending(seeds, last)}."


def _ending(seeds: Seeds, last: SeedsStep) -> str:
    """Return why no seed was added after the last one."""
    if last.share <= ENOUGH:
        return ": more trainings would narrow the interval little"
    if last.seeds == seeds.most:
        return ". A run trains no more by itself, --seeds N does"
    return f". No more were trained ({seeds.why.partition(';')[0]})"


def reuse_sentence(run: Run) -> str:
    """Return which verdict on its test documents this is; empty where none was counted."""
    reuse = run.metrics.reuse
    if reuse is None or reuse.verdicts is None or reuse.runs is None:
        return ""
    verdicts = reuse.verdicts
    documents = (
        "this test document" if reuse.documents == 1 else f"these {count(reuse.documents)} test documents"
    )
    if reuse.repeated:
        others = f"; {_settings(verdicts)} were judged on {documents} so far" if verdicts > 1 else ""
        return f"The same settings were judged on {'them' if others else documents} before{others}.{_advice(verdicts)}"
    if verdicts == 1:
        return f"This is the first verdict on {documents} on this computer."
    since = (reuse.first or "").partition("T")[0]
    return (
        f"This is the {ordinal(verdicts)} verdict on {documents} on this computer, by as many different settings."
        f" There were {plural(reuse.runs, 'run')} since {since}.{_advice(verdicts)}"
    )


def _settings(number: int) -> str:
    return f"{count(number)} different settings"


def _advice(verdicts: int) -> str:
    """Return what several verdicts on one test set mean."""
    if verdicts < 2:
        return ""
    return (
        " The more settings are tried on one test set, the likelier one of them looks better by chance. Judge the last"
        " choice on documents that no run has tested."
    )


def ordinal(number: int) -> str:
    """Return a number as an ordinal.

    >>> [ordinal(number) for number in (1, 2, 3, 4, 11, 22, 112)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd', '112th']
    """
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else endings.get(number % 10, 'th')}"


def protocol_sentence(run: Run) -> str:
    """Return whether the run kept to what was laid down before it; empty where nothing was."""
    protocol = run.metrics.protocol
    if protocol is None:
        return ""
    when = protocol.written.replace("T", " ")
    file = f"the protocol {protocol.file} (written {when}, sha256 {protocol.sha256[:16]})"
    if protocol.kept:
        return f"The run kept to {file}."
    named = "; ".join(
        f"{breach.what}: {breach.run} in this run, {breach.protocol} in the protocol"
        for breach in protocol.breaches
    )
    return f"The run did not keep to {file}: {named}."
