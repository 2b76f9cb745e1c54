"""The Atom feed (RFC 4287) of what the public is told: an entry an incident, renewed with each of its updates. Pure.

Its bytes change only when something has happened, so that a reader sees no news where there is none. An incident's id is a `urn:uuid:` and
stays the same wherever the page is moved to.
"""

import uuid
from datetime import UTC, datetime
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

from guard.incidents.events import Language
from guard.statuspage.public import PublicIncident, PublicStatus
from guard.statuspage.wording import Words

MOST_ENTRIES = 50
FEED, PAGE, HISTORY = "feed.xml", "index.html", "history.html"
"""Where the page's files are, from its folder."""
_ATOM, _XHTML = "http://www.w3.org/2005/Atom", "http://www.w3.org/1999/xhtml"
_FEED_OF = "release-guard status feed"


def anchor_of(incident: PublicIncident) -> str:
    """The name by which an incident's place on a page is linked to."""
    return f"i-{incident.reference.hex[:12]}"


def feed(status: PublicStatus, words: Words, generator: str, url: str = "") -> bytes:
    """The feed as a file. ``url``: the address of the page's folder, ending in a slash; without it links are relative to the feed."""
    root = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": words.language.value})
    newest = sorted(status.incidents, key=lambda incident: incident.changed_at, reverse=True)[:MOST_ENTRIES]
    _text(root, "id", _feed_id(status, url).urn)
    _text(root, "title", words.title(status))
    # Where nothing was ever told, the feed is as old as what it is about.
    _text(root, "updated", _rfc3339(newest[0].changed_at if newest else status.began_at or status.at))
    _person(root, words.title(status))
    _text(root, "generator", generator)
    ET.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": urljoin(url, FEED)})
    ET.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": urljoin(url, PAGE)})
    for incident in newest:
        root.append(_entry(incident, words, url))
    ET.indent(root, " ")
    return ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _feed_id(status: PublicStatus, url: str) -> uuid.UUID:
    """Of the address where there is one; else of the first extension."""
    first = status.extensions[0].id if status.extensions else ""
    return uuid.uuid5(uuid.NAMESPACE_URL, urljoin(url, FEED)) if url else uuid.uuid5(uuid.NAMESPACE_OID, f"{_FEED_OF} {first}")


def _entry(incident: PublicIncident, words: Words, url: str) -> ET.Element:
    entry = ET.Element("entry")
    _text(entry, "id", incident.reference.urn)
    _text(entry, "title", f"{words.trouble(incident).format(name=incident.name)} ({words.standing(incident)})")
    _text(entry, "published", _rfc3339(incident.since))
    _text(entry, "updated", _rfc3339(incident.changed_at))
    ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": f"{urljoin(url, HISTORY)}#{anchor_of(incident)}"})
    content = ET.SubElement(entry, "content", {"type": "xhtml"})
    told = ET.SubElement(content, "div", {"xmlns": _XHTML})
    if incident.version:
        _text(told, "p", words.fixed("affected").format(version=incident.version))
    listed = ET.SubElement(told, "ul")
    for update in reversed(incident.updates):
        line = ET.SubElement(listed, "li")
        moment = ET.SubElement(line, "time", {"datetime": _rfc3339(update.at)})
        moment.text = words.moment(update.at)
        moment.tail = f"{'：' if words.language is Language.CHINESE else ': '}{words.update(update)}"
    return entry


def _person(root: ET.Element, name: str) -> None:
    _text(ET.SubElement(root, "author"), "name", name)


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text


def _rfc3339(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
