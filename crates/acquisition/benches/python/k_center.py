"""Greedy k-center in NumPy, without and with class balancing, on arrays that the benchmark wrote.

Called by the benchmark `k_center` with a folder; prints one JSON line in the same form. The distances are updated with
the newest centre after each pick, by products in float32 with norms computed once; the balancing term is computed
afresh from the whole matrix of probabilities in each step, as the authors' code does.
"""

import time

import numpy

import beside

BLOCK = 4096


def nearest(pool, norms, centres):
    """Squared distance of every row to its nearest centre, in blocks."""
    centre_norms = numpy.einsum("ij,ij->i", centres, centres)
    least = numpy.empty(len(pool), dtype=numpy.float32)
    for start in range(0, len(pool), BLOCK):
        rows = slice(start, start + BLOCK)
        squared = centre_norms[None, :] - 2.0 * (pool[rows] @ centres.T)
        least[rows] = squared.min(axis=1) + norms[rows]
    return least


def k_center(pool, labelled, budget, probabilities=None, requirement=None, weight=None):
    norms = numpy.einsum("ij,ij->i", pool, pool)
    least = numpy.maximum(nearest(pool, norms, labelled), 0.0)
    missing = None if weight is None else numpy.array(requirement, dtype=numpy.float32)
    taken = numpy.zeros(len(pool), dtype=bool)
    picks = []
    for _ in range(budget):
        value = numpy.sqrt(least)
        if weight is not None:
            value -= weight * numpy.abs(missing - probabilities).sum(axis=1)
        value[taken] = -numpy.inf
        pick = int(value.argmax())
        picks.append(pick)
        taken[pick] = True
        if weight is not None:
            missing -= probabilities[pick]
        squared = norms + norms[pick] - 2.0 * (pool @ pool[pick])
        numpy.minimum(least, numpy.maximum(squared, 0.0), out=least)
    return picks, float(numpy.sqrt(least.max()))


def main():
    task = beside.task()
    pool, labelled, probabilities = map(beside.array, ("unlabelled", "labelled", "probabilities"))
    before = beside.peak_bytes()
    start = time.perf_counter()
    picks, radius = k_center(
        pool, labelled, task["budget"], probabilities, task["requirement"], task["weight"]
    )
    seconds = time.perf_counter() - start
    agreeing = next((i for i, pair in enumerate(zip(picks, task["picks"])) if pair[0] != pair[1]), len(picks))
    detail = {
        "peak_extra_bytes": beside.peak_bytes() - before,
        "radius": radius,
        "picks_before_the_first_that_differs_from_ours": agreeing,
        "picks_in_common_with_ours": len(set(picks) & set(task["picks"])),
    }
    beside.report(task["benchmark"], [seconds], ("numpy",), detail)


if __name__ == "__main__":
    main()
