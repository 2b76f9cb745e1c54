"""`[notify]` of release-guard.toml: who is told, by which way, and when. Addresses and tokens are secrets: it names their variables."""

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationInfo, field_validator, model_validator

from guard.incidents.events import Language
from guard.notify.message import TargetKind
from guard.tables import Name, StrictTable, Variable
from webstore.auth import is_loopback

SLACK_API = "https://slack.com/api"

ChannelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.\-]{0,59}$")]
"""Such as "slack-critical", or a team's own."""

MemberId = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,30}$")]
"""Of somebody in Slack."""


class QuietHours(StrictTable):
    """Hours of the day in which only what is urgent is told."""

    begin: time
    end: time

    def over_at(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """When they are over, if they hold at that moment."""
        local = moment.astimezone(zone)
        clock = local.time().replace(tzinfo=None)
        over_midnight = self.begin > self.end
        holds = (clock >= self.begin or clock < self.end) if over_midnight else self.begin <= clock < self.end
        if not holds:
            return None
        day = local.date() + timedelta(days=1) if over_midnight and clock >= self.begin else local.date()
        return datetime.combine(day, self.end, tzinfo=zone).astimezone(moment.tzinfo)


class TargetTable(StrictTable):
    """``[[notify.target]]``: one place or person that is told."""

    name: Name
    kind: TargetKind
    channels: Annotated[tuple[ChannelName, ...], Field(min_length=1, max_length=50)]
    """The channels that it serves."""
    url_env: Variable
    """Name of the variable that holds the address: of apprise, of a webhook; for "slack-bot" the bot's token."""
    to: Annotated[str, Field(pattern=r"^[#@]?[A-Za-z0-9_.\-]{1,80}$")] | None = None
    """For "slack-bot": the Slack channel, by its id or name."""
    base_url: str = SLACK_API
    """For "slack-bot": where Slack's API is."""
    mentions: Annotated[dict[str, MemberId], Field(default_factory=dict, max_length=500)]
    """Slack's member ids of people, by their names in the on-call list."""
    quiet_hours: QuietHours | None = None
    """Such as "22:00-07:00": what is P2 or P3 waits until they are over."""
    time_zone: str = "UTC"
    """Of the quiet hours, and of the times in its messages."""
    sms_per_day: Annotated[int, Field(ge=1, le=10_000)] = 20
    """For "sms": more than so many in 24 hours are dropped."""
    language: Language | None = None
    """By default the file's."""

    @field_validator("quiet_hours", mode="before")
    @classmethod
    def _from_text(cls, value: object, _info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        found = re.fullmatch(r"(\d\d:\d\d)\s*-\s*(\d\d:\d\d)", value)
        if not found or found[1] == found[2]:
            raise ValueError('must be two different times of the day, such as "22:00-07:00"')
        return {"begin": found[1], "end": found[2]}

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, value: str, _info: ValidationInfo) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError('must be a time zone that this machine knows, such as "Asia/Taipei"') from error
        return value

    @field_validator("base_url")
    @classmethod
    def _is_safe(cls, value: str, _info: ValidationInfo) -> str:
        parts = urlsplit(value)
        if not parts.hostname or "@" in parts.netloc or (parts.scheme != "https" and not is_loopback(value)):
            raise ValueError("must be an https address, or on this machine: a token is sent there")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        if (self.kind is TargetKind.SLACK_BOT) != (self.to is not None):
            raise ValueError('`to` names the Slack channel of a "slack-bot", and goes with no other kind')
        return self

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone."""
        return ZoneInfo(self.time_zone)


class NotifyTable(StrictTable):
    """``[notify]``: telling people."""

    target: Annotated[tuple[TargetTable, ...], Field(max_length=200)] = ()
    give_up_hours: Annotated[float, Field(gt=0, le=24 * 30)] = 72
    """A message that could not be delivered for so long is given up."""
    postmortem_due_hours: Annotated[float, Field(gt=0, le=24 * 90)] = 24
    """So long after a P0 or P1 is resolved people are asked for its postmortem, if it is not done by then."""

    @field_validator("target")
    @classmethod
    def _each_once(cls, targets: Sequence[TargetTable], _info: ValidationInfo) -> Sequence[TargetTable]:
        names = [target.name for target in targets]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the target {twice[0]} stands there twice")
        return targets

    def serving(self, channel: str) -> list[TargetTable]:
        """The targets of a channel."""
        return [target for target in self.target if channel in target.channels]

    def named(self, name: str) -> TargetTable | None:
        """The target of that name; none when it is not configured any more."""
        return next((target for target in self.target if target.name == name), None)
