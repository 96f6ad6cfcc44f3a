"""What a query answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Optional

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Certificate:
    """How good the answer of a class-balancing programme (CBAL Eq. 8) is. Anybody can recompute `dual_bound` from `duals`."""

    objective: float
    """``aᵀz + λ‖Ω − Pᵀz‖₁`` of the picks, with ``a = −score``."""
    bound: float
    """A value that no selection can go below: the highest that is known."""
    dual_bound: float
    """The value that `duals` give, which branch and bound may have raised `bound` above."""
    gap: float
    """``objective − bound``, not below 0."""
    relative_gap: float
    """``gap / max(1, |bound|)``."""
    status: Literal["optimal", "gap"]
    """Whether the picks are proven to be the best there are."""
    duals: npt.NDArray[np.float64]
    """The dual values that give `dual_bound`. ``[classes]``"""


@dataclass(frozen=True, eq=False)
class Balance:
    """What balancing the classes came to. Everything but `seconds` is a function of the arguments."""

    lambda_: Optional[float]
    """The weight that was used; with ``balance="auto"`` the one that the rule found. None for quotas of pseudo-labels."""
    requirement: npt.NDArray[np.float64]
    """``Ω``, samples still needed of each class (CBAL Eq. 4). ``[classes]``"""
    l1_before: float
    """``‖Ω‖₁``: what is missing before anything is picked."""
    l1_baseline: Optional[float]
    """``‖Ω − Pᵀz‖₁`` of what the same strategy without balancing would pick, where that is known."""
    l1: float
    """``‖Ω − Pᵀz‖₁`` of the picks."""
    certificate: Optional[Certificate]
    """How good the picks are, where that is certified."""
    seconds: float
    """Wall-clock time of the choice."""


@dataclass(frozen=True)
class Cover:
    """How closely labelled rows and picks cover the pool."""

    radius: float
    """The largest distance of a row to the nearest labelled row or pick, outliers apart."""
    bound: float
    """A radius that no selection of this size can go below."""
    relative_gap: float
    """``(radius − bound) / radius``; 0 if the radius is 0."""
    outliers: int
    """Rows that were left uncovered, as the outlier fraction allows."""


@dataclass(frozen=True, eq=False)
class Selection:
    """The rows that were chosen, first queried first, and the strategy's account of them."""

    strategy: str
    """The strategy's short name, with ``-cb`` where classes are balanced."""
    picks: npt.NDArray[np.int64]
    """Distinct rows of the arrays as they were given, exactly as many as the budget. ``[budget]``"""
    scores: npt.NDArray[np.float64]
    """The score of each; higher is queried first. ``[budget]``"""
    balance: Optional[Balance]
    """How well the classes are balanced, if the strategy balances them."""
    cover: Optional[Cover]
    """How closely the pool is covered, if the strategy covers it."""
    l1_before: Optional[float]
    """Distance to balance ``‖Ω‖₁`` before any pick, where there are probabilities."""
    l1: Optional[float]
    """Distance to balance ``‖Ω − Pᵀz‖₁`` with these picks, where there are probabilities."""

    def __len__(self) -> int:
        return len(self.picks)


def selection(strategy: str, told: dict[str, Any]) -> Selection:
    """The selection that the native part tells as a dictionary."""
    balance, cover = told["balance"], told["cover"]
    return Selection(
        strategy=strategy,
        picks=told["picks"],
        scores=told["scores"],
        balance=None if balance is None else _balance(balance),
        cover=None if cover is None else Cover(**cover),
        l1_before=told.get("l1_before"),
        l1=told.get("l1"),
    )


def _balance(told: dict[str, Any]) -> Balance:
    certificate = told["certificate"]
    return Balance(
        lambda_=told["lambda"],
        requirement=np.array(told["requirement"], dtype=np.float64),
        l1_before=told["l1_before"],
        l1_baseline=told["l1_baseline"],
        l1=told["l1"],
        certificate=None
        if certificate is None
        else Certificate(
            **{
                "dual_bound": certificate["bound"],  # Where it is not told apart.
                **certificate,
                "duals": np.array(certificate["duals"], dtype=np.float64),
            }
        ),
        seconds=told["seconds"],
    )
