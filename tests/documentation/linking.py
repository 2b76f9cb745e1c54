"""Links of the documentation: each leads to a file of the repository and to a heading in it, or is an https address."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import guard
from documentation.reading import REPOSITORY, Link, Page

_PACKAGES = ("guard", "healthchecks", "webstore")


def broken_links(pages: Sequence[Page], is_there: Mapping[str, bool]) -> list[str]:
    """What is wrong with the links of pages that may lead to each other, and to the files that are there."""
    by_name = {page.name: page for page in pages}
    return [f"{link}: {wrong}" for page in pages for link in page.links if (wrong := _wrong(link, by_name, is_there))]


def _wrong(link: Link, pages: Mapping[str, Page], is_there: Mapping[str, bool]) -> str | None:
    parts = urlsplit(link.target)
    if parts.scheme or parts.netloc:
        return None if parts.scheme == "https" and "." in (parts.hostname or "") and " " not in link.target else "is no https address"
    name = resolved(link.page, unquote(parts.path)) if parts.path else link.page
    if name not in pages and not is_there.get(name):
        return "leads to no file of the repository"
    if parts.fragment and (name not in pages or unquote(parts.fragment) not in pages[name].anchors):
        return "leads to no heading there"
    return None


def resolved(page: str, path: str) -> str:
    """The name in the repository that a relative path of a page means; one that leaves it keeps its dots."""
    parts: list[str] = []
    for part in (PurePosixPath(page).parent / path).parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


class Files(Mapping[str, bool]):
    """What the repository holds: tracked files and their folders; without git, as beside a wheel, whatever lies there."""

    def __init__(self, root: Path = REPOSITORY) -> None:
        self._root = root
        listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True, check=False)
        files = listed.stdout.split("\0") if listed.returncode == 0 and (root / ".git").exists() else []
        folders = {str(parent) for file in files for parent in PurePosixPath(file).parents}
        self._tracked = frozenset(files) | folders

    def __getitem__(self, name: str) -> bool:
        if self._tracked:
            return name.rstrip("/") in self._tracked
        # The program's source lies where it is installed.
        root = Path(guard.__file__).parents[1] if name.split("/", maxsplit=1)[0] in _PACKAGES else self._root
        return (root / name).exists()

    def __iter__(self):
        return iter(self._tracked)

    def __len__(self) -> int:
        return len(self._tracked)
