"""Small plots as SVG: a failure rate around a release, and counts by day. Readable in dark and light, and in grey. Pure."""

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from html import escape

from guard.incidents.measured import Line

WIDTH = 760
_LEFT, _RIGHT, _ROW, _PLOT, _AXIS = 52, 16, 18, 190, 28
_KEY_WIDTH = 235
_LETTER = 6.6
"""Width of a letter, about; a Chinese one is twice as wide."""
_STEPS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.25)
_MOST_GRID_LINES = 4
_TICKS = 5
_SHORT = timedelta(minutes=15)
_LONG = timedelta(days=2)
_ROOM = 0.04
"""Share of the time axis that is left free on both sides."""

# What tells lines apart is their dashes and widths; colour only helps.
_DASHES = ("", "7 4", "2 3")
_LIGHT = {"ink": "#1c2430", "soft": "#5b6675", "line": "#d8dde4", "paper": "#ffffff", "a": "#b3261e", "b": "#22577a", "c": "#1b6e3c"}
_DARK = {"ink": "#e8ebf0", "soft": "#a4adba", "line": "#333b46", "paper": "#14181e", "a": "#ff8a80", "b": "#8ecae6", "c": "#7bd69b"}
_FONT = "system-ui,'Noto Sans TC','Noto Sans CJK TC','Microsoft JhengHei',sans-serif"


@dataclasses.dataclass(frozen=True)
class Mark:
    """A moment that is marked."""

    at: datetime
    words: str


@dataclasses.dataclass(frozen=True)
class Drawn:
    """A line with its words."""

    line: Line
    words: str


@dataclasses.dataclass(frozen=True)
class RatePlot:
    """All that a plot of failure rates shows. Words are in the language of its readers; they are escaped here."""

    title: str
    description: str
    lines: Sequence[Drawn]
    marks: Sequence[Mark]
    threshold: float
    threshold_words: str


def style(scope: str) -> str:
    """The style of these plots, for the elements inside ``scope``."""
    light, dark = (";".join(f"--p-{name}:{value}" for name, value in colours.items()) for colours in (_LIGHT, _DARK))
    rules = (
        f"text{{font:12px {_FONT};fill:var(--p-ink)}} .soft{{fill:var(--p-soft)}} .paper{{fill:var(--p-paper)}}"
        ".grid{stroke:var(--p-line)} .mark{stroke:var(--p-ink);stroke-width:1} .limit{stroke:var(--p-soft);stroke-dasharray:1 3}"
        ".l{fill:none;stroke-linejoin:round} .l0{stroke:var(--p-a);stroke-width:3} .l1{stroke:var(--p-b);stroke-width:2}"
        ".l2{stroke:var(--p-c);stroke-width:2.5}"
    )
    scoped = " ".join(f"{scope} {rule.strip()}}}" for rule in rules.split("}") if rule.strip())
    return f"{scope}{{{light}}} @media (prefers-color-scheme:dark){{{scope}{{{dark}}}}} {scoped}"


