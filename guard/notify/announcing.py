"""Puts down whom to tell of what happens to an incident, in the transaction that writes it: what is written is told, and once."""

import dataclasses
import logging
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import sqlalchemy
from sqlalchemy import select

from guard.config import Config
from guard.incidents.events import Kind
from guard.incidents.incident import NEEDS_POSTMORTEM, Incident, TimelineEntry
from guard.notify.message import Message, TargetKind
from guard.notify.neutral import escape_for
from guard.notify.occasions import BY_SMS, ENDS, MENTIONS, OCCASIONS, Occasion
from guard.notify.settings import TargetTable
from guard.notify.wording import News, Text, words
from guard.severity import Severity
from guard.store.messages import put_message, targets_told
from guard.store.schema_response import incident_roles

_LOG = logging.getLogger(__name__)
_SLACK = {TargetKind.SLACK_BOT, TargetKind.SLACK_WEBHOOK}
_COMMANDER = "incident_commander"
_SMS, _MANAGEMENT = "sms", "email-management"
_SLACK_MEMBER = re.compile(r"[A-Z0-9]{2,30}")


def channels_of(config: Config, severity: Severity) -> tuple[str, ...]:
    """The channels that are told of incidents of a severity."""
    return config.severity.channels(severity)


class Announcer:
    """Called with each entry of a timeline, in its transaction."""

    def __init__(self, config: Config, now: Callable[[], datetime]) -> None:
        self._config = config
        self._now = now

    def __call__(self, connection: sqlalchemy.Connection, incident: Incident, entry: TimelineEntry, number: int) -> None:
        """Put down a message for every target that is to be told of the entry; ``number`` is the entry's own."""
        occasion = OCCASIONS.get(Kind(entry.kind)) if entry.kind else None
        if occasion is None or not self._config.notify.target:
            return
        commander = _commander(connection, incident)
        if occasion is Occasion.OPENED and not commander:  # the role is given right after this entry
            commander = self._config.oncall.to_domain().at(self._now()) or ""
        news = News(occasion, incident, entry, self._name_of(incident), commander)
        self._put(connection, news, number, self._now())
        if occasion is Occasion.RESOLVED and incident.severity >= NEEDS_POSTMORTEM:
            due = self._now() + timedelta(hours=self._config.notify.postmortem_due_hours)
            self._put(connection, dataclasses.replace(news, occasion=Occasion.POSTMORTEM_DUE), number, due)

    def _put(self, connection: sqlalchemy.Connection, news: News, number: int, not_before: datetime) -> None:
        incident = news.incident
        for target, channel in self._targets(connection, news):
            text = self._text(dataclasses.replace(news, mention=self._mention(news, target)), target)
            key = f"{incident.id}:{number}:{news.occasion.value}:{target.name}"
            message = Message(key, news.occasion.value, channel, target.name, text.subject, text.body, not_before, incident.id)
            put_message(connection, message, self._now())

    def _text(self, news: News, target: TargetTable) -> Text:
        try:
            return words(news, target, target.language or self._config.language)
        except Exception:  # noqa: BLE001 - a fault in our words must neither undo the event that they tell nor keep it from being told
            _LOG.exception("the words of %s cannot be made", news.occasion.value)
            escape = escape_for(target.kind)
            return Text(f"[{news.incident.id}]", f"{news.incident.severity.name} {news.incident.id}: {escape(news.entry.event)}")

    def _targets(self, connection: sqlalchemy.Connection, news: News) -> list[tuple[TargetTable, str]]:
        """Who is told, each once, and by which of its channels."""
        severities = {news.incident.severity}
        if (before := news.entry.facts.get("before", "")) in Severity.__members__:
            severities.add(Severity[before])  # whoever was told of the incident hears that it is another matter now
        channels = [channel for severity in sorted(severities, reverse=True) for channel in channels_of(self._config, severity)]
        if news.occasion is Occasion.ESCALATED:
            channels += self._escalated_by(news)
        chosen = _serving(self._config, channels)
        if news.occasion in ENDS:
            told = {name: channel for name, channel in targets_told(connection, news.incident.id).items() if name not in chosen}
            chosen |= told
        named = self._config.notify.named
        found = [(target, channel) for name, channel in chosen.items() if (target := named(name))]
        return [(target, channel) for target, channel in found if target.kind is not TargetKind.SMS or news.occasion in BY_SMS]

    def _escalated_by(self, news: News) -> tuple[str, ...]:
        """Channels that reach those who are asked, whatever the severity's own are."""
        is_managements = set(_asked(news)) & set(self._config.oncall.management)
        return (_SMS, _MANAGEMENT) if is_managements else (_SMS,)

    def _mention(self, news: News, target: TargetTable) -> str:
        if target.kind not in _SLACK or news.occasion not in MENTIONS:
            return ""
        people = [news.commander, *_asked(news)]
        called = ["<!here>"] if news.incident.severity is Severity.P0 else []
        called += [f"<@{member}>" for name in dict.fromkeys(people) if (member := self._member(name, target))]
        return " ".join([*called, ""]) if called else ""

    def _member(self, name: str, target: TargetTable) -> str:
        """Somebody's id in Slack: the target's own, as there may be several Slacks, else that of the on-call list."""
        if found := target.mentions.get(name):
            return found
        contact = self._config.oncall.to_domain().person(name).contacts.get("slack", "")
        return contact if _SLACK_MEMBER.fullmatch(contact) else ""

    def _name_of(self, incident: Incident) -> str:
        found = (extension.name for extension in self._config.extension if extension.item == incident.item)
        return next(found, None) or incident.item.id


def _asked(news: News) -> list[str]:
    """Whom an incident is escalated to."""
    return [name.strip() for name in news.entry.facts.get("to", "").split(",") if name.strip()]


def _serving(config: Config, channels: Iterable[str]) -> dict[str, str]:
    """The names of the targets of some channels, each with the first of them that it serves."""
    found: dict[str, str] = {}
    for channel in channels:
        for target in config.notify.serving(channel):
            found.setdefault(target.name, channel)
    return found


def _commander(connection: sqlalchemy.Connection, incident: Incident) -> str:
    holder = select(incident_roles.c.holder).where(incident_roles.c.incident_id == incident.id, incident_roles.c.role == _COMMANDER)
    return connection.execute(holder).scalar_one_or_none() or ""
