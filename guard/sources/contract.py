"""What every source of samples promises, and the one place where its failure becomes data."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from guard.errors import SourceError, SourceUnreachable
from guard.model import Absence, Interval, NoData, Sample, Signal
from webstore.versions import Version


class MetricSource(Protocol):
    """A place that samples come from."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def signals(self) -> Sequence[Signal]:
        """What it can measure of one version."""
        ...

    @property
    def overall_signals(self) -> Sequence[Signal]:
        """What it can measure of all versions together."""
        ...

    def probe(self) -> Sequence[str]:
        """What a person should know of this source before it is relied on; nothing when all is well.

        Raises:
            SourceError: it cannot work here.
        """
        ...

    def read(self, version: Version, interval: Interval) -> Sequence[Sample]:
        """At least one sample for each of `signals`, totals over the interval.

        Raises:
            SourceError: the source itself is out of reach or refused us.
        """
        ...

    def read_overall(self, version: Version, interval: Interval) -> Sequence[Sample]:
        """At least one sample for each of `overall_signals`, told with the version of the release that is watched.

        Raises:
            SourceError: the source itself is out of reach or refused us.
        """
        ...

    def error_texts(self, version: Version, interval: Interval) -> Sequence[str]:
        """What the most frequent errors of a version say, bounded; nothing where the source knows no texts.

        Raises:
            SourceError: the source itself is out of reach or refused us.
        """
        ...


def gather(sources: Iterable[MetricSource], version: Version, interval: Interval) -> list[Sample]:
    """Ask every source of one version; one that fails says so in the data and never hides the others."""
    return [sample for source in sources for sample in _ask(source, source.signals, source.read, version, interval)]


def gather_overall(sources: Iterable[MetricSource], version: Version, interval: Interval) -> list[Sample]:
    """Ask every source of all versions together; one that fails says so in the data and never hides the others."""
    return [sample for source in sources for sample in _ask(source, source.overall_signals, source.read_overall, version, interval)]


def _ask(
    source: MetricSource,
    signals: Sequence[Signal],
    read: Callable[[Version, Interval], Sequence[Sample]],
    version: Version,
    interval: Interval,
) -> Sequence[Sample]:
    if not signals:
        return ()
    try:
        return read(version, interval)
    except SourceError as error:
        kind = Absence.UNREACHABLE if isinstance(error, SourceUnreachable) else Absence.REFUSED
        absent = NoData(f"{source.name} could not be read: {error}", kind)
        return [Sample(signal, version, interval, absent, source.name) for signal in signals]


def unreachable(samples: Iterable[Sample]) -> bool:
    """Whether no source answered at all: every reading is absent because its source was out of reach.

    What comes once a day may be remembered, and says nothing of the network now.
    """
    readings = [sample.reading for sample in samples if sample.signal not in {Signal.ACTIVE_USERS, Signal.RATING}]
    return bool(readings) and all(isinstance(found, NoData) and found.kind is Absence.UNREACHABLE for found in readings)


def blame_our_network(samples: Iterable[Sample]) -> list[Sample]:
    """The same samples, saying whose outage it is: when the store is out of reach as well, it is not the source's."""
    words = "nothing can be reached from here, the store neither: the fault is probably our own network, and says nothing of the release"
    return [dataclasses.replace(sample, reading=NoData(words, Absence.OUR_NETWORK)) for sample in samples]
