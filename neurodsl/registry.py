"""The members of a family, found by scanning its package and the entry points of others."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Protocol, TypeVar


class Named(Protocol):
    """What can be a member of a family: something with a name."""

    @property
    def name(self) -> str:
        """Return the name under which a user asks for it."""


T = TypeVar("T", bound=Named)


class RegistryError(Exception):
    """Two members of one name, or an entry point that does not hold what its group promises."""


def collect(package: ModuleType, kind: type[T], group: str | None = None) -> dict[str, T]:
    """Return the members of a family by name, in alphabetical order.

    Parameters
    ----------
    package : module
        Each module directly in it is imported; the instances of ``kind`` at its top level are members.
    kind : type
        The class of the members.
    group : str, optional
        The entry-point group under which other distributions offer members of their own.

    Raises
    ------
    RegistryError
        If a name stands twice, or an entry point cannot be loaded or is no ``kind``.
    """
    found: dict[str, tuple[T, str]] = {}
    for member, origin in [*_in_modules(package, kind), *(_in_entry_points(group, kind) if group is not None else ())]:
        known, first = found.setdefault(member.name, (member, origin))
        if known is not member:
            raise RegistryError(f"{member.name!r} stands in {first} and in {origin}")
    return {name: found[name][0] for name in sorted(found)}


def _in_modules(package: ModuleType, kind: type[T]) -> Iterator[tuple[T, str]]:
    """Yield the members in the modules of a package, each with the module's name."""
    for info in pkgutil.iter_modules(package.__path__):
        if not info.ispkg:
            module = importlib.import_module(f"{package.__name__}.{info.name}")
            yield from ((value, module.__name__) for value in vars(module).values() if isinstance(value, kind))


def _in_entry_points(group: str, kind: type[T]) -> Iterator[tuple[T, str]]:
    """Yield the members that installed distributions offer, each with where it comes from."""
    # It takes several milliseconds to import, which only families that are open to others should pay.
    from importlib.metadata import entry_points

    for entry in entry_points(group=group):
        origin = f"the entry point {entry.value!r}"
        try:
            member = entry.load()
        except (ImportError, AttributeError) as error:
            raise RegistryError(f"{origin} of {group!r} cannot be loaded: {error}") from error
        if not isinstance(member, kind):
            raise RegistryError(f"{origin} of {group!r} is no {kind.__name__}")
        yield member, origin
