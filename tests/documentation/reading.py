"""Pages of the documentation as tests see them: headings and their anchors, links, fenced blocks, tables, words of prose."""

import dataclasses
import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

REPOSITORY = Path(__file__).parents[2]
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_ANCHOR = re.compile(r"<a\s+(?:id|name)=[\"']([^\"']+)[\"']", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


@dataclasses.dataclass(frozen=True)
class Block:
    """A block of code: its language ("" for one that is only indented), its text, and its first line in the page (from 1)."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclasses.dataclass(frozen=True)
class Link:
    """Where a link or a picture leads, and the line (from 1) of its paragraph."""

    page: str
    line: int
    target: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.target}"


@dataclasses.dataclass(frozen=True)
class Table:
    """A table: the heading above it, and its cells as Markdown, the header's first."""

    line: int
    heading: str
    rows: tuple[tuple[str, ...], ...]

    @property
    def header(self) -> tuple[str, ...]:
        """The cells of its first row."""
        return self.rows[0]

    @property
    def body(self) -> tuple[tuple[str, ...], ...]:
        """All rows but the first."""
        return self.rows[1:]


class Page:
    """One Markdown file, by its name in the repository."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._tokens: Sequence[Token] = _MARKDOWN.parse(text)

    def __repr__(self) -> str:
        return self.name

    @functools.cached_property
    def headings(self) -> list[tuple[int, str]]:
        """Level (1 to 6) and text of each heading."""
        pairs = zip(self._tokens, self._tokens[1:], strict=False)
        return [(int(opening.tag[1]), _plain(inline)) for opening, inline in pairs if opening.type == "heading_open"]

    @functools.cached_property
    def anchors(self) -> frozenset[str]:
        """What may stand after # in a link to this page, by GitHub's rules."""
        seen: Counter[str] = Counter()
        found: set[str] = set(_ANCHOR.findall(self.text))
        for _, words in self.headings:
            slug = slug_of(words)
            found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
        return frozenset(found)

    @functools.cached_property
    def links(self) -> list[Link]:
        """Every link and picture."""
        return [
            Link(self.name, line, str(child.attrs["href" if child.type == "link_open" else "src"]))
            for line, child in self._children()
            if child.type in {"link_open", "image"}
        ]

    @functools.cached_property
    def blocks(self) -> list[Block]:
        """Every block of code."""
        return [
            Block(self.name, _line(token) + (token.type == "fence"), token.info.split(" ")[0].strip(), token.content)
            for token in self._tokens
            if token.type in {"fence", "code_block"}
        ]

    @functools.cached_property
    def spans(self) -> list[tuple[int, str]]:
        """Every `code` in a sentence, with the line of its paragraph; line breaks are spaces."""
        return [(line, _SPACES.sub(" ", child.content)) for line, child in self._children() if child.type == "code_inline"]

    @functools.cached_property
    def prose(self) -> list[tuple[int, str]]:
        """Text that is neither code nor an address, by the line of its paragraph."""
        return [(line, child.content) for line, child in self._children() if child.type == "text"]

    @functools.cached_property
    def tables(self) -> list[Table]:
        """Every table."""
        found: list[Table] = []
        heading, line = "", 0
        rows: list[list[str]] = []
        for before, token in zip([None, *self._tokens], self._tokens, strict=False):
            if before and before.type == "heading_open":
                heading = token.content
            elif token.type == "table_open":
                rows, line = [], _line(token)
            elif token.type == "tr_open":
                rows.append([])
            elif before and before.type in {"th_open", "td_open"}:
                rows[-1].append(token.content)
            elif token.type == "table_close":
                found.append(Table(line, heading, tuple(map(tuple, rows))))
        return found

    def lines_of_prose(self) -> Iterator[tuple[int, str]]:
        """Number and text of each line that stands in no block of code and no table."""
        covered: set[int] = set()
        for token in self._tokens:
            if token.type in {"fence", "code_block", "table_open"} and token.map:
                covered.update(range(*token.map))
        for index, line in enumerate(self.text.splitlines()):
            if index not in covered:
                yield index + 1, line

    def _children(self) -> Iterator[tuple[int, Token]]:
        for token in self._tokens:
            for child in token.children or ():
                yield _line(token), child


def slug_of(words: str) -> str:
    """The anchor that GitHub gives a heading: letters, digits, - and _ in lower case, a - for each space."""
    kept = [letter for letter in words.strip().lower() if letter in "-_ " or unicodedata.category(letter)[0] in "LNM"]
    return "".join(kept).replace(" ", "-")


def all_pages(root: Path = REPOSITORY) -> list[Page]:
    """README.md and every page of .github, in the order of their names."""
    files = [root / "README.md", *sorted((root / ".github").glob("*.md"))]
    return [Page(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")) for file in files]


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in {"text", "code_inline", "softbreak"})
