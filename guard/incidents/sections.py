"""A document that the guard and people write together: marked sections are the guard's until somebody changes them. Pure.

What stands outside the marks is never touched. A section that was changed by hand is kept, and what the guard would write now is put
below it, once; a section or its marks that somebody has taken out stays out.
"""

import dataclasses
import hashlib
import re
from collections.abc import Iterator

from guard.incidents.events import Language
from guard.incidents.terms import Bilingual

_SECTION = re.compile(
    r"<!-- guard:begin (?P<name>[a-z-]+)(?: (?P<digest>[0-9a-f]{16}))?(?: offered=(?P<offered>[0-9a-f]{16}))? -->\n"
    r"(?P<body>.*?)<!-- guard:end (?P=name) -->\n?",
    re.DOTALL,
)
_OWNER = re.compile(r"\A<!-- guard:document (?P<about>[A-Za-z0-9-]+) (?P<language>[A-Za-z-]+) -->")
_OFFER = "-offered"
_OFFERED = Bilingual(
    "> You have changed the section above, so it was left as it is. The guard would write now:",
    "> 上方內容已由人員修改，因此予以保留。系統目前的版本如下：",
)


@dataclasses.dataclass(frozen=True)
class Owner:
    """What a document of the guard is about, and its language."""

    about: str
    language: Language


def owner_of(text: str) -> Owner | None:
    """Who a document belongs to; none when it is not the guard's."""
    found = _OWNER.match(text)
    if found is None or found["language"] not in set(Language):
        return None
    return Owner(found["about"], Language(found["language"]))


def sealed(text: str) -> str:
    """A freshly written document with the digest of each section in its mark."""
    return _SECTION.sub(lambda found: _section(found["name"], found["body"]), text)


def renewed(old: str, new: str, language: Language) -> str:
    """The document as people have left it, with the guard's own sections as they are in ``new``."""
    # An editor that ends lines its own way has changed nothing.
    old = old.replace("\r\n", "\n")
    fresh = {found["name"]: found["body"] for found in _SECTION.finditer(new)}
    return _SECTION.sub(lambda found: "".join(_renew(found, fresh, language)), old)


def _renew(found: re.Match[str], fresh: dict[str, str], language: Language) -> Iterator[str]:
    name, body = found["name"], found["body"]
    is_untouched = found["digest"] == _digest(body)
    if name.endswith(_OFFER):
        now = fresh.get(name.removesuffix(_OFFER))
        if not is_untouched or (now is not None and body == _offer(now, language)):
            yield found[0]
        return
    now = fresh.get(name)
    if now is None:
        yield found[0]
    elif is_untouched:
        yield _section(name, now)
    elif _digest(now) in {found["digest"], found["offered"]}:
        yield found[0]
    else:
        yield _section(name, body, digest=found["digest"] or "", offered=_digest(now))
        yield _section(name + _OFFER, _offer(now, language))


def _offer(body: str, language: Language) -> str:
    return f"{_OFFERED.in_language(language)}\n\n{body}"


def _section(name: str, body: str, *, digest: str = "", offered: str = "") -> str:
    mark = f" offered={offered}" if offered else ""
    return f"<!-- guard:begin {name} {digest or _digest(body)}{mark} -->\n{body}<!-- guard:end {name} -->\n"


def _digest(body: str) -> str:
    return hashlib.sha256(body.strip().encode()).hexdigest()[:16]
