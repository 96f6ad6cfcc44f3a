"""The wheel beside what Python has: the class-balancing programme by cvxpy with HiGHS, and strategies of scikit-activeml.

Called by `cargo xtask bench` with a scale and a filter; prints one JSON line for each side of each comparison. Both sides are
given the same arrays of float32, as a network leaves them, and each does with them what it does: conversions are part of its
time. The two take turns, repeat by repeat, and `theirs_to_ours` is the median of the quotients of neighbours.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import platform
import statistics
import sys
import time
from dataclasses import dataclass

try:
    import numpy
    import tailward
except ImportError as error:
    WITHOUT = f"this interpreter has no {error.name}: pip install ./python"
else:
    WITHOUT = None

SCALES = ("full", "small")
PEERS = {"cvxpy": ("numpy", "cvxpy", "highspy"), "scikit-activeml": ("numpy", "scipy", "scikit-learn", "scikit-activeml")}
MODULES = {"cvxpy": ("cvxpy", "highspy"), "scikit-activeml": ("skactiveml",)}

# How long HiGHS may take, in seconds.
LIMIT = 60.0

# What BADGE of scikit-activeml may take for its gradients, which it writes out: rows × classes × dims numbers.
GRADIENT_BYTES = 2e9


@dataclass
class Pool:
    """A pool with a classifier's outputs, rows labelled at first, and how many to choose."""

    probabilities: numpy.ndarray
    embeddings: numpy.ndarray
    labels: numpy.ndarray
    budget: int


def make(rows, classes, dims, labelled, budget, seed=1):
    """Gaussian classes, half of them rare; the classifier is right about four times in five, and too sure by a factor of
    1.3. Embeddings are rectified clusters, one a class, as pooled features are not negative.
    """
    rng = numpy.random.default_rng(seed)
    weights = numpy.where(numpy.arange(classes) < (classes + 1) // 2, 1.0, 0.1)
    truth = rng.choice(classes, size=rows, p=weights / weights.sum())
    distance = numpy.sqrt(2 * numpy.log(classes)) + 0.3
    logits = 1.3 * distance * rng.normal(size=(rows, classes))
    logits[numpy.arange(rows), truth] += 1.3 * distance**2
    logits -= logits.max(axis=1, keepdims=True)
    probabilities = numpy.exp(logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    means = rng.normal(size=(classes, dims)).astype(numpy.float32)
    embeddings = numpy.maximum(0.5 * means[truth] + 0.5 * rng.normal(size=(rows, dims)).astype(numpy.float32), 0)
    labels = numpy.full(rows, -1)
    known = rng.choice(rows, size=labelled, replace=False)
    labels[known] = truth[known]
    return Pool(probabilities.astype(numpy.float32), embeddings, labels, budget)


def report(benchmark, **line):
    print(json.dumps({"benchmark": benchmark, **line}), flush=True)


def versions(packages):
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in packages}}


def seconds(call):
    started = time.perf_counter()
    answer = call()
    return time.perf_counter() - started, answer


def compare(peer, name, repeats, ours, theirs, account):
    """Both in turn, the faster first once for nothing, as the first call of anything loads what it needs."""
    ours()
    turns = [(seconds(ours), seconds(theirs)) for _ in range(repeats)]
    (_, our_answer), (_, their_answer) = turns[-1]
    ratios = [theirs_secs / our_secs for (our_secs, _), (theirs_secs, _) in turns]
    detail = account(our_answer, their_answer)
    report(f"python/wheel/{name}", seconds=[our for (our, _), _ in turns], detail=versions(("numpy", "tailward")))
    ratio = {"theirs_to_ours": round(statistics.median(ratios), 2)}
    if repeats > 1:
        ratio |= {"least_ratio": round(min(ratios), 2), "most_ratio": round(max(ratios), 2)}
    their_seconds = [their for _, (their, _) in turns]
    report(f"python/{peer}/{name}", seconds=their_seconds, detail={**ratio, **detail, **versions(PEERS[peer])})


def programme(name, rows, classes, budget, repeats):
    """CBAL Eq. 8 from probabilities and labels to rows, λ = 1, after a first batch of twice the budget drawn at random."""
    import cvxpy

    pool = make(rows + 2 * budget, classes, 1, 2 * budget, budget)
    known = pool.labels >= 0
    p, labelled = numpy.ascontiguousarray(pool.probabilities[~known]), pool.labels[known]
    counts = numpy.bincount(labelled, minlength=classes)
    requirement = numpy.maximum((counts.sum() + budget) / classes - counts, 0.0)

    def ours():
        return tailward.query("entropy", budget, probabilities=p, labelled=tailward.Labelled(labelled), balance=1.0)

    def theirs():
        wide = p.astype(numpy.float64)
        costs = (wide * numpy.log(wide, out=numpy.zeros_like(wide), where=wide > 0)).sum(axis=1)
        z = cvxpy.Variable(len(wide), boolean=True)
        imbalance = cvxpy.norm1(requirement - wide.T @ z)
        problem = cvxpy.Problem(cvxpy.Minimize(costs @ z + imbalance), [cvxpy.sum(z) == budget])
        problem.solve(solver=cvxpy.HIGHS, time_limit=LIMIT)
        return problem.status, costs, None if z.value is None else numpy.flatnonzero(z.value > 0.5)

    def account(selection, answer):
        certificate, (status, costs, picks) = selection.balance.certificate, answer
        told = {"status": status, "limit_seconds": LIMIT, "our_objective": certificate.objective, "our_bound": certificate.bound}
        # HiGHS may be stopped before it has found any choice of the right size.
        if picks is not None and len(picks) == budget:
            l1 = numpy.abs(requirement - p[picks].astype(numpy.float64).sum(axis=0)).sum()
            told["objective"] = float(costs[picks].sum() + l1)
        return told

    compare("cvxpy", name, repeats, ours, theirs, account)


