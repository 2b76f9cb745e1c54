"""One tree of errors for the whole program: each says what went wrong, and what to do next."""

from typing import ClassVar, Self


class ReleaseGuardError(Exception):
    """The root of every error that the program raises on purpose."""

    users_mistake: ClassVar[bool] = False
    """Whether what was asked for, or handed over, is what is wrong; else something kept the program from its work."""
    hint: ClassVar[str] = "run the command again with --verbose and report what it shows"

    def explain(self) -> str:
        """The error as a person should read it: what, because of what, and what to do."""
        because = f"\n  because: {self.__cause__}" if self.__cause__ and str(self.__cause__) else ""
        return f"{self}{because}\n  to fix: {self.advice}"

    @property
    def advice(self) -> str:
        """What to do about this very error; the class's hint unless one was given."""
        return self.__dict__.get("_advice", self.hint)

    def advise(self, advice: str) -> Self:
        """Replace the hint of the class by advice that fits this case better."""
        self.__dict__["_advice"] = advice
        return self
