"""Plain words of the documentation, looked up in a dictionary and in our own list of words that it does not know."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path

from spellchecker import SpellChecker

from documentation.command_lines import without_comment
from documentation.reading import Page

OWN_WORDS = Path(__file__).with_name("words.txt")
AMERICAN = {
    "analyze": "analyse",
    "behavior": "behaviour",
    "canceled": "cancelled",
    "center": "centre",
    "color": "colour",
    "favor": "favour",
    "gray": "grey",
    "honor": "honour",
    "journaled": "journalled",
    "labeled": "labelled",
    "recognize": "recognise",
}
"""The docs are in British English; a word in both spellings would read as if two people had never met."""
_BRITISH = frozenset(AMERICAN.values())
_WORD = re.compile(r"(?<![\w@/.#$%&=~:])[A-Za-z][A-Za-z'’]*[A-Za-z](?![\w/@=])(?!\.[a-z])")
_WITH_COMMENTS = ("sh", "bash", "console", "toml", "yaml", "python", "")
_CODE = re.compile(r"`[^`]*`|\S*[/_.=@]\S+|--?\w\S*")


@functools.cache
def own_words() -> frozenset[str]:
    """The words of words.txt, one a line; what stands behind a # is a remark."""
    lines = OWN_WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if (word := line.partition("#")[0].strip().lower()))


@functools.cache
def _dictionary() -> SpellChecker:
    return SpellChecker(language="en")


def misspelt(page: Page) -> list[str]:
    """The words of a page that neither list knows, and those in the other English."""
    found: list[str] = []
    for line, word in words_of(page):
        if word in AMERICAN:
            found.append(f"{page.name}:{line}: {word}: these docs say {AMERICAN[word]}")
        elif not is_known(word):
            found.append(f"{page.name}:{line}: {word}")
    return found


def is_known(word: str) -> bool:
    """Whether a word in small letters is one, by itself or as the plural or the possession of one."""
    stems = {word, word.removesuffix("'s"), word.removesuffix("'")}
    return bool(_dictionary().known(stems) or stems & own_words() or {stem.removesuffix("s") for stem in stems} & _BRITISH)


def words_of(page: Page) -> Iterator[tuple[int, str]]:
    """Plain words in small letters, of sentences and of comments in code, with their lines. Names (HTTP, SQLite) are none."""
    for line, text in (*page.prose, *_comments(page)):
        for found in _WORD.findall(text):
            word = found.replace("’", "'")
            if word[1:].lower() == word[1:]:
                yield line, word.lower()


def _comments(page: Page) -> Iterator[tuple[int, str]]:
    for block in page.blocks:
        for number, line in enumerate(block.text.splitlines(), start=block.line) if block.language in _WITH_COMMENTS else ():
            yield number, _CODE.sub(" ", line[len(without_comment(line)) :])
