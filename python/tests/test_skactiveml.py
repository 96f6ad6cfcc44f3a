"""The query strategies of scikit-activeml pass its own template, and choose as `tailward.query` does."""

from __future__ import annotations

import os
import pickle
import unittest

import numpy as np
import pytest

import tailward

skactiveml = pytest.importorskip("skactiveml", reason="scikit-activeml is not installed")

from skactiveml.classifier import ParzenWindowClassifier, SklearnClassifier  # noqa: E402
from skactiveml.utils import MISSING_LABEL, check_random_state, is_labeled  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

from tailward.skactiveml import ConversationStrategy, QueryStrategy  # noqa: E402

# Newer packages of scikit-activeml leave its tests out; a folder `skactiveml` of one that has them may be named.
if folder := os.environ.get("TAILWARD_SKACTIVEML_TESTS"):
    skactiveml.__path__.append(folder)
try:
    from skactiveml.tests.template_query_strategy import TemplateSingleAnnotatorPoolQueryStrategy as Template
except ImportError:
    Template = None

without_template = pytest.mark.skipif(
    Template is None,
    reason="this scikit-activeml has no tests, and TAILWARD_SKACTIVEML_TESTS names no folder `skactiveml` that has",
)


def samples():
    """Fourteen samples of two classes, of which two have a label."""
    rng = np.random.default_rng(3)
    X = np.concatenate([rng.normal(size=(7, 3)), 2 + rng.normal(size=(7, 3))])
    y = np.full(14, MISSING_LABEL)
    y[[0, 9]] = [0, 1]
    return X, y


class Both(Template or object):
    """What the template wants to know of every parameter, for both kinds."""

    def _with(self, **init):
        X, y = samples()
        super().setUp(
            qs_class=self.kind,
            init_default_params=init,
            query_default_params_clf={
                "X": X,
                "y": y,
                "clf": ParzenWindowClassifier(classes=[0, 1], random_state=0),
            },
        )

    def test_query(self):
        X, y = samples()
        clf = ParzenWindowClassifier(classes=[0, 1], random_state=0)
        first = self.kind(**self.init_default_params).query(X, y, clf)
        assert len(first) == 1 and np.isnan(y[first[0]])

    def test_init_param_parameters(self):
        cases = [(1, TypeError), ({"never": 1}, ValueError), ({"balance": "much"}, ValueError)]
        self._test_param("init", "parameters", cases)

    def test_init_param_arrays(self):
        given = lambda clf, X: {"probabilities": np.full((len(X), 2), 0.5)}
        self._test_param("init", "arrays", [("none", TypeError), (given, None), (None, None)])

    def test_init_param_clf_embedding_flag_name(self):
        cases = [(1, TypeError), (None, None)]
        self._test_param("init", "clf_embedding_flag_name", cases)

    def test_query_param_clf(self):
        super().test_query_param_clf(test_cases=[])


@without_template
class TestEntropy(Both, unittest.TestCase):
    kind = QueryStrategy

    def setUp(self):
        self._with(strategy="entropy")

    def test_init_param_strategy(self):
        cases = [(1, TypeError), ("entropies", ValueError), ("direct", ValueError), ("margin", None)]
        self._test_param("init", "strategy", cases)


@without_template
class TestEntropyBalanced(TestEntropy):
    def setUp(self):
        self._with(strategy="entropy", parameters={"balance": 1.0})


@without_template
class TestBadge(TestEntropy):
    def setUp(self):
        self._with(strategy="badge")


@without_template
class TestKCenterGreedyBalanced(TestEntropy):
    """Its picks depend on all candidates, so that one candidate alone has another score."""

    def setUp(self):
        self._with(strategy="k-center-greedy", parameters={"balance": "auto"})

    def test_init_param_strategy(self):
        self._test_param("init", "strategy", [(1, TypeError), ("centres", ValueError)])


@without_template
class TestDirect(Both, unittest.TestCase):
    kind = ConversationStrategy

    def setUp(self):
        self._with(strategy="direct", parameters={"parallel": 5}, budget=10)

    def test_init_param_strategy(self):
        self._test_param("init", "strategy", [(1, TypeError), ("entropies", ValueError)])

    def test_init_param_budget(self):
        self._test_param("init", "budget", [(0, ValueError), ("all", TypeError), (1, None), (1000, None)])

    def test_query_batch_variation(self):
        """In place of the template's: a batch is what can be asked for at the time, and may be smaller than it is to be."""
        X, y = samples()
        clf = ParzenWindowClassifier(classes=[0, 1], random_state=0)
        strategy = self.kind(**self.init_default_params)
        sizes = []
        for _ in range(10):
            indices, utilities = strategy.query(X, y, clf, batch_size=4, return_utilities=True)
            sizes.append(len(indices))
            assert utilities.shape == (len(indices), len(X))
            assert np.isnan(utilities[0]).sum() == is_labeled(y).sum()
            assert np.nanargmax(utilities, axis=1).tolist() == indices.tolist()
            y[indices] = indices % 2
            if is_labeled(y).sum() == 12:
                break
        assert sum(sizes) == 10 and 1 < max(sizes) <= 4


