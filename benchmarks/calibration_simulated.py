"""How often the interval of a calibration error holds it, and chance is called a sign: models of known calibration.

    python -m benchmarks.calibration_simulated

prints the table of docs/decisions/0022. A model states a confidence, drawn from a beta distribution, and its logit
divided by a temperature is that of being right: 1 is calibrated, 1.5 too sure, 0.8 not sure enough. Three seeds have
confidences of their own and one uniform number a document in common. The true error is that of the same 15 bins over
two million documents.
"""

from __future__ import annotations

import numpy as np

from pipeline.core.values import Bool, Float64
from pipeline.evaluation.calibration import calibration_facts
from pipeline.evaluation.pooling import PooledRun
from pipeline.tasks.answers import Predictions
from pipeline.tasks.classification.scores import CALIBRATION_BINS, bins_of, score

CONFIDENCES = {"sure": (12.0, 0.6), "middling": (4.0, 2.0)}  # parameters of the beta distribution
TEMPERATURES = {"calibrated": 1.0, "too sure": 1.5, "not sure enough": 0.8}
SAMPLES, RESAMPLES, TRUTH = 300, 400, 2_000_000


def draw(
    confidence: str, temperature: float, n_docs: int, generator: np.random.Generator
) -> tuple[Float64, Float64]:
    """Return the stated and the true probability of being right; two float64 arrays, shape (N,)."""
    drawn = np.clip(generator.beta(*CONFIDENCES[confidence], n_docs), 1e-4, 1 - 1e-4)
    stated = np.maximum(drawn, 1 - drawn)  # (N,)
    return stated, 1 / (1 + np.exp(-np.log(stated / (1 - stated)) / temperature))


def true_error(confidence: str, temperature: float, generator: np.random.Generator) -> float:
    """Return the calibration error over so many documents that chance plays no part."""
    stated, true = draw(confidence, temperature, TRUTH, generator)
    return float(np.abs(np.bincount(bins_of(stated), true - stated, CALIBRATION_BINS)).sum() / TRUTH)


def run_of(seed: int, stated: Float64, right: Bool) -> PooledRun:
    """Return a run that answers class 0 or 1, whichever makes it right or wrong; every label is 0."""
    answered = np.stack([stated, 1 - stated], axis=1)  # (N, 2)
    probabilities = np.where(right[:, None], answered, answered[:, ::-1]).astype(np.float32)
    documents = np.arange(len(stated))
    predictions = Predictions(documents, np.zeros(len(stated), np.int32), probabilities)
    return PooledRun("simulated", seed, 1, predictions, np.zeros(len(stated), np.int32), documents)


def simulate(confidence: str, kind: str, n_docs: int, n_seeds: int) -> str:
    """Return one row of the table."""
    generator = np.random.default_rng([n_docs, n_seeds, *f"{confidence} {kind}".encode()])
    temperature = TEMPERATURES[kind]
    truth = true_error(confidence, temperature, generator)
    measured, zeros, limits, signs, holds = [], [], [], 0, 0
    for _ in range(SAMPLES):
        uniform = generator.random(n_docs)
        runs = []
        for seed in range(n_seeds):
            stated, true = draw(confidence, temperature, n_docs, generator)
            runs.append(run_of(seed, stated, uniform < true))
        facts = calibration_facts(runs, generator, n_resamples=RESAMPLES)
        measured.append(float(np.mean([score(run.predictions).ece for run in runs])))
        zeros.append(facts.ece_if_calibrated)
        limits.append(facts.ece_if_calibrated_95)
        signs += measured[-1] > limits[-1]
        low, high = facts.ece_ci95
        holds += low <= truth + 1e-4 and truth <= high  # the truth itself is known to about so much
    cells = [f"{np.mean(values):.3f}" for values in (measured, zeros, limits)]
    shares = [f"{100 * times / SAMPLES:.0f} %" for times in (signs, holds)]
    row = [confidence, kind, f"{n_docs:,}", str(n_seeds), f"{truth:.3f}", *cells, *shares]
    return f"| {' | '.join(row)} |"


def main() -> None:
    """Print the table."""
    print(
        "| confidence | model | documents | seeds | true | measured | if calibrated | up to | above | interval holds |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for confidence in CONFIDENCES:
        for n_docs, n_seeds in ((445, 1), (445, 3), (2000, 1)):
            for kind in TEMPERATURES:
                print(simulate(confidence, kind, n_docs, n_seeds), flush=True)


if __name__ == "__main__":
    main()
