"""What arrays may be, what is borrowed of them, and how a fault is named."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import tailward

P = np.array([[0.9, 0.1], [0.5, 0.5], [0.7, 0.3], [0.6, 0.4]], dtype=np.float32)
BEST = [1, 3]


class WithArray:
    """As a tensor on the host is converted."""

    def __init__(self, array):
        self._array = array

    def __array__(self, dtype=None, copy=None):
        return self._array if dtype is None else self._array.astype(dtype)


class WithDlpack:
    """As a tensor that lends its memory by DLPack alone."""

    def __init__(self, array):
        self._array = array

    def __dlpack__(self, **keywords):
        return self._array.__dlpack__(**keywords)

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()


def wide(array):
    """The same values, not next to each other."""
    spaced = np.zeros((2 * len(array), 3 * array.shape[1]), dtype=array.dtype)
    spaced[::2, ::3] = array
    return spaced[::2, ::3]


def unaligned(array):
    raw = np.empty(array.nbytes + 1, dtype=np.uint8)
    moved = np.ndarray(array.shape, dtype=array.dtype, buffer=raw.data, offset=1)
    moved[...] = array
    assert not moved.flags.aligned
    return moved


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "form",
    [
        np.float64,
        np.float16,
        np.longdouble,
        np.asfortranarray,
        wide,
        unaligned,
        read_only,
        lambda array: array.astype(">f4"),
        lambda array: array[::-1][::-1],
        np.ndarray.tolist,
        WithArray,
        WithDlpack,
        lambda array: WithDlpack(array.astype(np.float64)),
        memoryview,
    ],
)
def test_an_array_of_any_kind_is_taken(form):
    assert tailward.query("entropy", 2, probabilities=form(P)).picks.tolist() == BEST


def test_whole_numbers_are_numbers():
    embeddings = np.array([[0], [3], [9]])
    assert tailward.query("k-center-greedy", 1, embeddings=embeddings, labels=[0, -1, -1]).picks.tolist() == [2]


@pytest.mark.parametrize(
    "labels",
    [
        [-1, 1, -1, -1],
        np.array([-1, 1, -1, -1], dtype=np.int8),
        [np.nan, 1, np.nan, np.nan],
        [None, 1, None, float("nan")],
        np.array([None, np.int64(1), None, None], dtype=object),
    ],
)
def test_a_label_may_be_missing_in_any_way(labels):
    selection = tailward.query("entropy", 2, probabilities=P, labels=labels)
    assert selection.picks.tolist() == [3, 2]
    # One of two classes has a label, and three of both would have one and a half: what is missing is 0.5 + 1.5.
    assert selection.l1_before == 2.0


def refusal(strategy, *arguments, error=ValueError, **keywords):
    with pytest.raises(error) as caught:
        tailward.query(strategy, *arguments, **keywords)
    return str(caught.value)


def test_a_fault_has_its_row_and_column():
    broken = P.copy()
    broken[2, 1] = np.nan
    words = "failed to read probabilities: row 2, column 1 is NaN"
    assert refusal("entropy", 1, probabilities=broken) == words
    # Rows are those of the arrays as they were given, also where some are labelled.
    assert refusal("entropy", 1, probabilities=broken, labels=[0, 1, -1, -1]) == words
    assert refusal("entropy", 1, probabilities=broken, labels=[0, 1, 1, -1]) == words
    broken[2, 1] = 0.9
    assert "row 2 sums to 1.59999" in refusal("entropy", 1, probabilities=broken)
    assert "row 0, column 1 is negative (-3)" in refusal("margin", 1, probabilities=[[4, -3], [0.5, 0.5]])
    embeddings = [[0.0, 1.0], [1e39, 1.0], [2.0, 1.0]]
    assert refusal("k-center-greedy", 1, embeddings=embeddings) == (
        "failed to read unlabelled embeddings: row 1, column 0 is inf"
    )
    assert "row 1, column 0 is inf" in refusal("k-center-greedy", 1, embeddings=embeddings, labels=[0, -1, -1])
    passes = np.stack([P, P])
    passes[1, 3, 0] = np.inf
    assert refusal("bald", 1, dropout_probabilities=passes, labels=[1, -1, -1, -1]) == (
        "failed to read probabilities: row 3, column 0 is inf"
    )
    assert refusal("bald", 1, probabilities=P, dropout_probabilities=passes, labels=[1, -1, -1, -1]) == (
        "failed to read pass 1: read probabilities: row 3, column 0 is inf"
    )
    estimates = [0.5, 0.5, 1.5, 0.5]
    assert "row 2 is 1.5, not in [0, 1]" in refusal("vaal", 1, estimates=estimates, labels=[0, 0, -1, -1])
    logits = [[1.0, 2.0], [np.inf, 0.0]]
    assert "logits: row 1, column 0 is inf" in refusal("most-likely-positive", 1, logits=logits, labels=[0, -1])


def test_what_is_missing_is_named():
    assert refusal("badge", 1, probabilities=P) == (
        "failed to read the embeddings: they are needed, and none were given (as `embeddings`)"
    )
    assert "(as `logits`)" in refusal("base", 1, probabilities=P)
    assert "(as `estimates`)" in refusal("vaal", 1, probabilities=P)
    assert "(as `dropout_probabilities`)" in refusal("bald", 1, probabilities=P)
    labelled = tailward.Labelled([0], probabilities=[[1.0, 0.0]])
    assert "(as `labelled.embeddings`)" in refusal(
        "bait", 1, probabilities=P, embeddings=P, labelled=labelled, regularisation=1, memory_limit_mib=9
    )
    assert refusal("random", 1) == "failed to count the samples: no array was given, and no number of rows"


def test_arrays_belong_together():
    assert refusal("entropy", 1, probabilities=P, embeddings=P[:3]) == (
        "failed to match the rows of the embeddings: expected 4, found 3"
    )
    assert "expected 3, found 4" in refusal("entropy", 1, probabilities=P, labels=[-1, 0, -1])
    assert "expected 3, found 4" in refusal("entropy", 1, probabilities=P, labels=[-1, -1, -1])
    assert refusal("random", 1, labels=[0, -1], rows=3) == "there are 2 labels, and rows is 3"
    assert refusal("entropy", 1, probabilities=P[0]) == (
        "probabilities must be [rows, classes], and its shape is [2]"
    )
    assert refusal("entropy", 1, probabilities=[[0.5, 0.5], [1.0]]).startswith("probabilities is no array: ")
    assert refusal("entropy", 5, probabilities=P) == "failed to query 5 rows: the pool holds only 4"
    assert refusal("entropy", 4, probabilities=P, labels=[0, -1, -1, -1]) == (
        "failed to query 4 rows: the pool holds only 3"
    )


def test_labels_are_classes():
    assert refusal("entropy", 1, probabilities=P, labels=[-1, 2, -1, -1]) == (
        "failed to read labels: row 1 is 2, and there are 2 classes"
    )
    assert "row 0 is -2" in refusal("entropy", 1, probabilities=P, labels=[-2, 1, -1, -1])
    assert "row 3 is 0.5, and classes are whole" in refusal("entropy", 1, probabilities=P, labels=[0, 1, 1, 0.5])
    assert "row 3 is inf" in refusal("entropy", 1, probabilities=P, labels=[0, 1, 1, np.inf])
    with pytest.raises(ValueError, match="labelled row 1 is -1, and classes are counted from 0"):
        tailward.query("entropy", 1, probabilities=P, labelled=tailward.Labelled([0, -1]))
    assert "labelled row 1 is 7, and there are 2 classes" in refusal(
        "entropy", 1, probabilities=P, labelled=tailward.Labelled([0, 7])
    )


def test_what_is_of_a_wrong_type_is_a_type_error():
    for keywords, words in [
        ({"probabilities": np.array([["a", "b"]])}, "probabilities must hold numbers, and holds <U1"),
        ({"probabilities": P.astype(np.complex64)}, "probabilities must hold numbers, and holds complex64"),
        ({"probabilities": object()}, "probabilities must hold numbers, and holds object"),
        ({"probabilities": P, "labels": ["a", "b", "c", "d"]}, "labels must hold numbers of classes"),
        ({"probabilities": P, "labels": [None, "b", 1, 1]}, "labels: row 1 is 'b'"),
        ({"probabilities": P, "labelled": [0]}, "labelled must be a tailward.Labelled, and is a list"),
        ({"probabilities": P, "labelled": tailward.Labelled([0]), "labels": [0] * 4}, "and not both"),
        ({"probabilities": P, "seed": 0.5}, "seed must be a whole number, and is a float"),
    ]:
        assert words in refusal("entropy", 1, error=TypeError, **keywords)
    assert "budget must be a whole number" in refusal("entropy", 1.0, error=TypeError, probabilities=P)
    assert "strategy must be a name" in refusal(3, 1, error=TypeError, probabilities=P)
    assert "budget must not be negative, and is -1" in refusal("entropy", -1, probabilities=P)
    assert "seed must be at most 18446744073709551615" in refusal("entropy", 1, probabilities=P, seed=2**64)
    assert len(tailward.query("random", 1, rows=4, seed=2**64 - 1)) == 1
    assert "balance: a strategy that is no name" in refusal(
        {"kind": "entropy"}, 1, error=TypeError, probabilities=P, balance=1
    )
    assert "the parameter `decimals` cannot be of the type object" in refusal(
        "k-center-greedy", 1, error=TypeError, embeddings=P, decimals=object()
    )


def test_parameters_that_do_not_go_are_named():
    for strategy, keywords, words in [
        ("entropies", {}, "failed to find a strategy of the name `entropies`; there are random, entropy,"),
        ("entropy", {"decimals": 2}, "failed to use entropy: it has no parameter `decimals` there; it has balance"),
        ("entropy", {"balance": -1}, "failed to use entropy: cannot use lambda = -1: it must be finite"),
        ("entropy", {"balance": "much"}, 'expected a number or "auto"'),
        ("entropy", {"balance": {"solver": "exact"}}, "it needs `lambda`"),
        ("coreset", {}, "it has no default for outlier_fraction and tolerance; for example outlier_fraction = 0.0001"),
        ("bald", {"passes": 3}, "the number of passes is that of dropout_probabilities"),
        ("random-pseudo-label", {"order": "entropy"}, "set `order`: it is given twice, or the strategy's name says it"),
        ({"kind": "entropy", "lambda": 1}, {}, "no parameter `lambda` there; it has balance"),
        ({"kind": "direct"}, {}, "failed to use direct: it needs `mode`"),
        ({}, {}, "failed to use a strategy: it needs `kind`"),
    ]:
        assert words in refusal(strategy, 1, probabilities=P, embeddings=P, **keywords)


def test_numbers_of_numpy_are_numbers(pool):
    arrays = pool.of(("probabilities",))
    plain = tailward.query("entropy", 5, **arrays, balance=2)
    same = tailward.query("entropy", np.int32(5), **arrays, balance=np.float32(2), seed=np.uint8(0))
    assert same.picks.tolist() == plain.picks.tolist()


PEAK = """
import sys, numpy, tailward

