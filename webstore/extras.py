"""What a plain installation leaves out, and the one sentence that says how to get a part that is missing."""

import contextlib
from collections.abc import Generator, Mapping

from webstore.errors import ReleaseGuardError

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "dashboard": ("starlette", "uvicorn"),
    "rehearsal": ("starlette", "uvicorn"),
    "postgres": ("psycopg",),
    "pytest": ("pytest", "pytest_playwright"),
}
"""The modules that each extra brings along."""


class ExtraMissing(ReleaseGuardError):
    """A part of the program is not installed, because nobody asked for its extra."""

    hint = "pip install 'release-guard[all]'"


def installing(extra: str) -> str:
    """What to type, so that an extra is there."""
    return f"pip install 'release-guard[{extra}]'"


@contextlib.contextmanager
def needed(extra: str, what: str) -> Generator[None]:
    """Inside, ``what`` is done, with the modules of an extra.

    Raises:
        ExtraMissing: one of them is not installed; any other module that is missing is a fault, and stays one.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRAS[extra]:
            raise
        raise ExtraMissing(f"{what} needs {error.name}, which is not installed here").advise(installing(extra)) from None
