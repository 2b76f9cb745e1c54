"""Whether anybody hears of a canary that stops running. Nothing is sent."""

from collections.abc import Iterator

from guard.check_ins import Command, monitors_of
from guard.config import Config
from guard.doctor.finding import Finding, not_checked, ok, problem, warning
from guard.environment import DSN_VARIABLE, secret

NAME = "canary_monitor"


def monitor(config: Config) -> Iterator[Finding]:
    """The monitors that the canary checks in with, and whether it is told where they are.

    Raises:
        ConfigurationError: the file of the DSN cannot be read.
    """
    table, dsn = config.canary, secret(DSN_VARIABLE)
    if not table.is_wanted:
        hint = f"where a canary is scheduled: add [canary] with its schedule, and set {DSN_VARIABLE}"
        yield not_checked(NAME, "no [canary] is configured: nobody hears of a canary that stops running", hint)
        return
    slugs = ", ".join(dict.fromkeys(slug for command in Command for slug in monitors_of(config, command).values()))
    if not dsn:
        yield warning(
            NAME, f"the canary cannot check in with {slugs}: {DSN_VARIABLE} is not set", f"set {DSN_VARIABLE} where the canary runs"
        )
        return
    from sentry_sdk.utils import BadDsn, Dsn  # noqa: PLC0415 - only where a DSN is set

    try:
        place = Dsn(dsn)
    except (BadDsn, ValueError):
        yield problem(NAME, f"{DSN_VARIABLE} holds no DSN", "copy it from the project's settings in Sentry: Client Keys (DSN)")
        return
    times = [f"{name} at {when} (UTC)" for name, when in (("canary", table.schedule), ("watch", table.watch_schedule)) if when]
    kept = ", ".join(times) or "a monitor made by hand"
    yield ok(NAME, f"the canary checks in with {slugs} in Sentry at {place.host}, project {place.project_id}: {kept}")
