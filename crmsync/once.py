"""What is asked of a CRM once and then kept, whichever thread asks first."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801 - a decorator
    """A property that is computed when it is first asked for, by one thread alone. Its object has a `lock` that may be taken twice.

    `forget` lets it be computed anew.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute, self.__doc__ = compute, compute.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, _owner: type | None = None) -> T:
        with instance.lock:
            known = instance.__dict__
            if self._name not in known:
                known[self._name] = self._compute(instance)
            return cast(T, known[self._name])


def forget(instance: Any, *names: str) -> None:
    """Lets what was kept under these names be computed anew, once nobody is about to take it."""
    with instance.lock:
        for name in names:
            instance.__dict__.pop(name, None)
