"""Tailward's strategies as query strategies of scikit-activeml.

`QueryStrategy` is any strategy that chooses at once, and `ConversationStrategy` is DIRECT or GALAXY, which choose in view of the
answers to what they asked before. Both are used as scikit-activeml's own ones are:

>>> strategy = QueryStrategy("entropy", {"balance": 2.0}, random_state=0)
>>> rows = strategy.query(X, y, clf, batch_size=10)

Needs scikit-activeml: ``pip install 'tailward[skactiveml]'``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Optional, Union

import numpy as np
import numpy.typing as npt

import tailward

try:
    from skactiveml.base import SingleAnnotatorPoolQueryStrategy, SkactivemlClassifier
    from skactiveml.utils import (
        MISSING_LABEL,
        check_equal_missing_label,
        check_scalar,
        check_type,
        is_labeled,
    )
    from sklearn import clone
except ImportError as missing:
    raise ImportError(
        "tailward.skactiveml needs scikit-activeml: pip install 'tailward[skactiveml]'"
    ) from missing

__all__ = ["ConversationStrategy", "QueryStrategy"]

# Strategies whose score of a sample does not depend on what else is chosen.
_SCORED = {"entropy", "margin", "least-confidence", "bald", "vaal", "most-likely-positive"}

# Every round of a loop has a seed of its own.
_SEEDS = 2**31

Parameters = Optional[Mapping[str, Any]]
MoreArrays = Optional[Callable[[Any, npt.NDArray[Any]], Mapping[str, Any]]]
EmbeddingFlag = Union[str, Mapping[str, Any], None]


class _Strategy(SingleAnnotatorPoolQueryStrategy):  # type: ignore[misc]
    """What both have: a classifier's outputs as the arrays of a query."""

    strategy: Any
    parameters: Any
    arrays: Any
    clf_embedding_flag_name: Any

    def _chosen(self) -> tuple[tuple[str, ...], str]:
        """What the strategy needs, and its short name."""
        for name, is_right, right in (
            ("strategy", isinstance(self.strategy, str), "the name of a strategy"),
            ("parameters", isinstance(self.parameters, (Mapping, type(None))), "a dictionary or None"),
            ("arrays", self.arrays is None or callable(self.arrays), "a function or None"),
            (
                "clf_embedding_flag_name",
                isinstance(self.clf_embedding_flag_name, (str, Mapping, type(None))),
                "a keyword, a dictionary of keywords or None",
            ),
        ):
            if not is_right:
                raise TypeError(f"`{name}` must be {right}, and is a {type(getattr(self, name)).__name__}")
        passes = {"passes": 2} if self.strategy in ("bald", "batch-bald") else {}
        strategy = tailward.Strategy(self.strategy, **dict(self.parameters or {}), **passes)
        return strategy.needs, strategy.name

    def _fitted(self, X: Any, y: Any, clf: Any, fit_clf: bool, sample_weight: Any, needs: Any) -> Any:
        """The classifier that predicts, or None where nothing is needed of it."""
        check_scalar(fit_clf, "fit_clf", bool)
        wants_none = not set(needs) - {"embeddings", "labelled.embeddings"}
        if clf is None and wants_none:
            return None
        check_type(clf, "clf", SkactivemlClassifier)
        check_equal_missing_label(clf.missing_label, self.missing_label_)
        if not fit_clf:
            return clf
        return clone(clf).fit(X, y) if sample_weight is None else clone(clf).fit(X, y, sample_weight)

    def _outputs(self, clf: Any, X: npt.NDArray[Any], needs: Any) -> dict[str, Any]:
        """The arrays of some samples, by the names that `tailward.query` has for them."""
        flat = X.reshape(len(X), -1)
        if len(X) == 0 or clf is None:
            return {"embeddings": flat}
        flag = self.clf_embedding_flag_name
        keywords = {} if flag is None else {flag: True} if isinstance(flag, str) else dict(flag)
        predicted = clf.predict_proba(X, **keywords)
        probabilities, embeddings = predicted if isinstance(predicted, tuple) else (predicted, flat)
        outputs = {"probabilities": probabilities, "embeddings": embeddings}
        if self.arrays is not None:
            outputs |= self.arrays(clf, X)
        return {name: array for name, array in outputs.items() if name in needs or name == "probabilities"}

    def _given(
        self, X: npt.NDArray[Any], y: npt.NDArray[Any], candidates: npt.NDArray[Any], clf: Any, needs: Any
    ) -> dict[str, Any]:
        """What `tailward.query` is given: candidates, and the labelled samples apart from them."""
        known = is_labeled(y, self.missing_label_)
        outputs = self._outputs(clf, candidates, needs)
        labelled = {}
        if known.any() and {"labelled.probabilities", "labelled.embeddings"} & set(needs):
            of_labelled = self._outputs(clf, X[known], (*needs, "embeddings"))
            for name in ("probabilities", "embeddings"):
                if f"labelled.{name}" in needs:
                    labelled[name] = of_labelled[name]
        classes = np.unique(y[known]) if clf is None else clf.classes_
        numbers = {label: number for number, label in enumerate(classes.tolist())}
        labels = [_number(numbers, label) for label in y[known].tolist()]
        return {**outputs, "labelled": tailward.Labelled(np.array(labels, dtype=np.int64), **labelled)}


