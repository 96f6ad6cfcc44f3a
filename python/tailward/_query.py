"""Queries and conversations."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional, Union

import numpy as np
import numpy.typing as npt

from tailward import _native
from tailward._arrays import floats, labels_of
from tailward._native import Strategy
from tailward._selection import Selection, selection


class Labelled:
    """Labelled samples that are held apart from the unlabelled ones, whose arrays are then lent without a copy.

    Row ``i`` of every array is the same labelled sample.

    Args:
        labels: their classes, counted from 0. ``[labelled]``
        probabilities: their class probabilities. ``[labelled, classes]``
        embeddings: their embeddings. ``[labelled, dims]``
    """

    def __init__(self, labels: Any, probabilities: Any = None, embeddings: Any = None) -> None:
        self.labels = labels_of("labelled.labels", labels)
        self.probabilities = floats("labelled.probabilities", probabilities)
        self.embeddings = floats("labelled.embeddings", embeddings)

    def __len__(self) -> int:
        return len(self.labels)


def query(
    strategy: Union[str, Mapping[str, Any], Strategy],
    budget: int,
    *,
    probabilities: Any = None,
    logits: Any = None,
    embeddings: Any = None,
    head: Any = None,
    dropout_probabilities: Any = None,
    estimates: Any = None,
    labels: Any = None,
    labelled: Optional[Labelled] = None,
    rows: Optional[int] = None,
    seed: int = 0,
    **parameters: Any,
) -> Selection:
    """Chooses `budget` unlabelled samples to label next.

    The same arguments give the same picks, on any number of threads, as `tailward query` does with the same arrays. Give
    the arrays that the strategy needs (``Strategy(...).needs`` names them); what is missing is an error.

    Args:
        strategy: a short name (`STRATEGIES`, such as ``"entropy"``), whose parameters are given as keywords with the command
            line's defaults; or a `Strategy`, or the dictionary of one, which hold every parameter.
        budget: how many samples to choose.
        probabilities: class probabilities, after the softmax; rows sum to 1. ``[rows, classes]``
        logits: outputs before the softmax. ``[rows, classes]``
        embeddings: features before the last layer. ``[rows, dims]``
        head: weights of the last layer, without its biases. ``[classes, dims]``
        dropout_probabilities: class probabilities of passes with dropout; without `probabilities`, their mean takes its
            place. ``[passes, rows, classes]``
        estimates: a discriminator's estimates that the samples are labelled (VAAL), in [0, 1]. ``[rows]``
        labels: what is known of each row: its class, or -1, nan or None where it has no label. The arrays hold all samples
            then, labelled and unlabelled, and are taken apart, which copies them. ``[rows]``
        labelled: in its place, labelled samples that are held apart: then no array is copied.
        rows: how many samples there are, where no array says so (``"random"``).
        seed: of the random choices, where the strategy makes any.
        **parameters: of the strategy: ``balance=2.0`` or ``balance="auto"`` (also a dictionary with ``lambda``, ``solver``,
            ``prediction`` or ``scale``), ``parallel=5``, ``decimals=2``, … `tailward.strategies` has them all.

    Returns:
        The picks are rows of the arrays as they were given.

    Raises:
        ValueError: an array is missing, or holds what it may not, with its row and column; a parameter is missing, is none
            of the strategy's, or is out of its range.
        TypeError: an argument is of a wrong type.

    Arrays may be of NumPy, or of anything that has ``__array__`` or ``__dlpack__`` in the host's memory. ``float32`` in C order
    is read where it lies; anything else is converted once, for the strategies read ``float32``, and so loses what ``float64``
    has beyond that. Probabilities are checked wherever they are given, for the distance to balance. Other threads go on
    during a query and must not write to its arrays; ``Ctrl-C`` is noticed when it ends.
    """
    chosen, given = _arguments(
        strategy,
        parameters,
        _Given(
            probabilities, logits, embeddings, head, dropout_probabilities, estimates, labels, labelled, rows, seed
        ),
    )
    if chosen.asks_again:
        raise ValueError(f"{chosen.name} asks more than once: begin a tailward.Conversation")
    return selection(chosen.name, _native.query(chosen, natural("budget", budget), given))


@dataclass(frozen=True, eq=False)
class Ask:
    """Rows that can be labelled at the same time."""

    picks: npt.NDArray[np.int64]
    """Rows of the arrays as they were given, first queried first."""
    scores: npt.NDArray[np.float64]
    """The score of each."""
    phase: Optional[str]
    """What they are for, for a strategy that asks more than once: DIRECT's ``reduce`` and ``annotate``, GALAXY's ``bisect``,
    ``extend`` and ``explore``."""


class Conversation:
    """A query as a conversation: rows are asked for, answers are told, and what is asked next may depend on them.

    DIRECT and GALAXY ask again and again within one budget; any other strategy asks once. Between two asks the
    conversation can be written down and read back.

    >>> conversation = Conversation.begin("direct", 100, probabilities=p, labels=labels, parallel=5)
    >>> while (ask := conversation.ask()) is not None:
    ...     for row in ask.picks:
    ...         conversation.tell(row, look_at(row))  # its class, or None where nobody can tell
    """

    def __init__(self, native: _native.Conversation) -> None:
        self._native = native

    @classmethod
    def begin(
        cls,
        strategy: Union[str, Mapping[str, Any], Strategy],
        budget: int,
        *,
        probabilities: Any = None,
        logits: Any = None,
        embeddings: Any = None,
        head: Any = None,
        dropout_probabilities: Any = None,
        estimates: Any = None,
        labels: Any = None,
        labelled: Optional[Labelled] = None,
        rows: Optional[int] = None,
        seed: int = 0,
        **parameters: Any,
    ) -> Conversation:
        """Begins a conversation about `budget` unlabelled samples, with the arguments of `query`."""
        chosen, given = _arguments(
            strategy,
            parameters,
            _Given(
                probabilities,
                logits,
                embeddings,
                head,
                dropout_probabilities,
                estimates,
                labels,
                labelled,
                rows,
                seed,
            ),
        )
        return cls(_native.Conversation.begin(chosen, natural("budget", budget), given))

    @classmethod
    def from_json(cls, text: str) -> Conversation:
        """The conversation that `to_json` wrote. It is trusted: what somebody changed by hand may go wrong later."""
        return cls(_native.Conversation.from_json(text))

    def to_json(self) -> str:
        """The whole conversation as text, without the arrays that it was begun with."""
        return self._native.to_json()

    def ask(self) -> Optional[Ask]:
        """The next rows to label; None while the last ask waits for answers, and after the end."""
        told = self._native.ask()
        return None if told is None else Ask(**told)

    def tell(self, row: int, label: Optional[int] = None) -> None:
        """Takes the answer for a row of the last ask: its class, or None where it gets no label. In any order.

        Raises:
            ValueError: the row does not wait for an answer, or there is no such class. Nothing changes then.
        """
        self._native.tell(natural("row", row), None if label is None else natural("label", label))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Conversation.from_json, (self.to_json(),))

    @property
    def strategy(self) -> str:
        """The strategy's short name."""
        return self._native.strategy

    @property
    def asks(self) -> list[Ask]:
        """What was asked for so far."""
        return [Ask(**told) for told in self._native.asks()]

    @property
    def waiting(self) -> npt.NDArray[np.int64]:
        """Rows of the last ask that have no answer yet, rising."""
        return self._native.waiting

    @property
    def is_complete(self) -> bool:
        """Whether the budget has been asked for and every ask answered."""
        return self._native.is_complete

    def selection(self) -> Selection:
        """What was asked for so far, in order. Distances to balance are not computed here."""
        return selection(self._native.strategy, self._native.selection())


