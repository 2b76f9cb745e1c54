"""The postmortem of an incident as a file: gathered, told in one language, and renewed without losing what people wrote."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from guard import plots
from guard.engine import Engine
from guard.errors import UsageError
from guard.incidents.analysis import Case, Limits, moments_of
from guard.incidents.events import Kind, Language
from guard.incidents.incident import Incident
from guard.incidents.measured import Line, line_of
from guard.incidents.postmortem import Material, view_of
from guard.incidents.recommendations import area_words
from guard.incidents.sections import owner_of, renewed, sealed
from guard.incidents.terms import Bilingual
from guard.incidents.wording import escape, target_words, unit_words
from guard.incidents.wording_actions import priority_words, state_words
from guard.model import Provenance, Release
from guard.store.action_items import ActionItems
from healthchecks.result import DrillVerdict
from webstore.models import Item
from webstore.versions import Version
from webstore.whole_files import written

TEMPLATES = Path(__file__).parent / "incidents" / "templates"
_BESIDE = timedelta(hours=6)
"""So long after an incident's end what was read of the restored version still belongs to it."""


class NotOurs(UsageError):
    """A file that must not be written over."""

    hint = "name another file with -o"


def name_of(engine: Engine, item: Item) -> str:
    """What an extension is called; empty when it is not configured here, or has no name."""
    return next((one.name or "" for one in engine.config.extension if one.id == item.id), "")


def case_of(engine: Engine, incident: Incident) -> Case:
    """An incident with its timeline, its release and the drill of that."""
    release = engine.releases.find(incident.item, incident.version)
    drill = engine.drills.of(incident.item).get(incident.version)
    unsafe = drill.words.removeprefix("unsafe: ") if drill and drill.verdict is DrillVerdict.UNSAFE else ""
    return Case(incident, engine.incidents.timeline(incident.id), release.published_at if release else None, unsafe)


def limits_of(engine: Engine) -> Limits:
    """The targets that the team has agreed on."""
    return {severity: (target.respond, target.resolve) for severity, target in engine.config.incident_rules.targets.items()}


def material_of(engine: Engine, incident: Incident) -> Material:
    """All that is known of an incident."""
    case, releases = case_of(engine, incident), engine.releases.all(incident.item)
    material = Material(
        case, engine.now(), name_of(engine, incident.item), actions=ActionItems(engine.database, engine.now).of(incident.id)
    )
    release = next((one for one in releases if one.version == incident.version), None)
    if release is None:
        return material
    baseline = _baseline(case, engine, release)
    polls = engine.samples.polls(release, baseline)
    since = release.published_at
    restored = next((one for one in releases if one.rollback_of == release.version), None)
    return dataclasses.replace(
        material,
        percentage=release.deploy_percentage,
        release=line_of(polls, release.version, since=since),
        baseline=line_of(polls, baseline, since=since) if baseline else None,
        before=line_of(polls, baseline, since=since, before=True) if baseline else None,
        restored=_recovery(engine, restored, case) if restored and restored.provenance is Provenance.ROLLBACK else None,
    )


def _baseline(case: Case, engine: Engine, release: Release) -> Version | None:
    """What the release was compared with: what it was rolled back to, else what it would be now."""
    if done := case.last({Kind.ROLLBACK_BEGUN, Kind.ROLLBACK_DONE}):
        return Version.parse(done.facts["target"])
    known = engine.releases.baseline_of(release.item, release.version)
    return known.version if known else None


def _recovery(engine: Engine, restored: Release, case: Case) -> Line | None:
    """How the restored version did, as long as it belongs to the incident."""
    line = line_of(engine.samples.polls(restored, None), restored.version, since=restored.published_at)
    end = (moments_of(case).resolved or engine.now()) + _BESIDE
    kept = tuple(stretch for stretch in line.stretches if stretch.start <= end) if line else ()
    return dataclasses.replace(line, stretches=kept) if line and kept else None


def draft(material: Material, language: Language) -> str:
    """The postmortem in Markdown. All that is not the template's own is escaped where it is put in."""
    environment = _environment(language)
    view = view_of(material, language)
    rates = {
        "rate": view.rate(material.release),
        "beside": view.rate(material.baseline),
        "before": view.rate(material.before),
        "restored": view.rate(material.restored),
    }
    template = environment.get_template(f"postmortem.{language.value}.md.j2")
    return sealed(template.render(view=view, material=material, incident=material.case.incident, **rates))


