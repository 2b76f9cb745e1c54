"""The page at `/`: what the local store holds, for a person to look at."""

import functools
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from starlette.responses import HTMLResponse

from webstore.simulator.control import item_json
from webstore.simulator.faults import Fault
from webstore.simulator.limits import LIMITS
from webstore.simulator.state import LocalStore

_SHOWN_CALLS = 20


def store_page(store: LocalStore, calls: Sequence[dict[str, Any]], faults: Sequence[Fault], *, accounts_required: bool) -> HTMLResponse:
    """Items with their versions and history, the newest calls, the faults that wait, and what is not imitated."""
    page = _template().render(
        items=[item_json(item, store) for item in store.items()],
        calls=[{**call, "body": json.dumps(call["body"]) if call["body"] else ""} for call in reversed(calls[-_SHOWN_CALLS:])],
        faults=faults,
        behaviour=_behaviour(store),
        accounts_required=accounts_required,
        limits=LIMITS,
        now=f"{store.now():%Y-%m-%d %H:%M:%S}",
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


def _behaviour(store: LocalStore) -> dict[str, str]:
    behaviour = store.behaviour
    return {
        "review": f"{'approved' if behaviour.approves else 'rejected'} {_after(behaviour.review)}",
        "uploads": f"processed {_after(behaviour.processing)}",
        "rollbacks": f"live {_after(behaviour.rollback)}",
        "updates": f"offered {_after(behaviour.propagation)}",
    }


def _after(delay: timedelta) -> str:
    return f"after {delay.total_seconds():g} s" if delay else "at once"


@functools.cache
def _template() -> Template:
    folder = Path(__file__).parent / "templates"
    return Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("store.html")