@dataclass(frozen=True, eq=False)
class _Given:
    """Arguments of a query, as they come."""

    probabilities: Any
    logits: Any
    embeddings: Any
    head: Any
    dropout_probabilities: Any
    estimates: Any
    labels: Any
    labelled: Optional[Labelled]
    rows: Optional[int]
    seed: int


# What the native part has room for.
_MOST = {"label": 2**32 - 1, "seed": 2**64 - 1}


def natural(name: str, value: Any) -> int:
    """A whole number that is not negative, of Python, NumPy or anything else that has one."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, and is a {type(value).__name__}") from None
    if number < 0:
        raise ValueError(f"{name} must not be negative, and is {number}")
    if number > (most := _MOST.get(name, 2**63 - 1)):
        raise ValueError(f"{name} must be at most {most}, and is {number}")
    return number


def _arguments(
    strategy: Union[str, Mapping[str, Any], Strategy], parameters: dict[str, Any], given: _Given
) -> tuple[Strategy, dict[str, Any]]:
    """The strategy, and what the native part is given."""
    if given.labels is not None and given.labelled is not None:
        raise TypeError("give labels of all samples, or labelled samples that are held apart, and not both")
    if given.labelled is not None and not isinstance(given.labelled, Labelled):
        raise TypeError(f"labelled must be a tailward.Labelled, and is a {type(given.labelled).__name__}")
    labels = None if given.labels is None else labels_of("labels", given.labels)
    if labels is not None and given.rows is not None and given.rows != len(labels):
        raise ValueError(f"there are {len(labels)} labels, and rows is {given.rows}")
    arrays = {
        name: floats(name, getattr(given, name))
        for name in ("probabilities", "logits", "head", "embeddings", "dropout_probabilities", "estimates")
    }
    passes = arrays["dropout_probabilities"]
    held = given.labelled
    return _strategy(strategy, parameters, None if passes is None else len(passes)), {
        **arrays,
        "rows": None if given.rows is None else natural("rows", given.rows),
        "labels": labels,
        "labelled_labels": None if held is None else held.labels,
        "labelled_probabilities": None if held is None else held.probabilities,
        "labelled_embeddings": None if held is None else held.embeddings,
        "seed": natural("seed", given.seed),
    }


def _strategy(
    strategy: Union[str, Mapping[str, Any], Strategy], parameters: dict[str, Any], passes: Optional[int]
) -> Strategy:
    if isinstance(strategy, str):
        if strategy in ("bald", "batch-bald"):
            if "passes" in parameters:
                raise ValueError("the number of passes is that of dropout_probabilities; leave `passes` out")
            # Without any pass the array is missing, which is said when the arrays are looked at.
            parameters = {**parameters, "passes": 2 if passes is None else passes}
        balance = parameters.get("balance")
        if isinstance(balance, Mapping):
            parameters = {**parameters, "balance": dict(balance)}
        return Strategy(strategy, **parameters)
    if parameters:
        names = ", ".join(parameters)
        raise TypeError(f"{names}: a strategy that is no name holds all of its parameters")
    if isinstance(strategy, Strategy):
        return strategy
    if isinstance(strategy, Mapping):
        return Strategy.from_dict(dict(strategy))
    kind = type(strategy).__name__
    raise TypeError(f"strategy must be a name, a dictionary or a tailward.Strategy, and is a {kind}")
