"""Words of the response to incidents that stand inside other sentences, in every language."""

from collections.abc import Mapping
from datetime import timedelta

from guard.languages import Bilingual

ROLES: Mapping[str, Bilingual] = {
    "incident_commander": Bilingual("incident commander", "事件指揮官"),
    "technical_lead": Bilingual("technical lead", "技術負責人"),
    "communications_lead": Bilingual("communications lead", "溝通負責人"),
}
CLOCKS: Mapping[str, Bilingual] = {
    "respond": Bilingual("respond", "回應"),
    "resolve": Bilingual("resolve", "解決"),
}

_UNITS = (
    (timedelta(days=1), Bilingual("d", "天")),
    (timedelta(hours=1), Bilingual("h", "小時")),
    (timedelta(minutes=1), Bilingual("min", "分鐘")),
)


def length(seconds: float, language: str) -> str:
    """A length of time in at most two units: ``1 h 40 min``, ``1 小時 40 分鐘``; under a minute in seconds."""
    whole = max(round(seconds), 0)
    if whole < _UNITS[-1][0].total_seconds():
        return f"{whole} {Bilingual('s', '秒').in_language(language)}"
    parts: list[str] = []
    left = timedelta(seconds=whole)
    for unit, name in _UNITS:
        count, left = divmod(left, unit)
        if count:
            parts.append(f"{count} {name.in_language(language)}")
    return " ".join(parts[:2])
