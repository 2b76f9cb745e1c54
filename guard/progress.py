"""How the engine tells what it is doing. Only the command line knows that there is a terminal."""

from typing import Protocol


class Progress(Protocol):
    """Takes what is being done, and what came of it."""

    def doing(self, text: str) -> None:
        """Something has begun."""
        ...

    def done(self, text: str) -> None:
        """Something is finished, and this came of it."""
        ...

    def warn(self, text: str) -> None:
        """Something needs a person's eye."""
        ...


class Silence:
    """Tells nobody."""

    def doing(self, text: str) -> None:
        """Nothing is shown."""

    def done(self, text: str) -> None:
        """Nothing is shown."""

    def warn(self, text: str) -> None:
        """Nothing is shown."""
