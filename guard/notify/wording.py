"""The words of messages, from templates in each language, with everything that comes from outside made harmless for its target."""

import dataclasses
import functools
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.incidents.events import Kind, Language, words_of
from guard.incidents.evidence import evidence_words
from guard.incidents.incident import NEEDS_POSTMORTEM, Incident, TimelineEntry
from guard.incidents.wording import facts_in, title_words
from guard.notify.message import TargetKind
from guard.notify.neutral import LONGEST, Escape, escape_for, plain, sms
from guard.notify.occasions import Occasion
from guard.notify.settings import TargetTable

if TYPE_CHECKING:
    import jinja2

_LONGEST_SUBJECT = 120
_SAID_BY_THE_REST = {Occasion.ROLLBACK_PROPOSED, Occasion.ROLLBACK_BEGUN}
"""Their evidence is the commands, or the title, which the message has anyway."""
_INDENT = " " * 4
"""What commands begin with."""
_TEMPLATES = Path(__file__).parent / "templates"


@dataclasses.dataclass(frozen=True)
class News:
    """What happened to an incident, as a message tells it."""

    occasion: Occasion
    incident: Incident
    entry: TimelineEntry
    item_name: str
    """What the team calls the extension."""
    commander: str = ""
    """Who is in charge; empty when nobody is."""
    mention: str = ""
    """Whom the message calls, in the words of its service; ours, so it is not escaped."""


@dataclasses.dataclass(frozen=True)
class Text:
    """What one target reads."""

    subject: str
    body: str


def words(news: News, target: TargetTable, language: Language) -> Text:
    """One message for one target."""
    escape = escape_for(target.kind)
    view = _view(news, target, language, escape)
    # The same subject for all of an incident: mail programs make one thread of them by it.
    subject = f"[{news.incident.id}] {escape(plain(title_words(news.incident.title, language), _LONGEST_SUBJECT))}"
    if target.kind is TargetKind.SMS:
        return Text(subject, sms(_render(f"{language.value}/sms.txt", m=view)))
    return Text(subject, _render(f"{language.value}/message.txt", m=view).strip())


def words_of_test(target: TargetTable, language: Language) -> Text:
    """A message that only shows that messages arrive."""
    return Text("release-guard: test", _render(f"{language.value}/test.txt", target=target.name).strip())


def marked_as_repeat(body: str, language: Language, kind: TargetKind) -> str:
    """A message that may have arrived before, and says so."""
    mark = _render(f"{language.value}/repeat.txt").strip()
    return sms(f"{mark} {body}") if kind is TargetKind.SMS else f"{mark}\n\n{body}"


def as_html(body: str, language: Language) -> str:
    """The same message as a page for mail programs. Everything in it is escaped."""
    paragraphs = [
        {"text": part.removeprefix(_INDENT).replace(f"\n{_INDENT}", "\n"), "is_command": part.startswith(_INDENT)} for part in _parts(body)
    ]
    return _render("message.html", paragraphs=paragraphs, language=language.value)


def _parts(body: str) -> list[str]:
    """Lines, but for commands, which stay together."""
    parts: list[str] = []
    for line in body.splitlines():
        if line.startswith(_INDENT) and parts and parts[-1].startswith(_INDENT):
            parts[-1] += f"\n{line}"
        elif line.strip():
            parts.append(line)
    return parts


def _view(news: News, target: TargetTable, language: Language, escape: Escape) -> dict[str, Any]:
    incident = news.incident
    return {
        "mention": news.mention,
        "occasion": news.occasion.value,
        "severity": incident.severity.name,
        "id": incident.id,
        "title": escape(title_words(incident.title, language)),
        "headline": escape(_headline(news, language)),
        "evidence": "" if news.occasion in _SAID_BY_THE_REST else escape(evidence_words(news.entry.evidence, language)),
        "item": escape(news.item_name),
        "item_id": incident.item.id,
        "version": str(incident.version),
        "users": f"{incident.affected_users:,}" if incident.affected_users else "",
        "since": _since(incident.opened_at, target),
        "commander": escape(news.commander),
        "trigger": incident.trigger.value,
        "is_acknowledged": incident.acknowledged_at is not None,
        "needs_postmortem": incident.severity >= NEEDS_POSTMORTEM,
    }


def _headline(news: News, language: Language) -> str:
    if news.occasion is Occasion.POSTMORTEM_DUE:
        return _render(f"{language.value}/due.txt").strip()
    facts = {name: plain(fact, LONGEST) for name, fact in facts_in(news.entry.facts, language).items()}
    return words_of(Kind(news.entry.kind), facts, language)


def _since(moment: datetime, target: TargetTable) -> str:
    shown = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return shown if target.time_zone == "UTC" else f"{shown} ({moment.astimezone(target.zone):%H:%M} {target.time_zone})"


def _render(name: str, **values: Any) -> str:
    return _environment().get_template(name).render(**values)


@functools.cache
def _environment() -> "jinja2.Environment":
    import jinja2  # noqa: PLC0415 - most commands tell nobody

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=jinja2.select_autoescape(("html",), default=False),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=False,
    )
