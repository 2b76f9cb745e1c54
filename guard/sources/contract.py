"""What every source of samples promises, and the one place where its failure becomes data."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Protocol

from guard.errors import SourceError, SourceUnreachable
from guard.model import Absence, Interval, NoData, Sample, Signal
from guard.sources.sentences import NOT_READ, OUR_NETWORK
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

    def read(self, versions: Sequence[Version], interval: Interval) -> Sequence[Sample]:
        """At least one sample for each of the versions and of `signals`, totals over the interval; asked together where that is possible.

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


def gather(sources: Iterable[MetricSource], versions: Sequence[Version], interval: Interval) -> list[Sample]:
    """Ask every source of some versions; one that fails says so in the data and never hides the others."""
    found: list[Sample] = []
    for source in sources:
        if not source.signals:
            continue
        try:
            found += source.read(versions, interval)
        except SourceError as error:
            found += [sample for version in versions for sample in _absent(source, source.signals, version, interval, error)]
    return found


def gather_overall(sources: Iterable[MetricSource], version: Version, interval: Interval) -> list[Sample]:
    """Ask every source of all versions together; one that fails says so in the data and never hides the others."""
    found: list[Sample] = []
    for source in sources:
        if not source.overall_signals:
            continue
        try:
            found += source.read_overall(version, interval)
        except SourceError as error:
            found += _absent(source, source.overall_signals, version, interval, error)
    return found


def _absent(source: MetricSource, signals: Sequence[Signal], version: Version, interval: Interval, error: SourceError) -> Iterable[Sample]:
    kind = Absence.UNREACHABLE if isinstance(error, SourceUnreachable) else Absence.REFUSED
    absent = NoData(NOT_READ.say(source=source.name, error=error), kind)
    return (Sample(signal, version, interval, absent, source.name) for signal in signals)


def unreachable(samples: Iterable[Sample]) -> bool:
    """Whether no source answered at all: every reading is absent because its source was out of reach.

    What comes once a day may be remembered, and says nothing of the network now.
    """
    readings = [sample.reading for sample in samples if sample.signal not in {Signal.ACTIVE_USERS, Signal.RATING}]
    return bool(readings) and all(isinstance(found, NoData) and found.kind is Absence.UNREACHABLE for found in readings)


def blame_our_network(samples: Iterable[Sample]) -> list[Sample]:
    """The same samples, saying whose outage it is: when the store is out of reach as well, it is not the source's."""
    words = OUR_NETWORK.say()
    return [dataclasses.replace(sample, reading=NoData(words, Absence.OUR_NETWORK)) for sample in samples]
