"""DIRECT asks, is answered and asks again; between two asks it lies in a file."""

import pathlib
import tempfile

import numpy as np

import tailward

rng = np.random.default_rng(0)
truth = rng.choice(3, size=500, p=[0.7, 0.25, 0.05])
logits = 2.0 * np.eye(3)[truth] + rng.normal(size=(500, 3))
probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)

with tempfile.TemporaryDirectory() as folder:
    file = pathlib.Path(folder) / "query.json"
    begun = tailward.Conversation.begin("direct", 60, probabilities=probabilities, parallel=10)
    file.write_text(begun.to_json())
    asks = 0
    while True:
        conversation = tailward.Conversation.from_json(file.read_text())
        ask = conversation.ask()
        if ask is None:
            break
        asks += 1
        for row in ask.picks:
            conversation.tell(row, truth[row])  # Here somebody looks at it, or says None.
        file.write_text(conversation.to_json())

picks = conversation.selection().picks
print(f"{len(picks)} labels in {asks} asks: {np.bincount(truth[picks])} of {np.bincount(truth)}")
assert conversation.is_complete and len(set(picks.tolist())) == 60
