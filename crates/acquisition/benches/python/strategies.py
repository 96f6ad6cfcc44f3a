"""Strategies of scikit-activeml on arrays that the benchmark wrote.

Called by the benchmark `strategies` with a folder; prints one JSON line in the same form. scikit-activeml wants a model
for its query strategies; what is timed is its scoring function on probabilities that are ready, and the choice of the
highest scores.
"""

import time

import numpy
from skactiveml.pool import uncertainty_scores
from skactiveml.pool._bald import batch_bald

import beside

METHODS = {"entropy": "entropy", "margin": "margin_sampling", "least-confidence": "least_confident"}


def query(strategy, probabilities, budget, configurations):
    if strategy == "batch-bald":
        gains = batch_bald(probabilities, budget, n_MC_samples=configurations, random_state=0)
        return [int(numpy.nanargmax(row)) for row in gains]
    if strategy == "bald":
        scores = batch_bald(probabilities, 1)[0]
    else:
        scores = uncertainty_scores(probabilities, method=METHODS[strategy])
    return numpy.argsort(-scores, kind="stable")[:budget].tolist()


def main():
    task = beside.task()
    probabilities = beside.array("probabilities").astype(numpy.float64)
    # Its checks want sums of 1 as closely as float64 has them.
    probabilities /= probabilities.sum(axis=-1, keepdims=True)
    seconds = []
    for _ in range(task["repeats"]):
        given = probabilities.copy()
        start = time.perf_counter()
        picks = query(task["strategy"], given, task["budget"], task["configurations"])
        seconds.append(time.perf_counter() - start)
    detail = {
        "budget": task["budget"],
        "picks_in_common_with_ours": len(set(picks) & set(task["picks"])),
    }
    packages = ("numpy", "scipy", "scikit-learn", "scikit-activeml")
    beside.report(task["benchmark"], seconds, packages, detail)


if __name__ == "__main__":
    main()
