"""Which samples to label next: deep active learning on arrays.

A model has looked at a pool of unlabelled samples; there is money for some labels; some classes are rare and some answers
are wrong. This package says which samples to ask for.

>>> import tailward
>>> selection = tailward.query("entropy", 100, probabilities=p, labels=labels, balance=2.0)
>>> selection.picks  # rows of p, first queried first
>>> selection.balance.certificate.relative_gap  # how close they provably are to the best choice there is

`query` chooses at once; `Conversation` asks, is told answers and asks again (DIRECT, GALAXY). `tailward.strategies` has every
strategy with its parameters, its paper and the arrays that it needs. `tailward.skactiveml` has the strategies as query
strategies of scikit-activeml.
"""

from tailward import strategies
from tailward._native import STRATEGIES, Strategy, __version__
from tailward._query import Ask, Conversation, Labelled, query
from tailward._selection import Balance, Certificate, Cover, Selection

__all__ = [
    "STRATEGIES",
    "Ask",
    "Balance",
    "Certificate",
    "Conversation",
    "Cover",
    "Labelled",
    "Selection",
    "Strategy",
    "__version__",
    "query",
    "strategies",
]
