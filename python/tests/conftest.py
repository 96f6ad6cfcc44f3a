"""A pool that every test can use, and the command line beside which picks are compared."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

ROWS, CLASSES, DIMS, PASSES, LABELLED = 240, 4, 6, 3, 40


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (exponentials / exponentials.sum(axis=-1, keepdims=True)).astype(np.float32)


@dataclass
class Pool:
    """Arrays of all samples, and what is known of them."""

    arrays: dict[str, np.ndarray]
    truth: np.ndarray
    labels: np.ndarray

    def of(self, needs: tuple[str, ...]) -> dict[str, np.ndarray]:
        """The arrays that a strategy needs, and the labels."""
        names = [name for name in self.arrays if name in needs]
        return {**{name: self.arrays[name] for name in names}, "labels": self.labels}


@pytest.fixture(scope="session")
def pool() -> Pool:
    """Imbalanced clusters, a linear head that knows them a little, and every sixth sample labelled."""
    rng = np.random.default_rng(0)
    truth = rng.choice(CLASSES, size=ROWS, p=[0.55, 0.3, 0.1, 0.05])
    centres = rng.normal(size=(CLASSES, DIMS))
    embeddings = (centres[truth] + 0.8 * rng.normal(size=(ROWS, DIMS))).astype(np.float32)
    head = (centres + 0.3 * rng.normal(size=(CLASSES, DIMS))).astype(np.float32)
    logits = (embeddings @ head.T).astype(np.float32)
    labels = np.full(ROWS, -1)
    known = rng.choice(ROWS, size=LABELLED, replace=False)
    labels[known] = truth[known]
    arrays = {
        "probabilities": softmax(logits),
        "logits": logits,
        "head": head,
        "embeddings": embeddings,
        "dropout_probabilities": softmax(logits + rng.normal(size=(PASSES, ROWS, CLASSES))),
        "estimates": rng.random(ROWS).astype(np.float32),
    }
    return Pool(arrays, truth, labels)


@dataclass
class CommandLine:
    """The binary, in a folder of its own."""

    binary: pathlib.Path
    folder: pathlib.Path

    def run(self, *words: str) -> str:
        command = [str(self.binary), *words]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def files(self, arrays: dict[str, np.ndarray]) -> list[str]:
        """Writes arrays and labels, and gives the options that name them."""
        options = []
        for name, array in arrays.items():
            if name == "labels":
                rows = "".join(f"{row},{array[row]}\n" for row in np.flatnonzero(array >= 0))
                (self.folder / "labels.csv").write_text("index,label\n" + rows)
                options += ["--labels", "labels.csv"]
            else:
                np.save(self.folder / f"{name}.npy", array)
                options += ["--" + name.replace("_", "-"), f"{name}.npy"]
        return options

    def query(self, words: list[str], arrays: dict[str, np.ndarray], budget: int, seed: int = 0) -> dict[str, Any]:
        options = ["--budget", str(budget), "--seed", str(seed), "--json"]
        return json.loads(self.run("query", *words, *self.files(arrays), *options))


@pytest.fixture
def command_line(tmp_path: pathlib.Path) -> CommandLine:
    binary = os.environ.get("TAILWARD_BINARY")
    if not binary:
        pytest.skip("TAILWARD_BINARY names no `tailward` to compare picks with")
    return CommandLine(pathlib.Path(binary).resolve(), tmp_path)