def logistic():
    return SklearnClassifier(LogisticRegression(), classes=[0, 1, 2], random_state=0)


def three_classes(rows=150, labelled=12):
    rng = np.random.default_rng(1)
    truth = rng.choice(3, size=rows, p=[0.7, 0.2, 0.1])
    X = rng.normal(size=(3, 5))[truth] + 0.7 * rng.normal(size=(rows, 5))
    y = np.full(rows, MISSING_LABEL)
    known = rng.choice(rows, size=labelled, replace=False)
    y[known] = truth[known]
    return X, y, truth


def seed_of(random_state, y):
    """What scikit-activeml makes of a state at this number of unlabelled samples, and the strategies of that."""
    state = check_random_state(random_state, int(np.isnan(y).sum()) + 1)
    return int(state.randint(2**31))


def test_rows_are_those_of_a_query():
    X, y, _ = three_classes()
    clf = logistic().fit(X, y)
    labels = np.where(np.isnan(y), -1, y).astype(int)
    arrays = {"probabilities": clf.predict_proba(X), "embeddings": X, "labels": labels}
    for name, parameters in [
        ("entropy", {"balance": 2.0}),
        ("margin", {}),
        ("bait", {"regularisation": 1.0, "memory_limit_mib": 64}),
        ("similar", {"eta": 1.0}),
        ("k-center-greedy", {"balance": {"lambda": 1.0, "scale": "per-class"}}),
        ("k-center-greedy-pseudo-label-per-class", {}),
    ]:
        expected = tailward.query(name, 9, **arrays, **parameters, seed=seed_of(0, y)).picks
        found = QueryStrategy(name, parameters, random_state=0).query(X, y, logistic(), batch_size=9)
        assert found.tolist() == expected.tolist(), name
        some = np.arange(100, 150)[np.isnan(y[100:150])]
        again = QueryStrategy(name, parameters, random_state=0)
        among = again.query(X, y, logistic(), candidates=some, batch_size=3)
        directly = again.query(X, y, logistic(), candidates=X[some], batch_size=3)
        assert some[directly].tolist() == among.tolist(), name


def test_what_a_classifier_does_not_predict_is_given_by_a_function():
    X, y, _ = three_classes()

    def arrays(clf, X):
        inner = clf.estimator_
        return {"logits": inner.decision_function(X), "head": inner.coef_}

    found = QueryStrategy("base", arrays=arrays).query(X, y, logistic(), batch_size=6)
    inner = logistic().fit(X, y).estimator_
    free = np.flatnonzero(np.isnan(y))
    expected = tailward.query("base", 6, logits=inner.decision_function(X[free]), head=inner.coef_)
    assert found.tolist() == free[expected.picks].tolist()
    with pytest.raises(ValueError, match="as `logits`"):
        QueryStrategy("base").query(X, y, logistic())


def test_strategies_of_samples_alone_need_no_classifier():
    X, y, _ = three_classes()
    assert len(QueryStrategy("k-center-greedy").query(X, y, batch_size=4)) == 4
    assert len(QueryStrategy("random", random_state=1).query(X, y, batch_size=4)) == 4
    with pytest.raises(TypeError, match="clf"):
        QueryStrategy("entropy").query(X, y)


def test_scores_of_all_candidates_are_utilities():
    X, y, _ = three_classes()
    indices, utilities = QueryStrategy("entropy").query(X, y, logistic(), batch_size=3, return_utilities=True)
    p = logistic().fit(X, y).predict_proba(X)
    entropy = -(p * np.log(p)).sum(axis=1)
    free = np.isnan(y)
    np.testing.assert_allclose(utilities[0][free], entropy[free], rtol=1e-5)
    assert np.isnan(utilities[2][indices[:2]]).all()
    assert np.nanargmax(utilities, axis=1).tolist() == indices.tolist()


def loop(strategy, X, y, truth, batch_size, labels):
    y, rows = y.copy(), []
    while len(rows) < labels:
        indices = strategy.query(X, y, logistic(), batch_size=batch_size)
        assert np.isnan(y[indices]).all() and 0 < len(indices) <= batch_size
        y[indices] = truth[indices]
        rows += indices.tolist()
    return rows