def markdown_environment() -> jinja2.Environment:
    """For templates of Markdown: every value that is put in is escaped for it."""

    def harmless(value: object) -> object:
        return value if isinstance(value, Markup) else escape(str(value))

    # Markdown is no HTML: its own escaping stands in place of the automatic one, for every value.
    return jinja2.Environment(  # noqa: S701 - see above
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        finalize=harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _environment(language: Language) -> jinja2.Environment:
    environment = markdown_environment()

    def in_language(say: Callable[..., str]) -> Callable[[object], str]:
        def told(value: object) -> str:
            return say(value, language)

        return told

    def counted(unit: str) -> str:
        return unit_words(unit, language, counted=True)

    words = {"area": area_words, "target": target_words, "unit": unit_words, "priority": priority_words, "action_state": state_words}
    environment.filters.update({name: in_language(say) for name, say in words.items()})
    environment.filters.update({"counted": counted, "opening": _opening})
    return environment


def _opening(text: str) -> str:
    """A sentence with a capital."""
    return text[:1].upper() + text[1:]


def write(engine: Engine, incident: Incident, path: Path, language: Language) -> Path:
    """Write or renew the file, with its plot beside it.

    Raises:
        NotOurs: there is a file that is no postmortem of this incident in this language.
    """
    old = _read(path)
    if old is not None:
        owner = owner_of(old)
        if owner is None or owner.about != incident.id:
            raise NotOurs(f"{path} is there already, and is no postmortem of {incident.id}")
        if owner.language is not language:
            raise NotOurs(f"{path} is written in {owner.language.value}").advise(f"name another file with -o for {language.value}")
    material = material_of(engine, incident)
    plot = plot_of(material, engine.config.thresholds.error_rate, language)
    if plot:
        picture = path.with_suffix(".svg")
        picture.write_text(plot, encoding="utf-8")
        material = dataclasses.replace(material, plot=_link(picture.name))
    new = draft(material, language)
    # Whole or not at all: what people wrote must outlive a process that dies here.
    with written(path) as file:
        file.write((new if old is None else renewed(old, new, language)).encode())
    return path


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise NotOurs(f"{path} cannot be read as a postmortem: {error}") from error


def _link(name: str) -> str:
    """A file's name as the target of a link."""
    return quote(name)


_PLOT = Bilingual("Failure rate around the release of {version}", "{version} 發布前後的失敗率")
_ABOUT = Bilingual(
    "Share of {unit} that failed, by version, with the moments of the incident marked; times are UTC.",
    "各版本失敗的{unit}比例，並標示事件的重要時刻；時間為 UTC。",
)
_LINES = (Bilingual("{version} (released)", "{version}（新版）"), Bilingual("{version} (baseline)", "{version}（基準）"))
_RESTORED = Bilingual("{version} (after the rollback)", "{version}（回滾後）")
_MARKS = (
    ("released", Bilingual("release seen live", "版本上線")),
    ("detected", Bilingual("breach seen", "偵測到異常")),
    ("begun", Bilingual("rollback begun", "開始回滾")),
    ("mitigated", Bilingual("rollback done", "回滾完成")),
    ("resolved", Bilingual("recovered", "恢復正常")),
)
_ALLOWED = Bilingual("limit {percent:g} %", "門檻 {percent:g}%")


def plot_of(material: Material, threshold: float, language: Language) -> str:
    """The failure rate around the release as an SVG file; empty when nothing was counted."""
    if material.release is None:
        return ""
    baseline = _joined(material.before, material.baseline)
    known = zip((material.release, baseline, material.restored), (*_LINES, _RESTORED), strict=True)
    lines = [plots.Drawn(line, words.in_language(language).format(version=line.version)) for line, words in known if line]
    case, at = material.case, moments_of(material.case)
    begun, done = case.first({Kind.ROLLBACK_BEGUN}), case.last({Kind.ROLLBACK_DONE})
    moments = {
        "released": at.released or case.released_at,
        "detected": at.detected,
        "begun": begun.at if begun else None,
        "mitigated": done.at if done else None,
        "resolved": at.resolved,
    }
    return plots.rate_plot(
        plots.RatePlot(
            title=_PLOT.in_language(language).format(version=material.release.version),
            description=_ABOUT.in_language(language).format(unit=unit_words(material.release.unit, language)),
            lines=lines,
            marks=[plots.Mark(at, words.in_language(language)) for name, words in _MARKS if (at := moments[name])],
            threshold=threshold,
            threshold_words=_ALLOWED.in_language(language).format(percent=100 * threshold),
        )
    )


def _joined(before: Line | None, after: Line | None) -> Line | None:
    if before is None or after is None:
        return after or before
    return dataclasses.replace(after, stretches=(*before.stretches, *after.stretches)) if before.unit == after.unit else after
