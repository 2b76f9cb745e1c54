"""Which drafts may skip the review: only those whose rules of declarativeNetRequest changed and nothing else.

Source: the store's documentation on skipping the review for eligible changes.
"""

from typing import Any, cast

from webstore.package import MANIFEST, STORE_KEYS, Package, field_at


def may_skip_review(published: Package, draft: Package) -> bool:
    """Whether the draft differs from what is published in nothing but static rule files (and its version number)."""
    if _plain(published) != _plain(draft):
        return False
    rules = _rule_files(draft)
    names = set(published.files) | set(draft.files)
    changed = {name for name in names - {MANIFEST} if _digest(published, name) != _digest(draft, name)}
    return bool(changed) and changed <= rules


def _plain(package: Package) -> dict[str, Any]:
    return {key: value for key, value in package.manifest.items() if key not in STORE_KEYS}


def _digest(package: Package, name: str) -> bytes | None:
    return package.files.sha256(name) if name in package.files else None


def _rule_files(package: Package) -> set[str]:
    resources = field_at(package.manifest, "declarative_net_request.rule_resources")
    paths = (field_at(one, "path") for one in cast("list[Any]", resources)) if isinstance(resources, list) else ()
    return {path.removeprefix("/") for path in paths if isinstance(path, str)}
