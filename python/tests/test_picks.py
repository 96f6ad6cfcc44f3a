"""Every strategy and every balanced form, compared with the command line; and what picks do not depend on."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import tailward

# Options of the command line, and the same as Python has it.
PLAIN = {
    "random": ([], {}),
    "entropy": ([], {}),
    "margin": ([], {}),
    "least-confidence": ([], {}),
    "k-center-greedy": ([], {}),
    "coreset": (
        ["--set", "outlier_fraction=0.01", "--set", "tolerance=0.05"],
        {"outlier_fraction": 0.01, "tolerance": 0.05},
    ),
    "typiclust": (["--set", "neighbours=5", "--set", "max_clusters=60"], {"neighbours": 5, "max_clusters": 60}),
    "bald": ([], {}),
    "batch-bald": (
        ["--set", "configurations=500", "--set", "candidates=50"],
        {"configurations": 500, "candidates": 50},
    ),
    "vaal": ([], {}),
    "most-likely-positive": (["--negative", "0"], {"negative": 0}),
    "base": ([], {}),
    "badge": ([], {}),
    "cluster-margin": (
        ["--set", "sample=100", "--set", "clusters=30", "--set", "candidates=1.25"],
        {"sample": 100, "clusters": 30, "candidates": 1.25},
    ),
    "similar": (["--set", "eta=1"], {"eta": 1}),
    "bait": (
        ["--set", "regularisation=1", "--set", "memory_limit_mib=100"],
        {"regularisation": 1.0, "memory_limit_mib": 100},
    ),
    "entropy-pseudo-label": ([], {}),
    "random-pseudo-label": ([], {}),
    "k-center-greedy-pseudo-label": ([], {}),
    "k-center-greedy-pseudo-label-per-class": ([], {}),
}

FORMS = {
    "fixed": (["--balance", "2"], {"balance": 2}),
    "auto": (["--balance", "auto"], {"balance": "auto"}),
    "exact": (
        ["--balance", "0.6", "--set", "balance.solver=exact"],
        {"balance": {"lambda": 0.6, "solver": "exact"}},
    ),
    "one-hot": (
        ["--balance", "0.6", "--set", "balance.prediction=one-hot"],
        {"balance": {"lambda": 0.6, "prediction": "one-hot"}},
    ),
}

GREEDY_FORMS = {
    "absolute": (["--balance", "0.5"], {"balance": 0.5}),
    "per-class": (
        ["--balance", "5", "--set", "balance.scale=per-class"],
        {"balance": {"lambda": 5, "scale": "per-class"}},
    ),
    "auto": (["--balance", "auto"], {"balance": "auto"}),
    "rounded": (["--balance", "1", "--set", "decimals=2"], {"balance": 1.0, "decimals": 2}),
}

BALANCED = ("entropy", "margin", "least-confidence", "bald", "vaal")


def cases():
    for name, (words, parameters) in PLAIN.items():
        yield pytest.param(name, words, parameters, id=name)
    for name in BALANCED:
        for form, (words, parameters) in FORMS.items():
            yield pytest.param(name, words, parameters, id=f"{name}-{form}")
    for form, (words, parameters) in GREEDY_FORMS.items():
        yield pytest.param("k-center-greedy", words, parameters, id=f"k-center-greedy-{form}")
    logits = (["--set", "of=logits", "--balance", "1"], {"of": "logits", "balance": 1.0})
    yield pytest.param("least-confidence", *logits, id="least-confidence-logits")
    yield pytest.param("k-center-greedy", ["--set", "decimals=1"], {"decimals": 1}, id="k-center-greedy-decimals")


def asked_for(name, parameters):
    """The strategy itself, which says what it needs."""
    passes = {"passes": 3} if name in ("bald", "batch-bald") else {}
    return tailward.Strategy(name, **parameters, **passes)


def needed(pool, strategy):
    needs = strategy.needs or ("probabilities",)
    return pool.of(needs)


def test_no_strategy_is_forgotten():
    assert set(PLAIN) | {"direct", "galaxy"} == set(tailward.STRATEGIES)


@pytest.mark.parametrize(("name", "words", "parameters"), list(cases()))
def test_picks_are_those_of_the_command_line(pool, command_line, name, words, parameters):
    strategy = asked_for(name, parameters)
    arrays = needed(pool, strategy)
    theirs = command_line.query(["--strategy", name, *words], arrays, 12, seed=3)
    ours = tailward.query(name, 12, **arrays, seed=3, **parameters)
    assert ours.picks.tolist() == [pick["index"] for pick in theirs["picks"]]
    assert ours.scores.tolist() == [pick["score"] for pick in theirs["picks"]]
    assert ours.picks.dtype == np.int64 and ours.scores.dtype == np.float64
    assert ours.strategy == theirs["strategy"] == strategy.name
    assert not np.any(pool.labels[ours.picks] >= 0)
    cover, balance = theirs["cover"], theirs["balance"]
    assert (None if ours.cover is None else vars(ours.cover)) == cover
    if balance is None:
        assert ours.l1 is None and ours.balance is None
        return
    assert (ours.l1_before, ours.l1) == (balance["l1_before"], balance["l1"])
    assert (ours.balance is None) == ("requirement" not in balance)
    if ours.balance is not None:
        assert ours.balance.lambda_ == balance["lambda"]
        assert ours.balance.l1_baseline == balance["l1_baseline"]
        assert ours.balance.requirement.tolist() == balance["requirement"]
        if balance["certificate"] is None:
            assert ours.balance.certificate is None
        else:
            certificate = {**vars(ours.balance.certificate)}
            certificate["duals"] = certificate["duals"].tolist()
            theirs = balance["certificate"]
            assert certificate == {"dual_bound": theirs["bound"], **theirs}


def test_passes_alone_stand_for_the_probabilities(pool, command_line):
    arrays = {"dropout_probabilities": pool.arrays["dropout_probabilities"], "labels": pool.labels}
    theirs = command_line.query(["--strategy", "bald", "--balance", "1"], arrays, 9)
    ours = tailward.query("bald", 9, **arrays, balance=1.0)
    assert ours.picks.tolist() == [pick["index"] for pick in theirs["picks"]]


@pytest.mark.parametrize("name", PLAIN)
def test_labelled_samples_may_be_held_apart(pool, name):
    parameters = PLAIN[name][1]
    strategy = asked_for(name, parameters)
    arrays = needed(pool, strategy)
    together = tailward.query(name, 7, **arrays, **parameters)
    known = arrays.pop("labels") >= 0
    labelled = {key: arrays[key][known] for key in ("probabilities", "embeddings") if key in arrays}
    axis = {"dropout_probabilities": 1}
    free = {
        key: array if key == "head" else np.compress(~known, array, axis=axis.get(key, 0))
        for key, array in arrays.items()
    }
    apart = tailward.query(
        name, 7, **free, labelled=tailward.Labelled(pool.labels[known], **labelled), **parameters
    )
    assert np.flatnonzero(~known)[apart.picks].tolist() == together.picks.tolist()
    assert apart.scores.tolist() == together.scores.tolist()
    assert (apart.l1_before, apart.l1) == (together.l1_before, together.l1)


@pytest.mark.parametrize("name", PLAIN)
def test_a_strategy_may_be_a_name_an_object_or_a_dictionary(pool, name):
    parameters = PLAIN[name][1]
    strategy = asked_for(name, parameters)
    arrays = needed(pool, strategy)
    function = getattr(tailward.strategies, name.replace("-", "_"))
    passes = {"passes": 3} if name in ("bald", "batch-bald") else {}
    assert function(**parameters, **passes) == strategy
    assert tailward.Strategy.from_dict(strategy.to_dict()) == strategy
    named = tailward.query(name, 5, **arrays, **parameters)
    for same in (strategy, strategy.to_dict()):
        assert tailward.query(same, 5, **arrays).picks.tolist() == named.picks.tolist()


def test_another_seed_draws_other_rows(pool):
    draw = lambda seed: tailward.query("random", 20, rows=500, seed=seed).picks.tolist()
    assert draw(1) == draw(1) != draw(2)


THREADS = """
import sys, numpy, tailward
rng = numpy.random.default_rng(1)
p = rng.dirichlet(numpy.ones(10), 3000).astype("float32")
e = rng.normal(size=(3000, 64)).astype("float32")
labels = numpy.where(numpy.arange(3000) < 100, numpy.arange(3000) % 3, -1)
for name, parameters in (("entropy", {"balance": "auto"}), ("badge", {}), ("k-center-greedy", {"balance": 1.0}),
                         ("typiclust", {"neighbours": 20, "max_clusters": 100})):
    chosen = tailward.query(name, 50, probabilities=p, embeddings=e, labels=labels, **parameters)
    print(name, chosen.picks.tolist(), chosen.scores.tolist())
