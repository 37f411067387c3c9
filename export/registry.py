"""What a recipe chooses by name: losses, and architectures of teachers and students.

A name comes into a registry by its decorator, as in timm and torchdistill. An installed package can
offer names too, by entry points: they are imported when a recipe asks for them, so that every
process of a run finds them.
"""

from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from export.errors import ExportError

T = TypeVar("T")


class Registry(Generic[T]):
    """Objects of one kind by name.

    Args:
        kind: what an entry is, in the words of an error message.
        group: the group of entry points that other packages offer theirs in.
    """

    def __init__(self, kind: str, group: str):
        self.kind, self.group = kind, group
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> None:
        """Put an entry in.

        Raises:
            ExportError: `registry-name` when the name is taken.
        """
        if name in self._entries:
            raise ExportError("registry-name", f"there is a {self.kind} {name!r} already")
        self._entries[name] = entry

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that puts what it decorates in, as it is."""

        def put(entry: T) -> T:
            self.add(name, entry)
            return entry

        return put

    def __getitem__(self, name: str) -> T:
        """Return an entry.

        Raises:
            ExportError: `registry-name` when there is none of that name, or the package that
                offers it can't be imported.
        """
        if name not in self._entries:
            self._import(name)
        if name not in self._entries:
            raise ExportError(
                "registry-name",
                f"no {self.kind} {name!r}; known: {sorted(self._entries)}. Import the module that "
                f"registers it first, or offer it as an entry point of {self.group!r}",
            )
        return self._entries[name]

    def __contains__(self, name: str) -> bool:
        if name not in self._entries:
            self._import(name)
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def _import(self, name: str) -> None:
        """Import the module of an entry point; its decorators put the entry in."""
        # this one alone: importing every package that offers something would slow each command
        for point in entry_points(group=self.group, name=name):
            try:
                point.load()
            except (ImportError, AttributeError) as error:
                raise ExportError(
                    "registry-name", f"the {self.kind} {name!r} is in {point.value!r}: {error}"
                ) from error
