"""The class-balancing programme (CBAL Eq. 8) by cvxpy with HiGHS, on an instance that the benchmark wrote.

Called by the benchmark `balance` with a folder; prints one JSON line in the same form. The time is that of stating the
problem and solving it; `solver_seconds` is the solver's own part.
"""

import time

import cvxpy
import numpy

import beside


def solve(probabilities, costs, requirement, weight, budget, limit):
    z = cvxpy.Variable(len(probabilities), boolean=True)
    imbalance = cvxpy.norm1(requirement - probabilities.T @ z)
    problem = cvxpy.Problem(cvxpy.Minimize(costs @ z + weight * imbalance), [cvxpy.sum(z) == budget])
    problem.solve(solver=cvxpy.HIGHS, time_limit=limit)
    return problem, z.value


def main():
    task = beside.task()
    probabilities = beside.array("probabilities").astype(numpy.float64)
    requirement = numpy.array(task["requirement"])
    logs = numpy.log(probabilities, out=numpy.zeros_like(probabilities), where=probabilities > 0)
    costs = (probabilities * logs).sum(axis=1)
    before = beside.peak_bytes()
    start = time.perf_counter()
    problem, z = solve(probabilities, costs, requirement, task["lambda"], task["budget"], task["limit"])
    seconds = time.perf_counter() - start
    detail = {
        "status": problem.status,
        "solver_seconds": problem.solver_stats.solve_time,
        "limit_seconds": task["limit"],
        "peak_extra_bytes": beside.peak_bytes() - before,
        "our_objective": task["objective"],
        "our_bound": task["bound"],
    }
    picks = [] if z is None else numpy.flatnonzero(z > 0.5)
    detail["picks"] = len(picks)
    # HiGHS may be stopped before it has found any choice of the right size.
    if len(picks) == task["budget"]:
        l1 = numpy.abs(requirement - probabilities[picks].sum(axis=0)).sum()
        detail["objective"] = float(costs[picks].sum() + task["lambda"] * l1)
    beside.report(task["benchmark"], [seconds], ("numpy", "cvxpy", "highspy"), detail)


if __name__ == "__main__":
    main()