"""


def test_the_number_of_threads_changes_nothing():
    def told(threads: int) -> str:
        environment = {"RAYON_NUM_THREADS": str(threads)}
        done = subprocess.run(
            [sys.executable, "-c", THREADS], env={**os.environ, **environment}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    one = told(1)
    assert one.count("[") == 8
    assert told(4) == one


def test_threads_may_query_at_once(pool):
    arrays = pool.of(("probabilities", "embeddings"))
    expected = tailward.query("k-center-greedy", 20, **arrays, balance=1.0).picks.tolist()
    found = []

    def query():
        found.append(tailward.query("k-center-greedy", 20, **arrays, balance=1.0).picks.tolist())

    threads = [threading.Thread(target=query) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 6


def ends_first(call) -> bool:
    """Whether a call in a thread ends before this thread goes on, where nobody takes the interpreter's lock from its holder."""
    order = []

    def run():
        call()
        order.append("call")

    interval = sys.getswitchinterval()
    sys.setswitchinterval(600)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        order.append("this thread")
        thread.join()
    finally:
        sys.setswitchinterval(interval)
    return order[0] == "call"


def test_other_threads_go_on_during_a_query():
    embeddings = np.random.default_rng(0).normal(size=(20_000, 128)).astype(np.float32)
    assert ends_first(lambda: sum(range(3_000_000)))  # Holds the lock throughout.
    assert not ends_first(lambda: tailward.query("k-center-greedy", 1_000, embeddings=embeddings))
