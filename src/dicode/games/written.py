"""What level code writes into an array of a world must be what the array then holds.

NumPy cuts every fraction off and begins again at 0 behind the end of a type, in silence. A `Guarded` view checks what is
written, gives arithmetic room for every result, and is itself read-only: what NumPy would write into it past the checks,
such as into what `np.asarray` makes of it, fails. Whatever is derived from such an array keeps the guard.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dicode.errors import LevelError

_GROWS = frozenset({np.add, np.subtract, np.multiply, np.negative, np.power, np.left_shift})
"""What may leave the range of a small integer type."""
_WRITES: Mapping[Any, int] = {np.copyto: 1, np.put: 2, np.place: 2, np.putmask: 2, np.fill_diagonal: 1}
"""Functions that write into their first argument, with the place of what is written."""
READ_ONLY = (
    "write into the world's array itself, as in array[rows, columns] = values; a copy of it, array.copy(), is free"
)
"""What to do where NumPy says that an array is read-only."""


class Guarded(np.ndarray):
    """A view of a world's array that checks what is written into it."""

    label = "an array"

    def __array_finalize__(self, source: Any) -> None:
        """Views and copies keep the name."""
        self.label = getattr(source, "label", "an array")

    @classmethod
    def of(cls, label: str, array: np.ndarray) -> Any:
        """A guarded view of `array`; whoever may write without checks uses `array` itself."""
        view = array.view(cls)
        view.label, view.flags.writeable = label, False
        return view

    @property
    def flat(self) -> Any:
        """The elements in order; a view only where they lie in that order, else a read-only iterator of NumPy's."""
        return self.reshape(-1) if self.flags.c_contiguous else super().flat

    @flat.setter
    def flat(self, values: Any) -> None:
        self._open().flat = self._taken(values)  # type: ignore[misc]

    def _open(self) -> np.ndarray:
        """The same elements, to be written after a check."""
        view = self.view(np.ndarray)
        view.flags.writeable = True
        return view

    def _taken(self, value: Any) -> Any:
        """The value as what is written. Raises LevelError for one that NumPy would take for something else."""
        check_written(self.label, self.dtype, value)
        return value

    def _like(self, array: np.ndarray) -> "Guarded":
        """`array`, guarded as this one is."""
        view = array.view(Guarded)
        view.__array_finalize__(self)
        return view

    def __getitem__(self, index: Any) -> Any:
        return roomy(super().__getitem__(index), numbers_only=True)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._open()[index] = self._taken(value)

    def fill(self, value: Any) -> None:
        """Every element becomes `value`."""
        self._open().fill(self._taken(value))

    def put(self, indices: Any, values: Any, mode: Any = "raise") -> None:
        """The elements at flat `indices` become `values`."""
        self._open().put(indices, self._taken(values), mode)

    def sort(self, *arguments: Any, **named: Any) -> None:
        """The elements change places: nothing new is written."""
        self._open().sort(*arguments, **named)

    def __array_ufunc__(self, ufunc: np.ufunc, method: Any, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        """Arithmetic with room for every result; what is written in place is checked like any other value."""
        first = next((each for each in inputs if isinstance(each, Guarded)), self)
        call: Callable[..., Any] = getattr(ufunc, method)
        plain = [_bare(each) for each in inputs]
        if ufunc in _GROWS and method in ("__call__", "outer"):
            plain = [roomy(each) for each in plain] if out is None or _guarded(out) else plain
        if method == "at":
            return _at(call, inputs[0], plain)
        if out is not None:
            return _into(call, plain, out, kwargs, whole=method == "__call__" and set(kwargs) <= {"casting"})
        found = call(*plain, **kwargs)
        return first._like(found) if isinstance(found, np.ndarray) else roomy(found)

    def __array_function__(self, function: Any, types: Any, arguments: Any, named: Any) -> Any:
        """NumPy's functions, those that write after a check."""
        if function in _WRITES and arguments and isinstance(arguments[0], Guarded):
            target, place = arguments[0], _WRITES[function]
            if len(arguments) > place:
                taken = target._taken(arguments[place])
                arguments = (target._open(), *arguments[1:place], taken, *arguments[place + 1 :])
                return function(*arguments, **named)
        return super().__array_function__(function, types, arguments, named)


def _guarded(arrays: Any) -> bool:
    return any(isinstance(each, Guarded) for each in arrays)


def _bare(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Guarded) else value


def roomy(value: Any, numbers_only: bool = False) -> Any:
    """A small integer, or an array of them, in a type that has room for sums and products."""
    kinds = np.integer if numbers_only else (np.ndarray, np.integer)
    small = isinstance(value, kinds) and value.dtype.kind in "iu" and value.dtype.itemsize < 8
    return value.astype(np.int64) if small else value


def _at(call: Callable[..., Any], target: Any, plain: list[Any]) -> None:
    """`ufunc.at`, which changes its first argument."""
    if not isinstance(target, Guarded):
        call(*plain)
        return
    work = np.array(roomy(plain[0]))
    call(work, *plain[1:])
    target[...] = work


def _into(call: Callable[..., Any], plain: list[Any], out: Any, kwargs: dict[str, Any], whole: bool) -> Any:
    """A ufunc's results, written where they belong. `whole`: nothing that stood there before is left or used."""
    if not _guarded(out):
        return call(*plain, out=out, **kwargs)
    if whole and len(out) == 1:
        out[0][...] = call(*plain, **kwargs)
        return out[0]
    work = tuple(np.array(roomy(_bare(each))) if isinstance(each, Guarded) else each for each in out)
    call(*plain, out=work, **kwargs)
    for each, result in zip(out, work, strict=True):
        if isinstance(each, Guarded):
            each[...] = result
    return out[0] if len(out) == 1 else out


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
