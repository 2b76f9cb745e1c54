"""The failure rates around a release as a plot in Mermaid, which GitHub draws by itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from guard.engine import Engine
from guard.incidents.measured import Line, Stretch, line_of
from webstore.models import Item
from webstore.versions import Version

_STEPS = 40
_LEAST_TOP = 10.0
"""Percent: a plot of next to nothing must not look like a catastrophe."""


def plot_of(engine: Engine, item: Item, version: Version) -> str:
    """A block of Mermaid with the release's rate, its baseline's and the limit; empty where nothing was counted.

    All that is put in are numbers and versions, which hold nothing that Mermaid or Markdown reads.
    """
    release = engine.releases.find(item, version)
    if release is None:
        return ""
    baseline = engine.releases.baseline_of(item, version)
    polls = engine.samples.polls(release, baseline.version if baseline else None)
    versions = (version, *((baseline.version,) if baseline else ()))
    lines = [line for one in versions if (line := line_of(polls, one, since=release.published_at))]
    return plotted(lines, release.published_at, engine.config.thresholds.error_rate)


def plotted(lines: Sequence[Line], since: datetime, limit: float) -> str:
    """A block of Mermaid: the rates of ``lines`` since a release, and the ``limit`` (a ratio); empty where nothing was counted."""
    if not any(line.stretches for line in lines):
        return ""
    span = max(max(line.stretches[-1].end for line in lines if line.stretches) - since, timedelta(seconds=1))
    moments = [since + span * ((step + 0.5) / _STEPS) for step in range(_STEPS)]
    drawn = [[_rate_at(line, moment) for moment in moments] for line in lines]
    allowed = limit * 100
    top = max([_LEAST_TOP, allowed * 1.5, *(max(rates) * 1.1 for rates in drawn)])
    named = ", then ".join(str(line.version) for line in lines)
    return "\n".join(
        [
            f"Failures of {lines[0].unit} in percent, minutes after the release: {named}; the last line is the limit of {allowed:g} %.",
            "",
            "```mermaid",
            "xychart-beta",
            f'  x-axis "minutes" 0 --> {span.total_seconds() / 60:.2f}',
            f'  y-axis "%" 0 --> {min(top, 100):.1f}',
            *(f"  line [{', '.join(f'{rate:.2f}' for rate in rates)}]" for rates in drawn),
            f"  line [{', '.join([f'{allowed:.2f}'] * _STEPS)}]",
            "```",
        ]
    )


def _rate_at(line: Line, moment: datetime) -> float:
    """The rate in percent of the stretch that a moment lies in; else of the last one before it."""
    before: Sequence[Stretch] = [stretch for stretch in line.stretches if stretch.start <= moment]
    return before[-1].rate * 100 if before else 0.0
