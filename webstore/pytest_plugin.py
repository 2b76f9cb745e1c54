"""The fixture `local_web_store`, for any project whose tests run where release-guard is installed.

    def test_my_release_script(local_web_store, tmp_path):
        item = local_web_store.add_item(Path("my-extension"))
        release(base_url=local_web_store.base_url, item=item.id)
        assert local_web_store.state.status(item).submitted

What the store does not imitate: `release-guard simulate store --help`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from webstore.simulator.running import RunningStore


@pytest.fixture
def local_web_store() -> "Iterator[RunningStore]":
    """An empty local Chrome Web Store on 127.0.0.1, for one test."""
    from webstore.extras import needed  # noqa: PLC0415 - this module is loaded by every pytest there is

    with needed("rehearsal", "the fixture `local_web_store`"):
        from webstore.simulator.running import running_store  # noqa: PLC0415 - heavy

    with running_store() as running:
        yield running
