"""The file that teams drop into their extension: the sample carries the very same one, and it can be read in a few minutes."""

import re

import pytest

from guard.rehearsal import sample

TEXT = sample.RECIPE.read_text(encoding="utf-8")


@pytest.mark.parametrize("variant", [sample.BASE, *sample.VARIANTS])
def test_every_variant_of_the_sample_carries_the_recipe_as_it_is_shipped(variant):
    package = sample.build(variant, sample.NEXT_VERSION)
    assert package.files[sample.RECIPE.name].decode() == TEXT
    assert "release-guard-signals.js" in package.files["worker.js"].decode()


def test_it_is_short_loads_nothing_and_runs_nothing_that_came_from_elsewhere():
    assert TEXT.count("\n") < 150
    assert not re.findall(
        r"^import |import\(|eval\(|new Function|https?://", "\n".join(line for line in TEXT.splitlines() if line[:2] != "//"), re.MULTILINE
    )


def test_it_names_every_integration_that_touches_globals():
    skipped = ("BrowserApiErrors", "BrowserSession", "Breadcrumbs", "Console", "ConversationId", "GlobalHandlers", "FunctionToString")
    assert all(f'"{name}"' in TEXT for name in skipped)
