"""The local store's answers, in the API's shapes. What is false, empty or zero is left out, as Google's JSON does."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from webstore.models import Item, ItemStatus, Metric, Revision, Submission
from webstore.simulator.insights import Insights, Opinion


def status_json(status: ItemStatus) -> dict[str, Any]:
    """`FetchItemStatusResponse`."""
    answer: dict[str, Any] = {"name": status.item.name, "itemId": status.item.id, "publicKey": status.public_key}
    if status.published:
        answer["publishedItemRevisionStatus"] = _revision_json(status.published)
    if status.submitted:
        answer["submittedItemRevisionStatus"] = _revision_json(status.submitted)
    if status.upload_state:
        answer["lastAsyncUploadState"] = status.upload_state.value
    return answer | {name: True for name, value in (("takenDown", status.taken_down), ("warned", status.warned)) if value}


def _revision_json(revision: Revision) -> dict[str, Any]:
    channels = [{"crxVersion": str(channel.version), "deployPercentage": channel.deploy_percentage} for channel in revision.channels]
    return {"state": revision.state.value, "distributionChannels": channels}


def submission_json(item: Item, submission: Submission) -> dict[str, Any]:
    """`PublishItemResponse`."""
    answer: dict[str, Any] = {"name": item.name, "itemId": item.id, "state": submission.state.value}
    if submission.warnings:
        answer["warningInfo"] = {"warnings": [{"reason": one.reason, "description": one.description} for one in submission.warnings]}
    return answer


def metrics_json(rows: Sequence[tuple[date, str, Mapping[Metric, int]]], wanted: Sequence[Metric]) -> list[dict[str, Any]]:
    """`MetricRow`s, each with the metrics in the order in which they were asked for."""
    return [
        {
            "date": {"year": day.year, "month": day.month, "day": day.day},
            **({"dimensionValues": [of]} if of else {}),
            "metricValues": [{"metric": metric.value, "value": str(counts[metric])} for metric in wanted if metric in counts],
        }
        for day, of, counts in rows
    ]


def review_json(item: Item, opinion: Opinion) -> dict[str, Any]:
    """`Review`."""
    return {
        "name": f"reviews/{opinion.id}",
        "item": item.name,
        "rating": opinion.rating,
        "createTime": f"{opinion.created_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "authorInfo": {"displayName": opinion.author},
        "comment": opinion.comment,
    }


def rating_json(item: Item, insights: Insights) -> dict[str, Any]:
    """`RatingSummary`."""
    stars = insights.stars()
    total = sum(stars.values())
    names = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}
    answer: dict[str, Any] = {"name": f"{item.name}/ratingSummary", "ratingCount": str(total)}
    if total:
        answer["rating"] = round(sum(star * count for star, count in stars.items()) / total, 2)
    answer["nonEmptyReviewCount"] = str(sum(bool(opinion.comment) for opinion in insights.opinions))
    return answer | {f"{names[star]}StarRatingCount": str(count) for star, count in stars.items()}
