"""scikit-activeml's loop with strategies of Tailward: a rare class, one label of each at first, and 120 more in batches
of five.

Needs scikit-activeml: ``pip install 'tailward[skactiveml]'``.
"""

import numpy as np
from skactiveml.classifier import SklearnClassifier
from skactiveml.utils import MISSING_LABEL
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from tailward.skactiveml import ConversationStrategy, QueryStrategy

LABELS, BATCH = 124, 5

rng = np.random.default_rng(0)
centres = rng.normal(size=(4, 8))
truth = rng.choice(4, size=2000, p=[0.6, 0.3, 0.08, 0.02])
X = centres[truth] + 0.9 * rng.normal(size=(2000, 8))
first = [np.flatnonzero(truth == number)[0] for number in range(4)]
test_truth = np.repeat(np.arange(4), 250)
X_test = centres[test_truth] + 0.9 * rng.normal(size=(1000, 8))

strategies = {
    "random": QueryStrategy("random", random_state=0),
    "Entropy-CB": QueryStrategy("entropy", {"balance": 2.0}, random_state=0),
    "DIRECT": ConversationStrategy("direct", {"parallel": BATCH}, budget=40, random_state=0),
}

for name, strategy in strategies.items():
    y = np.full(len(X), MISSING_LABEL)
    y[first] = truth[first]
    clf = SklearnClassifier(LogisticRegression(max_iter=1000), classes=range(4), random_state=0)
    while (spent := int((~np.isnan(y)).sum())) < LABELS:
        rows = strategy.query(X, y, clf, batch_size=min(BATCH, LABELS - spent))
        y[rows] = truth[rows]  # Here somebody looks at them.
    clf.fit(X, y)
    counts = np.bincount(y[~np.isnan(y)].astype(int), minlength=4)
    accuracy = balanced_accuracy_score(test_truth, clf.predict(X_test))
    print(f"{name:<11} labels of each class {counts}, balanced accuracy {accuracy:.3f}")
    assert counts.sum() == LABELS
