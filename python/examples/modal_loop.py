"""modAL's loop with a strategy of Tailward: a function of a learner and a pool is a query strategy there.

Needs modAL, whose last version calls what scikit-learn 1.8 has removed: ``pip install modAL-python 'scikit-learn<1.8'``.
"""

import numpy as np
from modAL.models import ActiveLearner
from sklearn.linear_model import LogisticRegression

import tailward


def entropy_balanced(learner, pool, n_instances=1):
    known = tailward.Labelled(np.searchsorted(learner.estimator.classes_, learner.y_training))
    probabilities = learner.predict_proba(pool)
    return tailward.query("entropy", n_instances, probabilities=probabilities, labelled=known, balance=2.0).picks


rng = np.random.default_rng(0)
truth = rng.choice(3, size=600, p=[0.8, 0.15, 0.05])
X = rng.normal(size=(3, 6))[truth] + 0.8 * rng.normal(size=(600, 6))
first = np.concatenate([np.flatnonzero(truth == class_)[:2] for class_ in range(3)])
pool = np.setdiff1d(np.arange(600), first)

learner = ActiveLearner(LogisticRegression(max_iter=1000), entropy_balanced, X[first], truth[first])
for _ in range(6):
    rows, _ = learner.query(X[pool], n_instances=10)
    learner.teach(X[pool[rows]], truth[pool[rows]])
    pool = np.delete(pool, rows)
counts = np.bincount(learner.y_training)
print(f"labels of each class {counts}, of {np.bincount(truth)}")
assert counts.sum() == 66