def peak():
    # Of this program alone: getrusage counts what was there before it began.
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM:")).split()[1])

what = sys.argv[1]
p = numpy.full((400_000, 64), 1 / 64, dtype="float32")
passes = p.reshape(100, 4_000, 64)
if what == "converted":
    p = p.astype("float64")
before = peak()
if what == "passes":
    tailward.query("bald", 10, dropout_probabilities=passes, probabilities=passes[0])
elif what == "labels":
    labels = numpy.full(len(p), -1)
    labels[::100] = 0
    tailward.query("entropy", 10, probabilities=p, labels=labels)
elif what == "apart":
    known = numpy.zeros(2, dtype=int)
    labelled = tailward.Labelled(known, probabilities=p[:2], embeddings=p[:2])
    tailward.query("badge", 1, probabilities=p[2:], embeddings=p[2:], labelled=labelled)
else:
    tailward.query("entropy", 10, probabilities=p)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is counted in kibibytes on Linux")
@pytest.mark.parametrize(
    ("what", "least", "most"),
    [("borrowed", 0, 30), ("passes", 0, 30), ("apart", 0, 60), ("converted", 90, 140), ("labels", 90, 200)],
)
def test_what_lies_there_as_the_strategies_read_it_is_not_copied(what, least, most):
    """Of 102 MB of `float32`. That a copy would be seen is shown by what is converted, and by what is taken apart."""
    done = subprocess.run([sys.executable, "-c", PEAK, what], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    megabytes = int(done.stdout) * 1024 / 1e6
    assert least <= megabytes <= most, f"{megabytes:.1f} MB"
