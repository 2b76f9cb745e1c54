"""What every source of samples promises, and the one place where its failure becomes data."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from guard.errors import SourceError
from guard.model import Interval, NoData, Sample, Signal
from webstore.versions import Version


class MetricSource(Protocol):
    """A place that samples come from."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def signals(self) -> Sequence[Signal]:
        """What it can measure."""
        ...

    def probe(self) -> Sequence[str]:
        """What a person should know of this source before it is relied on; nothing when all is well.

        Raises:
            SourceError: it cannot work here.
        """
        ...

    def read(self, version: Version, interval: Interval) -> Sequence[Sample]:
        """At least one sample per signal, totals over the interval.

        Raises:
            SourceError: the source itself is out of reach or refused us.
        """
        ...


def gather(sources: Iterable[MetricSource], version: Version, interval: Interval) -> list[Sample]:
    """Ask every source; one that fails says so in the data and never hides the others."""
    samples: list[Sample] = []
    for source in sources:
        try:
            samples += source.read(version, interval)
        except SourceError as error:
            absent = NoData(f"{source.name} could not be read: {error}")
            samples += [Sample(signal, version, interval, absent, source.name) for signal in source.signals]
    return samples