@pytest.mark.parametrize(("strategy", "parameters", "batch_size"), [("direct", {"parallel": 4}, 4), ("galaxy", {}, 2)])
def test_calls_are_the_asks_of_a_conversation(strategy, parameters, batch_size):
    X, y, truth = three_classes()
    known = ~np.isnan(y)
    p = logistic().fit(X, y).predict_proba(X)
    labelled = tailward.Labelled(y[known], probabilities=p[known])
    conversation = tailward.Conversation.begin(
        strategy, 30, probabilities=p[~known], labelled=labelled, seed=seed_of(7, y), **parameters
    )
    free, expected = np.flatnonzero(~known), []
    while (ask := conversation.ask()) is not None:
        expected += free[ask.picks].tolist()
        for row in ask.picks:
            conversation.tell(row, int(truth[free[row]]))
    made = ConversationStrategy(strategy, parameters, budget=30, random_state=7)

    class Written:
        """Between two calls the strategy is written down and read back."""

        def query(self, *arguments, **keywords):
            nonlocal made
            made = pickle.loads(pickle.dumps(made))
            return made.query(*arguments, **keywords)

    assert loop(Written(), X, y, truth, batch_size, 30) == expected


def test_a_spent_budget_begins_another_conversation_with_the_newer_model():
    X, y, truth = three_classes()
    made = lambda: ConversationStrategy("direct", {"parallel": 3}, budget=9, random_state=0)
    rows = loop(made(), X, y, truth, 3, 27)
    assert len(set(rows)) == len(rows) == 27
    for spent in (9, 18):
        after = y.copy()
        after[rows[:spent]] = truth[rows[:spent]]
        assert loop(made(), X, after, truth, 3, 9) == rows[spent : spent + 9]


def test_a_classifier_may_give_embeddings():
    class WithEmbeddings(ParzenWindowClassifier):
        def predict_proba(self, X, return_embeddings=False):
            probabilities = super().predict_proba(X)
            return (probabilities, X[:, :1] ** 2) if return_embeddings else probabilities

    X, y, _ = three_classes()
    clf = WithEmbeddings(classes=[0, 1, 2])
    free = np.flatnonzero(np.isnan(y))
    p = clone(clf).fit(X, y).predict_proba(X[free])
    expected = tailward.query("badge", 5, probabilities=p, embeddings=X[free, :1] ** 2, seed=seed_of(0, y))
    for flag in ("return_embeddings", {"return_embeddings": True}):
        strategy = QueryStrategy("badge", clf_embedding_flag_name=flag, random_state=0)
        assert strategy.query(X, y, clf, batch_size=5).tolist() == free[expected.picks].tolist()


def test_what_has_no_label_yet_is_handed_out_again():
    X, y, truth = three_classes()
    strategy = ConversationStrategy("direct", {"parallel": 6}, budget=40, random_state=0)
    while len(rows := strategy.query(X, y, logistic(), batch_size=6)) < 6:
        y[rows] = truth[rows]
    assert strategy.query(X, y, logistic(), batch_size=6).tolist() == rows.tolist()
    assert strategy.query(X, y, logistic(), batch_size=2).tolist() == rows[:2].tolist()
    y[rows[[0, 3]]] = truth[rows[[0, 3]]]
    assert strategy.query(X, y, logistic(), batch_size=6).tolist() == rows[[1, 2, 4, 5]].tolist()
    # A label that is taken back, or other samples, begin anew.
    begun = strategy.conversation_
    other = y.copy()
    other[np.flatnonzero(~np.isnan(y))] = MISSING_LABEL
    strategy.query(X, other, logistic())
    assert strategy.conversation_ is not begun


def test_a_class_that_the_classifier_did_not_know_is_named():
    X, y, truth = three_classes()
    two = np.where(y == 2, MISSING_LABEL, y)
    clf = SklearnClassifier(LogisticRegression(), random_state=0)
    strategy = ConversationStrategy("direct", {"parallel": 1}, budget=5, random_state=0)
    rows = strategy.query(X, two, clf)
    two[rows] = 2
    with pytest.raises(ValueError, match=r"the label 2.0 is none of the classes that the classifier knew \(0.0, 1.0\)"):
        strategy.query(X, two, clf)
    with pytest.raises(ValueError, match="give it all `classes`"):
        QueryStrategy("margin").query(X, y, clf.fit(X, np.where(y == 2, MISSING_LABEL, y)), fit_clf=False)


def test_samples_that_are_no_rows_cannot_be_talked_about():
    from skactiveml.exceptions import MappingError

    X, y, _ = three_classes()
    with pytest.raises(MappingError):
        ConversationStrategy("direct", {"parallel": 1}).query(X, y, logistic(), candidates=X[:5])
