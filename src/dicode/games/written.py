"""What level code writes into an array of a world must be what the array then holds."""

from typing import Any

import numpy as np

from dicode.errors import LevelError


def check_written(label: str, dtype: np.dtype, value: Any) -> None:
    """Raise LevelError for numbers that an array of whole numbers would cut or wrap around; NumPy does so without a word."""
    numbers = np.asarray(value)
    if dtype.kind not in "iu" or numbers.dtype.kind not in "iuf" or not numbers.size:
        return
    if numbers.dtype.kind == "f" and not np.all(numbers == np.floor(numbers)):
        raise LevelError(
            f"{label} holds whole numbers, and {numbers.dtype} with fractions is written into it",
            hint="round them first, as in np.round(values); for `a *= 0.5`, which writes in place, write a = np.round(a * 0.5)",
        )
    allowed, low, high = np.iinfo(dtype), numbers.min(), numbers.max()
    if low < allowed.min or high > allowed.max:
        wrong = low if low < allowed.min else high
        raise LevelError(
            f"{label} holds {allowed.min} to {allowed.max}, and {wrong} is written into it",
            hint=f"cut what lies outside of that off: np.clip(values, {allowed.min}, {allowed.max})",
        )
