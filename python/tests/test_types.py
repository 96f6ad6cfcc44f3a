"""The types of the package, as mypy has them."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

import tailward

pytest.importorskip("mypy", reason="mypy is not installed")

HERE = pathlib.Path(__file__).parent

WRONG = """
import tailward
from tailward import strategies

selection = tailward.query("entropy", "ten")  # E: arg-type
selection.pick  # E: attr-defined
strategies.entropy(balance="much")  # E: arg-type
strategies.coreset(tolerance=0.1)  # E: call-arg
strategies.galaxy(mode="paper")  # E: arg-type
tailward.Conversation.begin("direct", 2).tell("cat")  # E: arg-type
"""


def mypy(folder, *files) -> str:
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache"), *map(str, files)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout


def test_a_program_with_types_and_the_package_itself_are_accepted(tmp_path):
    # scikit-activeml and scikit-learn have no types.
    for what in ([HERE / "typed.py"], ["--ignore-missing-imports", "--package", "tailward"]):
        told = mypy(tmp_path, *what)
        assert told.startswith("Success: no issues found in"), told


def test_what_is_wrong_is_found(tmp_path):
    (tmp_path / "wrong.py").write_text(WRONG)
    told = mypy(tmp_path, "wrong.py")
    for number, line in enumerate(WRONG.splitlines(), start=1):
        if "# E: " in line:
            assert any(
                found.startswith(f"wrong.py:{number}: error:") and found.endswith(f"[{line.split('# E: ')[1]}]")
                for found in told.splitlines()
            ), f"{line}\n{told}"


def test_every_strategy_is_described_by_a_function():
    functions = {name.replace("-", "_") for name in tailward.STRATEGIES}
    described = {
        name for name, value in vars(tailward.strategies).items() if callable(value) and value.__module__ == "tailward.strategies"
    }
    assert described - {"_of"} == functions
    for name in functions:
        assert "Needs" in (getattr(tailward.strategies, name).__doc__ or ""), name