class QueryStrategy(_Strategy):
    """A strategy of Tailward that chooses at once.

    Parameters
    ----------
    strategy : str, default="entropy"
        The short name of a strategy; `tailward.strategies` describes them. DIRECT and GALAXY are a `ConversationStrategy`.
    parameters : dict or None, default=None
        The strategy's parameters, such as ``{"balance": 2.0}``.
    arrays : callable or None, default=None
        What a strategy needs beside probabilities and embeddings: called with the fitted classifier and samples, it returns a
        dictionary with ``logits``, ``head``, ``dropout_probabilities`` or ``estimates``, as `tailward.query` takes them. What it
        returns takes the place of what the classifier predicts.
    clf_embedding_flag_name : str or dict or None, default=None
        The keyword, or keywords, by which ``predict_proba`` returns embeddings beside the probabilities. Where it returns
        none, the samples themselves are the embeddings.
    missing_label : scalar or string or np.nan or None, default=np.nan
        Value that stands for a missing label.
    random_state : int or np.random.RandomState or None, default=None
        Where the seed of a query is drawn from.
    """

    def __init__(
        self,
        strategy: str = "entropy",
        parameters: Parameters = None,
        arrays: MoreArrays = None,
        clf_embedding_flag_name: EmbeddingFlag = None,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
    ) -> None:
        self.strategy = strategy
        self.parameters = parameters
        self.arrays = arrays
        self.clf_embedding_flag_name = clf_embedding_flag_name
        super().__init__(missing_label=missing_label, random_state=random_state)

    def query(
        self,
        X: Any,
        y: Any,
        clf: Any = None,
        fit_clf: bool = True,
        sample_weight: Any = None,
        candidates: Any = None,
        batch_size: int = 1,
        return_utilities: bool = False,
    ) -> Any:
        """Determines for which candidate samples labels are to be queried.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            All samples, labelled and unlabelled.
        y : array-like of shape (n_samples,)
            Their labels, `missing_label` where there is none.
        clf : skactiveml.base.SkactivemlClassifier or None, default=None
            The classifier. A strategy that looks at samples alone (``random``, or ``k-center-greedy`` without balance) needs
            none.
        fit_clf : bool, default=True
            Whether a copy of the classifier is fitted to `X` and `y` first.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights of the samples in that fit.
        candidates : None or array-like of shape (n_candidates,), dtype=int, or of shape (n_candidates, n_features), default=None
            The unlabelled samples of `X`; or these samples of `X`; or these samples.
        batch_size : int, default=1
            How many samples are selected.
        return_utilities : bool, default=False
            Whether utilities are returned as well.

        Returns
        -------
        query_indices : numpy.ndarray of shape (batch_size,)
            The selected samples, first queried first, as rows of `X`, or of `candidates` where these are samples.
        utilities : numpy.ndarray of shape (batch_size, n_samples) or (batch_size, n_candidates)
            Row ``i`` is what the sample at place ``i`` was selected by. Where a strategy gives every sample a score of its own,
            these are the scores of all candidates, without those selected before, which are nan. Any other strategy scores what
            it selects, in view of the rest: the score of that sample, and −∞ for the other candidates.
        """
        X, y, candidates, batch_size, return_utilities = self._validate_data(
            X, y, candidates, batch_size, return_utilities, reset=True
        )
        candidates, mapping = self._transform_candidates(candidates, X, y)
        needs, name = self._chosen()
        clf = self._fitted(X, y, clf, fit_clf, sample_weight, needs)
        given = self._given(X, y, candidates, clf, needs)
        seed = int(self.random_state_.randint(_SEEDS))
        # With a score for each sample, a query for all of them orders all of them.
        is_scored = return_utilities and name in _SCORED
        budget = len(candidates) if is_scored else batch_size
        selection = tailward.query(
            self.strategy, budget, **given, rows=len(candidates), seed=seed, **dict(self.parameters or {})
        )
        rows = np.arange(len(candidates)) if mapping is None else mapping
        samples = len(candidates) if mapping is None else len(X)
        picks = rows[selection.picks]
        indices = picks[:batch_size]
        if not return_utilities:
            return indices
        if is_scored:
            utilities = np.full((batch_size, samples), np.nan)
            utilities[:, picks] = selection.scores
            for place in range(batch_size):
                utilities[place, indices[:place]] = np.nan
        else:
            utilities = _of_picks(samples, rows, indices, selection.scores)
        return indices, utilities


