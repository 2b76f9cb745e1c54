"""The Chrome Web Store API v2: one method per call, and what a call whose answer was lost has done is read back from the store."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import requests

from webstore.answers import (
    EmptyAnswer,
    MetricsAnswer,
    Page,
    PublishAnswer,
    RatingAnswer,
    ReviewsAnswer,
    StatusAnswer,
    UploadAnswer,
    read_answer,
)
from webstore.models import (
    Dimension,
    Item,
    ItemState,
    ItemStatus,
    Metric,
    MetricRow,
    RatingSummary,
    Review,
    ReviewOrder,
    Submission,
    Upload,
)
from webstore.store_errors import StoreError, UnexpectedAnswer, WrongState
from webstore.transport import Transport
from webstore.versions import Version

_MAX_PAGES = 1_000
_METRIC_ROWS = 1_000
"""Rows a page, the API's maximum."""
_REVIEWS = 200
"""Reviews a page, the API's maximum."""
_Page = TypeVar("_Page", bound=Page)


class WebStoreClient:
    """The store as one account sees it.

    Reading calls and dry runs are repeated with back-off. Of the calls that change something only those are repeated of which nothing
    was sent or which the store turned away unread; of others whose answer is lost the store is read back, and an error with
    ``settled = False`` says that it does not show their effect (yet).
    """

    def __init__(self, base_url: str, session: requests.Session, **transport: Any) -> None:
        """``transport``: what `Transport` takes besides, such as ``limits``, ``budget`` and ``is_urgent``."""
        self._transport = Transport(base_url, session, **transport)

    def status(self, item: Item) -> ItemStatus:
        """What is published and submitted.

        Raises:
            StoreError: the store cannot be read.
        """
        return read_answer(StatusAnswer, self._read(f"v2/{item.name}:fetchStatus")).to_domain(item)

    def upload(self, item: Item, package: Path | bytes) -> Upload:
        """Upload a zip as the item's draft; a file is sent in pieces. The store shows no drafts, so a lost answer stays lost: upload again.

        Raises:
            StoreError: it was refused, or its fate is not known (``settled`` is False).
            OSError: the file cannot be read.
        """
        if isinstance(package, Path):
            package.open("rb").close()
        params = {"uploadType": "media"}
        headers = {"Content-Type": "application/zip"}
        try:
            body = self._change(f"upload/v2/{item.name}:upload", params=params, data=package, headers=headers)
            return read_answer(UploadAnswer, body).to_domain()
        except StoreError as error:
            if not error.settled:
                error.advise("upload again: a draft is replaced, so that doing it twice does no harm")
            raise

    def publish(
        self,
        item: Item,
        *,
        staged: bool = False,
        deploy_percentage: int | None = None,
        skip_review: bool = False,
        block_on_warnings: bool = False,
        version: Version | None = None,
    ) -> Submission:
        """Submit the draft, or release what is staged; the state of the submission, which is seldom "published" at once.

        ``version``: of the draft; with it a lost answer can be settled by reading back.

        Raises:
            WarningsFound: ``block_on_warnings``, and there are some.
            StoreError: it was refused, or its fate is not known (``settled`` is False).
        """
        request: dict[str, Any] = {"publishType": "STAGED_PUBLISH" if staged else "DEFAULT_PUBLISH"}
        if deploy_percentage is not None:
            request["deployInfos"] = [{"deployPercentage": deploy_percentage}]
        request |= {name: True for name, wanted in (("skipReview", skip_review), ("blockOnWarnings", block_on_warnings)) if wanted}
        try:
            return read_answer(PublishAnswer, self._change(f"v2/{item.name}:publish", json=request)).to_domain()
        except StoreError as error:
            status = self._status_after(item, error)
            state = _state_of(status, version) if version else None
            if state is None:
                raise
            return Submission(state)

    def rollback(self, item: Item, *, target: Version, new_version: Version, reason: str, validate_only: bool = False) -> StoreError | None:
        """Put the package of ``target`` back under ``new_version``; with ``validate_only`` only ask whether that would be taken.

        Gives the error by which the answer was lost, when reading the store back has shown that the call was carried out all the same.

        Raises:
            StoreError: it was refused, or its fate is not known (``settled`` is False).
        """
        request: dict[str, Any] = {"targetCrxVersion": str(target), "newVersion": str(new_version), "rollbackReason": reason}
        path = f"v2/{item.name}:rollback"
        if validate_only:
            read_answer(EmptyAnswer, self._transport.call("POST", path, repeat=True, json={**request, "validateOnly": True}))
            return None
        return self._settle(item, path, request, lambda status: status.published is not None and status.published.version == new_version)

    def cancel_submission(self, item: Item) -> None:
        """Take back what is submitted.

        Raises:
            StoreError: it was refused, or its fate is not known (``settled`` is False).
        """
        path = f"v2/{item.name}:cancelSubmission"
        self._settle(item, path, {}, lambda status: status.submitted is not None and status.submitted.state is ItemState.CANCELLED)

    def set_deploy_percentage(self, item: Item, percentage: int) -> None:
        """Raise the share of users (0-100) that get the published version.

        Raises:
            WrongState: it is not above the present share.
            StoreError: it was refused, or its fate is not known (``settled`` is False).
        """
        published = self.status(item).published
        if published and percentage <= published.deploy_percentage:
            present = f"{published.version} is rolled out to {published.deploy_percentage} % of users, and a share can only be raised"
            raise WrongState(present, "FAILED_PRECONDITION").advise("name a higher percentage; to take a version back, roll it back")
        path = f"v2/{item.name}:setPublishedDeployPercentage"
        request = {"deployPercentage": percentage}
        self._settle(item, path, request, lambda status: bool(status.published and status.published.deploy_percentage == percentage))

    def metrics(
        self,
        item: Item,
        metrics: Sequence[Metric],
        *,
        by: Dimension | None = None,
        first: date | None = None,
        last: date | None = None,
    ) -> Iterator[MetricRow]:
        """Daily counts, page after page, of all or divided by one dimension, from ``first`` to ``last`` (both included).

        Raises:
            StoreError: the store cannot be read.
        """
        params: dict[str, Any] = {"metrics": [metric.value for metric in metrics], "pageSize": _METRIC_ROWS}
        if by:
            params["dimensions"] = [by.value]
        for name, day in (("firstDate", first), ("lastDate", last)):
            if day:
                params |= {f"timeSpec.{name}.{part}": getattr(day, part) for part in ("year", "month", "day")}
        for page in self._pages(item, "queryMetrics", params, MetricsAnswer):
            yield from page.to_domain()

    def reviews(self, item: Item, *, rating: int | None = None, order: ReviewOrder = ReviewOrder.NEWEST) -> Iterator[Review]:
        """Users' reviews, page after page, of all or of one ``rating`` (1-5).

        Raises:
            StoreError: the store cannot be read.
        """
        params: dict[str, Any] = {"orderBy": order.value, "pageSize": _REVIEWS}
        if rating is not None:
            params["filter"] = f"rating = {rating}"
        for page in self._pages(item, "fetchReviews", params, ReviewsAnswer):
            yield from page.to_domain()

    def rating_summary(self, item: Item) -> RatingSummary:
        """All ratings of an item.

        Raises:
            StoreError: the store cannot be read.
        """
        return read_answer(RatingAnswer, self._read(f"v2/{item.name}/ratingSummary")).to_domain()

    def _pages(self, item: Item, method: str, params: dict[str, Any], page: type[_Page]) -> Iterator[_Page]:
        seen: set[str] = set()
        token = ""
        while len(seen) < _MAX_PAGES:
            asked = {**params, "pageToken": token} if token else params
            answer = read_answer(page, self._read(f"v2/{item.name}:{method}", params=asked))
            yield answer
            token = answer.next_page_token
            if not token:
                return
            if token in seen:
                break
            seen.add(token)
        raise UnexpectedAnswer(f"the store's pages of {method} do not come to an end")

    def _read(self, path: str, **request: Any) -> bytes:
        return self._transport.call("GET", path, repeat=True, **request)

    def _change(self, path: str, **request: Any) -> bytes:
        return self._transport.call("POST", path, repeat=False, **request)

    def _settle(self, item: Item, path: str, request: dict[str, Any], happened: Callable[[ItemStatus], bool]) -> StoreError | None:
        """Make a call that changes something; when its fate is not known, the store is read back. The error that was settled so."""
        try:
            read_answer(EmptyAnswer, self._change(path, json=request))
        except StoreError as error:
            if not happened(self._status_after(item, error)):
                raise
            return error
        return None

    def _status_after(self, item: Item, error: StoreError) -> ItemStatus:
        """What the store shows after a call failed; the call's own error where that was settled, or where the store cannot be read."""
        if error.settled:
            raise error
        try:
            return self.status(item)
        except StoreError:
            raise error from None


def _state_of(status: ItemStatus, version: Version) -> ItemState | None:
    """The state in which the store shows that version; none when it does not, or shows an earlier submission's end."""
    if status.published and status.published.version == version:
        return status.published.state
    ended = {ItemState.REJECTED, ItemState.CANCELLED}
    return (
        status.submitted.state if status.submitted and status.submitted.version == version and status.submitted.state not in ended else None
    )
