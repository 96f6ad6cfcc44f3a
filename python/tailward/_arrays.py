"""What a program gives, as the native part reads it: `float32` in C order, and `int64` for labels."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

UNLABELLED = -1

SHAPES = {
    "probabilities": ("rows", "classes"),
    "logits": ("rows", "classes"),
    "head": ("classes", "dims"),
    "embeddings": ("rows", "dims"),
    "dropout_probabilities": ("passes", "rows", "classes"),
    "estimates": ("rows",),
    "labelled.probabilities": ("labelled", "classes"),
    "labelled.embeddings": ("labelled", "dims"),
}


def array_of(name: str, value: Any) -> npt.NDArray[Any]:
    """The array behind anything that is one; memory is shared where the other side allows it."""
    protocols = ("__array__", "__array_interface__", "__array_struct__", "__buffer__")
    if hasattr(value, "__dlpack__") and not any(hasattr(value, protocol) for protocol in protocols):
        return np.from_dlpack(value)
    try:
        return np.asarray(value)
    except ValueError as ragged:
        raise ValueError(f"{name} is no array: {ragged}") from ragged


def floats(name: str, value: Any) -> Optional[Floats]:
    """An array of `float32` in C order: the very memory where it is that already, and one copy otherwise."""
    if value is None:
        return None
    array = array_of(name, value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold numbers, and holds {array.dtype}")
    expected = SHAPES[name]
    if array.ndim != len(expected):
        form = ", ".join(expected)
        found = ", ".join(map(str, array.shape))
        raise ValueError(f"{name} must be [{form}], and its shape is [{found}]")
    with np.errstate(over="ignore"):  # What is too large becomes infinite, and is named by its row and column.
        return np.require(array, dtype=np.float32, requirements=["C_CONTIGUOUS", "ALIGNED"])


def labels_of(name: str, value: Any) -> Integers:
    """A class for each row that has a label, and -1 for what is -1, nan or None."""
    array = array_of(name, value)
    if array.ndim != 1:
        raise ValueError(f"{name} must be [rows], and its shape is [{', '.join(map(str, array.shape))}]")
    if array.dtype.kind == "O":
        array = np.array([_of_object(name, row, label) for row, label in enumerate(array)], dtype=np.float64)
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), UNLABELLED, array)
        broken = np.flatnonzero((array != np.floor(array)) | np.isinf(array))
        if len(broken) > 0:
            raise ValueError(f"{name}: row {broken[0]} is {array[broken[0]]}, and classes are whole numbers")
    elif array.dtype.kind not in "iu" and array.size > 0:
        raise TypeError(f"{name} must hold numbers of classes, and holds {array.dtype}")
    return np.ascontiguousarray(array, dtype=np.int64)


def _of_object(name: str, row: int, label: Any) -> float:
    if label is None:
        return float(UNLABELLED)
    if isinstance(label, (int, float, np.integer, np.floating)) and not isinstance(label, bool):
        return float(label)
    raise TypeError(f"{name}: row {row} is {label!r}, and must be the number of a class, or -1, nan or None")
