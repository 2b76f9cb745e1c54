"""How pages are made, so that people find their way in each of them alike."""

from collections.abc import Iterator, Sequence

from documentation.linking import resolved
from documentation.reading import Page

MOST_LINES = 300
WIDEST = 180
LOOKED_UP = frozenset({".github/SETTINGS.md", ".github/COMMANDS.md", ".github/INPUTS.md"})
"""Pages that nobody reads from end to end: they may be as long as what they list."""
NOT_READ = frozenset({".github/pull_request_template.md"})
"""What GitHub puts before people by itself: no page of its own, so without a title and in no index."""


def faults_of_form(page: Page) -> Iterator[str]:
    """What is wrong with how a page is made."""
    lines = page.text.splitlines()
    if len(lines) > MOST_LINES and page.name not in LOOKED_UP:
        yield f"{page.name}: has {len(lines)} lines, and {MOST_LINES} at most are read"
    yield from (f"{page.name}:{number}: is {len(line)} columns wide" for number, line in page.lines_of_prose() if len(line) > WIDEST)
    yield from (f"{page.name}:{number}: ends with a space" for number, line in enumerate(lines, start=1) if line != line.rstrip())
    if page.name in NOT_READ:
        return
    levels = [level for level, _ in page.headings]
    if levels[:1] != [1] or levels.count(1) != 1:
        yield f"{page.name}: has no single title at its top"
    yield from (
        f"{page.name}: {words!r} is {after - before} levels below the heading above it"
        for before, (after, words) in zip(levels, page.headings[1:], strict=False)
        if after - before > 1
    )
    yield from (f"{block}: a block of code has no language" for block in page.blocks if not block.language)


def not_in_index(pages: Sequence[Page]) -> list[str]:
    """The pages that README.md does not lead to."""
    (readme,) = [page for page in pages if page.name == "README.md"]
    linked = {resolved(link.page, link.target.partition("#")[0]) for link in readme.links}
    return [page.name for page in pages if page is not readme and page.name not in linked | NOT_READ]
