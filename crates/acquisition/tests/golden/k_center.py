"""Makes k_center.json: greedy k-center by NumPy and by scikit-activeml. See README.md."""

import json

import numpy
from skactiveml.pool import CoreSet


def distances(pool, centres):
    differences = pool[:, None, :].astype(numpy.float64) - centres[None, :, :].astype(numpy.float64)
    return numpy.sqrt((differences**2).sum(axis=2))


def greedy(pool, labelled, budget, weight=0.0, p=None, requirement=None):
    """CBAL Algorithm 2 with the whole matrix of distances; without a weight, greedy k-center."""
    between = distances(pool, pool)
    nearest = distances(pool, labelled).min(axis=1)
    missing = None if p is None else requirement.copy()
    picks, scores = [], []
    for _ in range(budget):
        objective = -nearest
        if p is not None:
            objective = objective + weight * numpy.abs(missing - p.astype(numpy.float64)).sum(axis=1)
        objective[picks] = numpy.inf
        pick = int(objective.argmin())
        picks.append(pick)
        scores.append(float(nearest[pick]))
        nearest = numpy.minimum(nearest, between[pick])
        if p is not None:
            missing = missing - p[pick].astype(numpy.float64)
    rest = numpy.setdiff1d(numpy.arange(len(pool)), picks)
    radius = float(nearest[rest].max()) if len(rest) else 0.0
    l1 = None if p is None else float(numpy.abs(missing).sum())
    return {"picks": picks, "scores": scores, "radius": radius, "weight": weight, "l1": l1}


def core_set(pool, labelled, budget):
    x = numpy.concatenate([pool, labelled]).astype(numpy.float64)
    y = numpy.concatenate([numpy.full(len(pool), numpy.nan), numpy.zeros(len(labelled))])
    return CoreSet(random_state=0).query(x, y, batch_size=budget).tolist()


def instance(rows, labelled, dims, classes, budget, seed):
    rng = numpy.random.default_rng(seed)
    draw = lambda count: rng.standard_normal((count, dims)).astype(numpy.float32)
    pool, known = draw(rows), draw(labelled)
    logits = 2.0 * rng.standard_normal((rows, classes)) + numpy.linspace(2.0, 0.0, classes)
    exponentials = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    p = (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(numpy.float32)
    counts = numpy.bincount(rng.integers(0, classes, size=labelled), minlength=classes)
    requirement = numpy.maximum((counts.sum() + budget) / classes - counts, 0.0)
    plain = greedy(pool, known, budget)
    assert plain["picks"] == core_set(pool, known, budget)
    text = lambda array: [[f"{value:.9g}" for value in row] for row in array]
    return {
        "budget": budget,
        "labelled_counts": counts.tolist(),
        "unlabelled": text(pool),
        "labelled": text(known),
        "rounded": text(numpy.round(pool, 2)),
        "probabilities": text(p),
        "plain": plain,
        "core_set": core_set(pool, known, budget),
        "balanced": [greedy(pool, known, budget, w, p, requirement) for w in (0.1, 0.5, 2.0, 50.0)],
    }


def main():
    instances = [
        instance(40, 5, 3, 4, 15, 1),
        instance(60, 12, 17, 5, 20, 2),
        instance(50, 1, 33, 3, 49, 3),
        instance(30, 8, 1, 4, 30, 4),
    ]
    with open("k_center.json", "w") as file:
        json.dump(instances, file, indent=None, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