def missing_of(labels):
    return numpy.where(labels < 0, numpy.nan, labels.astype(float))


def common(selection, picks):
    return {"picks_in_common_with_ours": len(set(selection.picks.tolist()) & set(numpy.asarray(picks).tolist()))}


def core_set(name, rows, dims, labelled, budget, repeats):
    """Greedy k-center (Sener & Savarese, Algorithm 1), which is what scikit-activeml calls a core-set."""
    from skactiveml.pool import CoreSet

    pool = make(rows + labelled, 10, dims, labelled, budget)
    compare(
        "scikit-activeml",
        name,
        repeats,
        lambda: tailward.query("k-center-greedy", budget, embeddings=pool.embeddings, labels=pool.labels),
        lambda: CoreSet(random_state=0).query(pool.embeddings, missing_of(pool.labels), batch_size=budget),
        common,
    )


def typiclust(name, rows, dims, budget, repeats):
    """The first rows of all: as many clusters as rows are chosen, and typicality over five neighbours, as theirs has it."""
    from skactiveml.pool import TypiClust

    pool = make(rows, 100, dims, 0, budget)
    parameters = {"neighbours": 5, "max_clusters": budget}
    compare(
        "scikit-activeml",
        name,
        repeats,
        lambda: tailward.query("typiclust", budget, embeddings=pool.embeddings, **parameters),
        lambda: TypiClust(random_state=0, k=5).query(pool.embeddings, missing_of(pool.labels), batch_size=budget),
        lambda selection, picks: {},
    )


def badge(name, rows, classes, dims, labelled, budget, repeats):
    """BADGE. Its gradients are products of two vectors each, and ours never writes them out; theirs does."""
    pool = make(rows + labelled, classes, dims, labelled, budget)

    def ours():
        return tailward.query(
            "badge", budget, probabilities=pool.probabilities, embeddings=pool.embeddings, labels=pool.labels
        )

    gradients = 4.0 * rows * classes * dims
    if gradients > GRADIENT_BYTES:
        ours()
        report(f"python/wheel/{name}", seconds=[seconds(ours)[0] for _ in range(repeats)], detail=versions(("numpy", "tailward")))
        reason = f"its gradients are {gradients / 1e9:.1f} GB, and half as much again in each step"
        report(f"python/scikit-activeml/{name}", skipped=reason)
        return
    from skactiveml.pool import Badge

    compare(
        "scikit-activeml",
        name,
        repeats,
        ours,
        lambda: Badge(random_state=0).query(
            pool.embeddings, missing_of(pool.labels), _outputs(pool), fit_clf=False, batch_size=budget
        ),
        lambda selection, picks: {},
    )


def _outputs(pool):
    """A classifier that has predicted: scikit-activeml's strategies ask one for the unlabelled rows."""
    from skactiveml.base import SkactivemlClassifier

    class Predicted(SkactivemlClassifier):
        def fit(self, X, y, sample_weight=None):
            return self

        def predict_proba(self, X):
            return pool.probabilities[pool.labels < 0]

    return Predicted(classes=range(pool.probabilities.shape[1]))


def benchmarks(scale):
    """Every comparison: the peer, the name, and the call. Rows are unlabelled ones."""
    full = scale == "full"
    rows, few = (45_000, 4_000) if full else (2_000, 400)
    labelled, budget, repeats = (5_000, 1_000, 3) if full else (200, 50, 2)
    first, dims = (100, 512) if full else (20, 64)
    solved = 2_500 if full else 100
    skactiveml = "scikit-activeml"
    return [
        ("cvxpy", f"balance/{rows}x10/budget={solved}", lambda name: programme(name, rows, 10, solved, repeats)),
        ("cvxpy", f"balance/{rows}x100/budget={solved}", lambda name: programme(name, rows, 100, solved, 1)),
        (
            skactiveml,
            f"core-set/{rows}x{dims}/labelled={labelled}/budget={budget}",
            lambda name: core_set(name, rows, dims, labelled, budget, repeats),
        ),
        (skactiveml, f"typiclust/{rows}x{dims}/budget={first}", lambda name: typiclust(name, rows, dims, first, repeats)),
        (
            skactiveml,
            f"badge/{few}x100x{dims}/budget={first}",
            lambda name: badge(name, few, 100, dims, few // 10, first, repeats),
        ),
        (
            skactiveml,
            f"badge/{rows}x100x{dims}/budget={budget}",
            lambda name: badge(name, rows, 100, dims, labelled, budget, repeats),
        ),
    ]


def without(peer):
    """Why a comparison cannot be made here, if it cannot."""
    if WITHOUT is not None:
        return WITHOUT
    for module in MODULES[peer]:
        try:
            importlib.import_module(module)
        except ImportError:
            return f"this interpreter has no {module}: pip install {' '.join(PEERS[peer])}"
    return None


def main():
    scale, wanted = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    if scale not in SCALES:
        sys.exit(f"the scale is {' or '.join(SCALES)}, and not {scale}")
    for_tests = WITHOUT is None and scale == "full" and tailward._native.FOR_TESTS
    for peer, name, run in benchmarks(scale):
        # Either side is wanted beside the other.
        if not any(wanted in f"python/{who}/{name}" for who in ("wheel", peer)):
            continue
        reason = "the wheel is a build for tests: pip install ./python" if for_tests else without(peer)
        if reason is None:
            run(name)
        else:
            report(f"python/{peer}/{name}", skipped=reason)


if __name__ == "__main__":
    main()
