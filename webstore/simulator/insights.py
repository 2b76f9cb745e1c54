"""Daily metrics, reviews and ratings of an item of the local store: those that it was given, none made up."""

import dataclasses
from collections.abc import Sequence
from datetime import date, datetime

from webstore.models import Dimension, Metric


@dataclasses.dataclass(frozen=True)
class Count:
    """How often something happened on a day: in all, or for one value of a dimension."""

    day: date
    metric: Metric
    value: int
    dimension: Dimension | None = None
    of: str = ""
    """Value of the dimension, such as a version."""


@dataclasses.dataclass(frozen=True)
class Opinion:
    """A user's review; without a comment it is only counted."""

    id: str
    rating: int
    created_at: datetime
    author: str = ""
    comment: str = ""


@dataclasses.dataclass
class Insights:
    """All that is known of an item's users."""

    counts: list[Count] = dataclasses.field(default_factory=list[Count])
    opinions: list[Opinion] = dataclasses.field(default_factory=list[Opinion])

    def rows(
        self, metrics: Sequence[Metric], dimension: Dimension | None, first: date | None, last: date | None
    ) -> list[tuple[date, str, dict[Metric, int]]]:
        """Day, value of the dimension and counts, the oldest day first."""
        found: dict[tuple[date, str], dict[Metric, int]] = {}
        for count in self.counts:
            wanted = count.metric in metrics and count.dimension is dimension
            if wanted and (first is None or count.day >= first) and (last is None or count.day <= last):
                found.setdefault((count.day, count.of), {})[count.metric] = count.value
        return [(day, of, values) for (day, of), values in sorted(found.items(), key=lambda entry: entry[0])]

    def reviews(self, rating: int | None, order: Sequence[tuple[str, bool]]) -> list[Opinion]:
        """Those with words, of one rating or of all; ``order``: fields, each with whether it descends."""
        found = [opinion for opinion in self.opinions if opinion.comment and (rating is None or opinion.rating == rating)]
        for field, descending in reversed(order):
            found.sort(key=lambda opinion: opinion.rating if field == "rating" else opinion.created_at.timestamp(), reverse=descending)
        return found

    def stars(self) -> dict[int, int]:
        """Ratings by their stars, 1 to 5."""
        return {star: sum(opinion.rating == star for opinion in self.opinions) for star in range(1, 6)}
