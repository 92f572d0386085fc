"""What is asked of a CRM once and then kept, whichever thread asks first. Who asks for something else doesn't wait meanwhile."""

from collections.abc import Callable
from threading import RLock
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801 - a decorator
    """A property that is computed when it is first asked for, by one thread alone. `forget` lets it be computed anew.

    Its object has a dict of `locks`, empty at first.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute, self.__doc__ = compute, compute.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, _owner: type | None = None) -> T:
        with alone(instance, self._name):
            known = instance.__dict__
            if self._name not in known:
                known[self._name] = self._compute(instance)
            return cast(T, known[self._name])


def alone(instance: Any, name: str) -> RLock:
    """Held by the one thread that asks for what goes by this name."""
    return cast("RLock", instance.locks.setdefault(name, RLock()))


def forget(instance: Any, *names: str) -> None:
    """Lets what was kept under these names be computed anew, once nobody is about to take it: first what others are made of."""
    for name in names:
        with alone(instance, name):
            instance.__dict__.pop(name, None)