def rate_plot(plot: RatePlot) -> str:
    """An SVG file of its own."""
    marks = sorted(plot.marks, key=lambda mark: mark.at)
    top = 8 + _ROW * (1 + (len(plot.lines) > WIDTH // _KEY_WIDTH)) + _ROW * len(marks) + 6
    height = top + _PLOT + _AXIS
    canvas = _Canvas(plot, marks, top)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t d">',
        f'<title id="t">{escape(plot.title)}</title><desc id="d">{escape(plot.description)}</desc>',
        f"<style>{style('svg')}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
        *_key(plot.lines),
        *canvas.grid(),
        *canvas.times(),
        *canvas.limit(),
        *canvas.lines(),
        *canvas.marks(),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _key(lines: Sequence[Drawn]) -> Iterator[str]:
    for place, drawn in enumerate(lines):
        x, y = _LEFT + _KEY_WIDTH * place, 16
        yield f'<path class="l l{place}" stroke-dasharray="{_DASHES[place]}" d="M{x} {y - 4}h28"/>'
        yield f'<text x="{x + 34}" y="{y}">{escape(drawn.words)}</text>'


class _Canvas:
    """Where things stand on a plot."""

    def __init__(self, plot: RatePlot, marks: Sequence[Mark], top: int) -> None:
        self._plot, self._marks, self._top = plot, marks, top
        self._bottom = top + _PLOT
        self._start, self._end = _span(plot, marks)
        highest = max((stretch.rate for drawn in plot.lines for stretch in drawn.line.stretches), default=0.0)
        self._step = next((step for step in _STEPS if step * _MOST_GRID_LINES >= max(highest, plot.threshold)), _STEPS[-1])
        self._highest = self._step * _MOST_GRID_LINES

    def _x(self, at: datetime) -> float:
        share = (at - self._start) / (self._end - self._start)
        return round(_LEFT + min(max(share, 0.0), 1.0) * (WIDTH - _LEFT - _RIGHT), 1)

    def _y(self, rate: float) -> float:
        return round(self._bottom - min(rate / self._highest, 1.0) * _PLOT, 1)

    def grid(self) -> Iterator[str]:
        """The lines of equal rate, with their percents."""
        for number in range(_MOST_GRID_LINES + 1):
            rate = self._step * number
            y = self._y(rate)
            yield f'<path class="grid" d="M{_LEFT} {y}H{WIDTH - _RIGHT}"/>'
            yield f'<text class="soft" x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{100 * rate:g} %</text>'

    def times(self) -> Iterator[str]:
        """The times under the axis."""
        span = self._end - self._start
        shape = "%H:%M:%S" if span < _SHORT else "%H:%M" if span < _LONG else "%m-%d %H:%M"
        for number in range(_TICKS):
            at = self._start + span * (number / (_TICKS - 1))
            anchor = "start" if number == 0 else "end" if number == _TICKS - 1 else "middle"
            yield f'<text class="soft" x="{self._x(at)}" y="{self._bottom + 18}" text-anchor="{anchor}">{at:{shape}}</text>'

    def limit(self) -> Iterator[str]:
        """The rate that is allowed."""
        y = self._y(self._plot.threshold)
        yield f'<path class="limit" d="M{_LEFT} {y}H{WIDTH - _RIGHT}"/>'
        words = escape(self._plot.threshold_words)
        yield f'<text class="soft" x="{_LEFT + 3}" y="{y - 4}">{words}</text>'

    def lines(self) -> Iterator[str]:
        """The rates, as steps: each is of a whole stretch of time."""
        for place, drawn in enumerate(self._plot.lines):
            path: list[str] = []
            until: datetime | None = None
            for stretch in drawn.line.stretches:
                move = "L" if until == stretch.start else "M"
                path.append(f"{move}{self._x(stretch.start)} {self._y(stretch.rate)}H{self._x(stretch.end)}")
                until = stretch.end
            yield f'<path class="l l{place}" stroke-dasharray="{_DASHES[place]}" d="{"".join(path)}"/>'

    def marks(self) -> Iterator[str]:
        """What happened when: each on a row of its own, so that words of moments close together do not meet."""
        for row, mark in enumerate(self._marks):
            x, y = self._x(mark.at), self._top - 6 - _ROW * (len(self._marks) - row - 1)
            is_right = x + _width(mark.words) > WIDTH - _RIGHT
            anchor, text_x = ("end", x - 5) if is_right else ("start", x + 5)
            yield f'<path class="mark" d="M{x} {y - 10}V{self._bottom}"/>'
            yield f'<text x="{text_x}" y="{y}" text-anchor="{anchor}">{escape(mark.words)}</text>'


def _width(words: str) -> float:
    return sum(_LETTER if letter.isascii() else 2 * _LETTER for letter in words) + 10


def _span(plot: RatePlot, marks: Sequence[Mark]) -> tuple[datetime, datetime]:
    """The time that is shown: from the first mark to the last one or what was counted after it. What was before may begin far earlier."""
    ends = [drawn.line.stretches[-1].end for drawn in plot.lines]
    moments = [mark.at for mark in marks] or [drawn.line.stretches[0].start for drawn in plot.lines]
    start, end = min(moments), max([*moments, *ends])
    room = max((end - start) * _ROOM, timedelta(seconds=1))
    return start - room * 3, end + room


@dataclasses.dataclass(frozen=True)
class Bar:
    """One bar: its words, and a count for each kind, in the order of the key."""

    words: str
    counts: tuple[int, ...]


def bars(title: str, entries: Sequence[Bar], kinds: int) -> str:
    """Stacked bars to stand inside a page that has `style`; kinds are told apart by how dark they are."""
    height, base = 120, 96
    most = max((sum(bar.counts) for bar in entries), default=0) or 1
    width = (WIDTH - _LEFT) / max(len(entries), 1)
    every = max(1, -(-len(entries) // 8))
    parts = [f'<svg class="plot" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title, quote=True)}">']
    parts += [f'<path class="grid" d="M{_LEFT} {y}H{WIDTH}"/>' for y in (base, 12)]
    parts += [f'<text class="soft" x="{_LEFT - 6}" y="{y}" text-anchor="end">{count}</text>' for y, count in ((base + 4, 0), (16, most))]
    for place, bar in enumerate(entries):
        x, y = _LEFT + place * width, float(base)
        for kind, count in enumerate(bar.counts[:kinds]):
            tall = (base - 12) * count / most
            y -= tall
            if count:
                parts.append(f'<rect class="k k{kind}" x="{x + 1:.1f}" y="{y:.1f}" width="{max(width - 2, 1):.1f}" height="{tall:.1f}"/>')
        if place % every == 0:
            parts.append(f'<text class="soft" x="{x:.1f}" y="{base + 18}">{escape(bar.words)}</text>')
    return "".join([*parts, "</svg>"])