@dataclass(eq=False)
class _Begun:
    """What a conversation was begun with; with anything else another one is."""

    arguments: tuple[str, str, int]
    X: npt.NDArray[Any]
    candidates: Optional[npt.NDArray[Any]]
    mapping: npt.NDArray[Any]
    """The sample of each row of the conversation."""
    known: npt.NDArray[Any]
    """The samples that had labels."""
    labels: npt.NDArray[Any]
    classes: dict[Any, int]


class ConversationStrategy(_Strategy):
    """DIRECT or GALAXY, which ask again and again within one budget.

    A call of `query` hands out the next samples of a conversation that goes on from call to call. It begins at the first call,
    with the classifier's probabilities then, and is about ``budget`` labels; what was told is read from `y`. While a sample that
    was handed out has no label in `y`, it is handed out again, and nothing new before it. When the budget is spent, the next call
    begins another conversation with the classifier as it is then; so does a call with other samples in `X`, with other
    candidates, or with a label taken back or changed that was there at the beginning.

    A call returns **at most** ``batch_size`` samples: fewer where the strategy needs answers before it can go on. DIRECT asks for
    up to ``parallel`` samples at a time, GALAXY for one. So ``batch_size`` should be no more than ``parallel``.

    Parameters
    ----------
    strategy : {"direct", "galaxy"}, default="direct"
        Which of the two.
    parameters : dict or None, default=None
        The strategy's parameters; DIRECT needs ``parallel``, such as ``{"parallel": 5}``.
    budget : int, default=100
        How many labels one conversation is about: half of them are spent on where each class ends, so that it is the number of
        labels between two trainings of the model, and not that of a batch. At most the number of candidates is spent.
    arrays : callable or None, default=None
        As in `QueryStrategy`: may give other ``probabilities`` than the classifier.
    clf_embedding_flag_name : str or dict or None, default=None
        As in `QueryStrategy`.
    missing_label : scalar or string or np.nan or None, default=np.nan
        Value that stands for a missing label.
    random_state : int or np.random.RandomState or None, default=None
        Where the seed of a conversation is drawn from.
    """

    def __init__(
        self,
        strategy: str = "direct",
        parameters: Parameters = None,
        budget: int = 100,
        arrays: MoreArrays = None,
        clf_embedding_flag_name: EmbeddingFlag = None,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
    ) -> None:
        self.strategy = strategy
        self.parameters = parameters
        self.budget = budget
        self.arrays = arrays
        self.clf_embedding_flag_name = clf_embedding_flag_name
        super().__init__(missing_label=missing_label, random_state=random_state)

    def query(
        self,
        X: Any,
        y: Any,
        clf: Any,
        fit_clf: bool = True,
        sample_weight: Any = None,
        candidates: Any = None,
        batch_size: int = 1,
        return_utilities: bool = False,
    ) -> Any:
        """Determines for which candidate samples labels are to be queried next.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            All samples, labelled and unlabelled.
        y : array-like of shape (n_samples,)
            Their labels, `missing_label` where there is none: what the conversation is told.
        clf : skactiveml.base.SkactivemlClassifier
            The classifier. It is looked at when a conversation begins.
        fit_clf : bool, default=True
            Whether a copy of the classifier is fitted to `X` and `y` first, when a conversation begins.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights of the samples in that fit.
        candidates : None or array-like of shape (n_candidates,), dtype=int, default=None
            The unlabelled samples of `X`, or these samples of `X`.
        batch_size : int, default=1
            How many samples are selected at most.
        return_utilities : bool, default=False
            Whether utilities are returned as well.

        Returns
        -------
        query_indices : numpy.ndarray of shape (at most batch_size,)
            The selected samples, as rows of `X`, first queried first.
        utilities : numpy.ndarray of shape (len(query_indices), n_samples)
            Row ``i`` has the score of the sample at place ``i``, and −∞ for other candidates.
        """
        X, y, candidates, batch_size, return_utilities = self._validate_data(
            X, y, candidates, batch_size, return_utilities, reset=True
        )
        _, mapping = self._transform_candidates(candidates, X, y, enforce_mapping=True)
        check_scalar(self.budget, "budget", int, min_val=1)
        needs, _ = self._chosen()
        check_type(clf, "clf", SkactivemlClassifier)
        check_equal_missing_label(clf.missing_label, self.missing_label_)
        check_scalar(fit_clf, "fit_clf", bool)
        known = is_labeled(y, self.missing_label_)
        if not self._goes_on(X, y, None if candidates is None else mapping):
            fitted = self._fitted(X, y, clf, fit_clf, sample_weight, needs)
            self._begin(X, y, None if candidates is None else mapping, mapping, fitted, needs)
        indices, scores = self._next(y, known, batch_size)
        if not return_utilities:
            return indices
        return indices, _of_picks(len(X), mapping, indices, scores)

    def _goes_on(self, X: Any, y: Any, candidates: Optional[npt.NDArray[Any]]) -> bool:
        """Whether there is a conversation about these samples that has not ended."""
        begun: Optional[_Begun] = getattr(self, "begun_", None)
        if begun is None or begun.arguments != (self.strategy, repr(self.parameters), self.budget):
            return False
        if not np.array_equal(X, begun.X) or not _same(candidates, begun.candidates):
            return False
        if not np.array_equal(y[begun.known], begun.labels):
            return False
        self._tell(y, is_labeled(y, self.missing_label_))
        return not self.conversation_.is_complete

    def _begin(
        self,
        X: npt.NDArray[Any],
        y: npt.NDArray[Any],
        candidates: Optional[npt.NDArray[Any]],
        mapping: npt.NDArray[Any],
        clf: Any,
        needs: Any,
    ) -> None:
        given = self._given(X, y, X[mapping], clf, needs)
        self.conversation_ = tailward.Conversation.begin(
            self.strategy,
            min(self.budget, len(mapping)),
            **given,
            seed=int(self.random_state_.randint(_SEEDS)),
            **dict(self.parameters or {}),
        )
        known = np.flatnonzero(is_labeled(y, self.missing_label_))
        self.begun_ = _Begun(
            arguments=(self.strategy, repr(self.parameters), self.budget),
            X=X.copy(),
            candidates=candidates,
            mapping=np.asarray(mapping),
            known=known,
            labels=y[known].copy(),
            classes={label: number for number, label in enumerate(clf.classes_.tolist())},
        )

    def _tell(self, y: npt.NDArray[Any], known: npt.NDArray[np.bool_]) -> None:
        """Tells the conversation the labels that what waits for one has by now."""
        for row in self.conversation_.waiting.tolist():
            sample = self.begun_.mapping[row]
            if known[sample]:
                # As the classes were listed: a number or a word of Python, and not of NumPy.
                (label,) = y[[sample]].tolist()
                self.conversation_.tell(row, _number(self.begun_.classes, label))

    def _next(
        self, y: npt.NDArray[Any], known: npt.NDArray[np.bool_], batch_size: int
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
        """What waits for a label, in the order in which it was asked for; if nothing does, what is asked for next."""
        while len(self.conversation_.waiting) == 0 and self.conversation_.ask() is not None:
            # A candidate may have its label already, and is not handed out then.
            self._tell(y, known)
        waiting = set(self.conversation_.waiting.tolist())
        ask = self.conversation_.asks[-1]
        handed = [place for place, row in enumerate(ask.picks.tolist()) if row in waiting][:batch_size]
        return self.begun_.mapping[ask.picks[handed]], ask.scores[handed]


def _number(classes: dict[Any, int], label: Any) -> int:
    """The number of a class, by its label."""
    try:
        return classes[label]
    except KeyError:
        known = ", ".join(map(repr, classes))
        raise ValueError(
            f"the label {label!r} is none of the classes that the classifier knew ({known}): give it all `classes`"
        ) from None


def _same(one: Optional[npt.NDArray[Any]], other: Optional[npt.NDArray[Any]]) -> bool:
    if one is None or other is None:
        return one is other
    return bool(np.array_equal(one, other))


def _of_picks(
    samples: int, candidates: npt.NDArray[Any], indices: npt.NDArray[Any], scores: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Utilities where only what is selected has a score."""
    utilities = np.full((len(indices), samples), np.nan)
    utilities[:, candidates] = -np.inf
    for place, (index, score) in enumerate(zip(indices, scores)):
        utilities[place, indices[:place]] = np.nan
        utilities[place, index] = score
    return utilities
