"""Makes eq8.json: small instances of CBAL Eq. 8, solved by CVXPY and HiGHS. See README.md."""

import json

import cvxpy
import numpy


def instance(rows, classes, budget, tight, seed):
    rng = numpy.random.default_rng(seed)
    weights = numpy.where(numpy.arange(classes) < (classes + 1) // 2, 1.0, 0.1)
    weights /= weights.sum()
    labels = rng.choice(classes, size=rows, p=weights)
    logits = 2.0 * rng.standard_normal((rows, classes))
    logits[numpy.arange(rows), labels] += 3.0
    exponentials = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    p = (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(numpy.float32)
    if tight:
        requirement = rng.uniform(0.2, 1.8, size=classes)
        requirement *= budget / requirement.sum()
        counts = None
    else:
        counts = numpy.bincount(rng.choice(classes, size=2 * budget, p=weights), minlength=classes)
        requirement = numpy.maximum((counts.sum() + budget) / classes - counts, 0.0)
    return p, counts, requirement


def solve(p, costs, requirement, weight, budget, integer):
    z = cvxpy.Variable(p.shape[0], boolean=True) if integer else cvxpy.Variable(p.shape[0])
    constraints = [cvxpy.sum(z) == budget] + ([] if integer else [z >= 0, z <= 1])
    objective = costs @ z + weight * cvxpy.norm1(requirement - p.T @ z)
    problem = cvxpy.Problem(cvxpy.Minimize(objective), constraints)
    options = {"mip_rel_gap": 0.0, "mip_abs_gap": 1e-9} if integer else {}
    problem.solve(solver=cvxpy.HIGHS, **options)
    assert problem.status == "optimal", problem.status
    if not integer:
        return float(problem.value)
    picks = numpy.flatnonzero(z.value > 0.5)
    assert len(picks) == budget
    missing = requirement - p[picks].sum(axis=0)
    return float(costs[picks].sum() + weight * numpy.abs(missing).sum()), picks.tolist()


def main():
    out = []
    for rows, classes, budget, tight, seed in [
        (60, 4, 12, False, 1),
        (60, 4, 12, True, 2),
        (80, 10, 15, False, 3),
        (80, 10, 15, True, 4),
        (150, 6, 30, True, 5),
    ]:
        p32, counts, requirement = instance(rows, classes, budget, tight, seed)
        p = p32.astype(numpy.float64)
        costs = (p * numpy.log(p)).sum(axis=1)
        answers = []
        for weight in [0.0, 0.1, 0.6, 2.0]:
            objective, picks = solve(p, costs, requirement, weight, budget, integer=True)
            relaxation = solve(p, costs, requirement, weight, budget, integer=False)
            answers.append({"lambda": weight, "objective": objective, "relaxation": relaxation, "picks": picks})
        out.append({
            "budget": budget,
            "labelled_counts": None if counts is None else counts.tolist(),
            "requirement": requirement.tolist(),
            # Nine significant digits give every f32 back exactly.
            "probabilities": [[float(f"{value:.9g}") for value in row] for row in p32],
            "answers": answers,
        })
    with open("eq8.json", "w") as file:
        json.dump(out, file, separators=(",", ":"))
        file.write("\n")


main()
