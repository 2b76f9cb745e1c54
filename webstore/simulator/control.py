"""`/_local/…`: what a test sets and reads. None of it is Google's."""

import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from webstore.crx import CrxError
from webstore.models import Dimension, Item, Metric, StoreWarning
from webstore.package import Package
from webstore.safe_zip import PackageError
from webstore.simulator import uploads
from webstore.simulator.accounts import AccountKind, Accounts
from webstore.simulator.api import Api
from webstore.simulator.faults import Fault, Faults
from webstore.simulator.insights import Count, Opinion
from webstore.simulator.refused import Refused, invalid
from webstore.simulator.state import LocalStore

_Seconds = Annotated[float, Field(ge=0, le=30 * 86_400)]


class _Setting(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BehaviourSetting(_Setting):
    """`PATCH /_local/behaviour`."""

    review_seconds: _Seconds | None = None
    approves: bool | None = None
    offers_rollback: bool | None = None
    processing_seconds: _Seconds | None = None
    rollback_seconds: _Seconds | None = None
    propagation_seconds: _Seconds | None = None


class CountSetting(_Setting):
    """A daily count of an item."""

    day: date
    metric: Metric
    value: int
    dimension: Dimension | None = None
    of: str = ""


class OpinionSetting(_Setting):
    """A review of an item."""

    id: str
    rating: Annotated[int, Field(ge=1, le=5)]
    created_at: datetime
    author: str = ""
    comment: str = ""


class ItemSetting(_Setting):
    """`PATCH /_local/items/ITEM`; counts and reviews are added to those that are there."""

    users_7d: Annotated[int, Field(ge=0)] | None = None
    warned: bool | None = None
    taken_down: bool | None = None
    warnings: list[StoreWarning] | None = None
    counts: list[CountSetting] = []
    reviews: list[OpinionSetting] = []


class AccountSetting(_Setting):
    """`POST /_local/accounts`."""

    kind: AccountKind
    publishers: Annotated[list[str], Field(min_length=1)]


class Control:
    """The endpoints for tests."""

    def __init__(self, store: LocalStore, faults: Faults, accounts: Accounts, api: Api) -> None:
        self._store = store
        self._faults = faults
        self._accounts = accounts
        self._api = api
        self._identities = tempfile.TemporaryDirectory(prefix="local-store-")

    def close(self) -> None:
        """Delete the identity tokens that were written."""
        self._identities.cleanup()

    async def call(self, request: Request) -> Response:
        """Any of them."""
        handlers = {
            ("GET", "items"): self._items,
            ("POST", "items"): self._add_item,
            ("PATCH", "items"): self._change_item,
            ("PATCH", "behaviour"): self._change_behaviour,
            ("GET", "calls"): self._list_calls,
            ("GET", "faults"): self._list_faults,
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "held"): self._list_held,
            ("POST", "release"): self._release,
            ("POST", "accounts"): self._add_account,
        }
        handler = handlers.get((request.method, str(request.path_params["what"])))
        if handler is None:
            return JSONResponse(Refused(404, "NOT_FOUND", "There is nothing of that name to set or to read.").to_json(), 404)
        try:
            return JSONResponse(await handler(request))
        except (ValidationError, PackageError, CrxError) as error:
            return JSONResponse(invalid(str(error)).to_json(), 400)
        except Refused as refused:
            return JSONResponse(refused.to_json(), refused.code)

    async def _items(self, _request: Request) -> Any:
        return [item_json(item, self._store) for item in self._store.items()]

    async def _add_item(self, request: Request) -> Any:
        package = Package.read(await uploads.receive(request))
        published = request.query_params.get("published", "true") != "false"
        publisher = request.query_params.get("publisher", "local-publisher")
        item = await run_in_threadpool(lambda: self._store.add_item(publisher, package, published=published))
        return item_json(item, self._store)

    async def _change_item(self, request: Request) -> Any:
        setting = ItemSetting.model_validate_json(await request.body())
        item = next((one for one in self._store.items() if one.id == request.path_params.get("item")), None)
        if item is None:
            raise Refused(404, "NOT_FOUND", "There is no such item.")
        change_item(self._store, item, setting)
        return item_json(item, self._store)

    async def _change_behaviour(self, request: Request) -> Any:
        setting = BehaviourSetting.model_validate_json(await request.body()).model_dump(exclude_none=True)
        for name, value in setting.items():
            setattr(self._store.behaviour, name.removesuffix("_seconds"), value if isinstance(value, bool) else timedelta(seconds=value))
        return {}

    async def _list_calls(self, _request: Request) -> Any:
        return self._api.calls()

    async def _list_faults(self, _request: Request) -> Any:
        return [fault.model_dump(mode="json") for fault in self._faults.waiting()]

    async def _add_faults(self, request: Request) -> Any:
        for fault in TypeAdapter(list[Fault]).validate_json(await request.body()):
            self._faults.add(fault)
        return {}

    async def _clear_faults(self, _request: Request) -> Any:
        self._faults.clear()
        return {}

    async def _list_held(self, _request: Request) -> Any:
        return self._faults.held()

    async def _release(self, _request: Request) -> Any:
        self._faults.released.set()
        return {}

    async def _add_account(self, request: Request) -> Any:
        setting = AccountSetting.model_validate_json(await request.body())
        base_url = str(request.base_url).rstrip("/")
        return await run_in_threadpool(self._accounts.add, setting.kind, setting.publishers, base_url, Path(self._identities.name))


def change_item(store: LocalStore, item: Item, setting: ItemSetting) -> None:
    """Set what was given."""
    with store.listing(item) as listing:
        for name in ("users_7d", "warned", "taken_down", "warnings"):
            if (value := getattr(setting, name)) is not None:
                setattr(listing, name, value)
        listing.insights.counts += [Count(**count.model_dump()) for count in setting.counts]
        listing.insights.opinions += [Opinion(**review.model_dump()) for review in setting.reviews]


def item_json(item: Item, store: LocalStore) -> dict[str, Any]:
    """An item with its history."""
    status = store.status(item)
    with store.listing(item) as listing:
        draft, users = listing.draft, listing.users_7d
        newest = listing.published.package if listing.published else draft
    history = [
        {
            "version": str(revision.version),
            "source": revision.source.value,
            "target": str(revision.target) if revision.target else None,
            "reason": revision.reason,
            "at": f"{revision.at:%Y-%m-%dT%H:%M:%SZ}",
            "deploy_percentage": revision.deploy_percentage,
            "digest": revision.package.code_digest,
        }
        for revision in store.history(item)
    ]
    submitted = status.submitted
    return {
        "publisher": item.publisher,
        "id": item.id,
        "name": newest.name[:100] if newest else "(nothing uploaded)",
        "users_7d": users,
        "warned": status.warned,
        "taken_down": status.taken_down,
        "draft": str(draft.version) if draft else None,
        "submitted": {"version": str(submitted.version), "state": submitted.state.value} if submitted else None,
        "upload_state": status.upload_state.value if status.upload_state else None,
        "history": history,
    }
