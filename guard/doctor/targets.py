"""Whether people can be told: each target's variable, and whether somebody hears of each severity."""

from collections.abc import Iterator

from guard.config import Config
from guard.doctor.finding import Finding, not_checked, ok, problem, warning
from guard.environment import secret
from guard.errors import ConfigurationError
from guard.notify.announcing import channels_of
from guard.notify.message import TargetKind
from guard.notify.settings import TargetTable
from guard.rollback.posting import is_safe
from guard.severity import Severity

_NAME = "notify_targets"
_TICKETS = "ticket-system"


def notify_targets(config: Config) -> Iterator[Finding]:
    """Every target, without sending anything; `release-guard notify test` does that."""
    if not config.notify.target:
        yield not_checked(_NAME, "no [[notify.target]] is configured: people are told of nothing", "add one to the configuration")
        return
    found = [finding for target in config.notify.target for finding in _target(target)]
    yield from found
    if not found:
        names = ", ".join(target.name for target in config.notify.target)
        yield ok(_NAME, f"{names} can be tried; `release-guard notify test` sends to each")
    for severity in sorted(Severity, reverse=True):
        channels = channels_of(config, severity)
        if channels != (_TICKETS,) and not any(config.notify.serving(channel) for channel in channels):
            words = f"nobody is told of {severity.name}: no target serves {', '.join(channels)}"
            yield warning(_NAME, words, f"add {channels[0]!r} to the channels of a [[notify.target]]")


def _target(target: TargetTable) -> Iterator[Finding]:
    try:
        address = secret(target.url_env)
    except ConfigurationError as error:
        yield problem(_NAME, f"{target.name}: {error}", error.advice)
        return
    if not address:
        hint = f"set {target.url_env}, or {target.url_env}_FILE"
        yield problem(_NAME, f"{target.name} cannot be reached: {target.url_env} is not set", hint)
    elif not _is_understood(target, address.strip()):
        hint = f"correct {target.url_env}; `release-guard notify test --target {target.name}` tries it"
        yield problem(
            _NAME, f"{target.name} cannot be reached: {target.url_env} holds nothing that a {target.kind.value} target takes", hint
        )


def _is_understood(target: TargetTable, address: str) -> bool:
    if target.kind is TargetKind.SLACK_BOT:
        return address.isascii() and address.isprintable() and " " not in address
    if target.kind is TargetKind.SLACK_WEBHOOK:
        try:
            return is_safe(address)
        except ValueError:
            return False
    from guard.notify.by_apprise import instantiated  # noqa: PLC0415 - only where apprise is used

    return instantiated(address) is not None
