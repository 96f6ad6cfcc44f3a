"""What a program with types may write. Checked by mypy, and not run."""

from typing import Optional

import numpy as np
import numpy.typing as npt

import tailward
from tailward import strategies

p: npt.NDArray[np.float32] = np.full((4, 2), 0.5, dtype=np.float32)
selection: tailward.Selection = tailward.query("entropy", 2, probabilities=p, balance="auto", seed=1)
picks: npt.NDArray[np.int64] = selection.picks
if selection.balance is not None and selection.balance.certificate is not None:
    gap: float = selection.balance.certificate.relative_gap
strategy: tailward.Strategy = strategies.direct(parallel=5, mode={"labelbench": {"min_budget_per_class": 60}})
conversation = tailward.Conversation.begin(strategy, 2, probabilities=p, labels=[0, -1, None, 1])
ask: Optional[tailward.Ask] = conversation.ask()
if ask is not None:
    for row in ask.picks:
        conversation.tell(int(row), None)
needs: tuple[str, ...] = strategy.needs
