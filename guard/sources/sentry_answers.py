"""Sentry's answers, validated: unknown keys are ignored, null rates and counts are allowed, nonsense is an error."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel

Number = float | None


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class Group(_Answer):
    """One group of the sessions or of the stats endpoint. Rates and counts may be null: then there is no data."""

    by: dict[str, str | int | None] = Field(default_factory=dict[str, str | int | None])
    totals: dict[str, Number] = Field(default_factory=dict[str, Number])
    series: dict[str, list[Number]] = Field(default_factory=dict[str, list[Number]])


class SessionsAnswer(_Answer):
    """The sessions endpoint."""

    intervals: list[datetime] = Field(default_factory=list[datetime])
    """When each step of the series begins."""
    groups: list[Group]


class StatsAnswer(_Answer):
    """The stats_v2 endpoint."""

    groups: list[Group]


class EventsAnswer(_Answer):
    """The events endpoint: rows whose keys repeat the fields' texts."""

    data: list[dict[str, Any]]


class _Point(_Answer):
    timestamp: float
    """Milliseconds since 1970, at which the step begins."""
    value: Number = None
    incomplete: bool = False


class _SeriesMeta(_Answer):
    interval: float
    """Milliseconds."""


class Series(_Answer):
    """One series of the events-timeseries endpoint."""

    meta: _SeriesMeta
    values: list[_Point] = Field(default_factory=list[_Point])


class SeriesAnswer(_Answer):
    """The events-timeseries endpoint."""

    series: list[Series] = Field(alias="timeSeries", default_factory=list[Series])


class Issue(_Answer):
    """One issue: errors that are alike. Its words come from strangers."""

    title: str = ""
    metadata: dict[str, Any] = Field(default_factory=dict[str, Any])


class IssuesAnswer(RootModel[list[Issue]]):
    """The issues endpoint."""


class Filter(_Answer):
    """One inbound filter."""

    id: str
    active: bool | list[str]


class FiltersAnswer(RootModel[list[Filter]]):
    """The project filters endpoint."""


class Environment(_Answer):
    """One environment."""

    name: str


class EnvironmentsAnswer(RootModel[list[Environment]]):
    """The environments endpoint."""


class Release(_Answer):
    """One release, as Sentry names it."""

    version: str


class ReleasesAnswer(RootModel[list[Release]]):
    """The releases endpoint."""


class _Links(_Answer):
    region: str | None = Field(alias="regionUrl", default=None)


class OrganizationAnswer(_Answer):
    """The organization endpoint."""

    slug: str = ""
    links: _Links = Field(default_factory=_Links)


class ProjectAnswer(_Answer):
    """The project endpoint."""

    id: str
    slug: str = ""


def whole(value: object) -> int:
    """A count, from what should be one; whatever is none is nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0
    return max(round(value), 0)


def cell(row: Mapping[str, Any] | None, field: str) -> int:
    """A count in a row of the events endpoint; no row has no counts."""
    return whole(row.get(field)) if row else 0
