"""What stands beside the answer: how often its network was trained, and why not more often."""

from __future__ import annotations

from pipeline.report.formats import count, is_number
from pipeline.report.run_folder import Record, Run

AUTO, ENOUGH = "auto", 0.5  # as `pipeline.config` and `pipeline.evaluation.seeds` have them


def seeds_sentence(run: Run) -> str:
    """Return how often the network of the answer was trained, and what decided that; empty where nobody compared."""
    seeds = run.table("seeds")
    steps = [step for step in seeds.get("steps") or () if is_number(step.get("share"))]
    if not steps or seeds.get("asked") != AUTO:
        return ""
    last = steps[-1]
    trained = f"{seeds.get('network')} was trained with {count(last.get('seeds'))} seeds"
    difference = f"its difference from {last.get('against')}"
    share = f"{last['share']:.0%} of the variance of {difference} is the chance of training"
    return f"{trained}: {share}{_ending(seeds, last)}."


def _ending(seeds: Record, last: Record) -> str:
    """Return why no seed was added after the last one."""
    if last["share"] <= ENOUGH:
        return ", so that more seeds would narrow the interval little"
    if last.get("seeds") == seeds.get("most"):
        return "; a run trains no more by itself, --seeds N does"
    return f"; no more were trained ({str(seeds.get('why')).partition(';')[0]})"
