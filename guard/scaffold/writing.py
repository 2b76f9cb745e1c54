"""Writes several files: all are looked at before the first is written, and each is there whole or not at all."""

from collections.abc import Collection, Mapping
from pathlib import Path

from guard.errors import GuardError, UsageError
from webstore.whole_files import written


class AlreadyThere(UsageError):
    """A file that would be replaced."""

    hint = "--force replaces it; look first at what is in it"


class NotWritten(GuardError):
    """The disk did not take a file."""

    hint = "correct the folder's owner and rights, or make room; then run the same command with --force"


def refuse_replacing(files: Collection[Path], *, force: bool) -> None:
    """See to it that nothing is in the way.

    Raises:
        AlreadyThere: a file is there, and is not to be replaced.
        NotWritten: something else is where a file or its folder must be.
    """
    for file in files:
        in_the_way = next((folder for folder in file.parents if folder.exists() and not folder.is_dir()), None)
        if in_the_way or file.is_dir():
            raise NotWritten(f"{file} cannot be written: {in_the_way or file} is no {'folder' if in_the_way else 'file'}")
    if not force and (there := [str(file) for file in files if file.exists() or file.is_symlink()]):
        raise AlreadyThere(f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already; nothing was written")


def write_all(texts: Mapping[Path, str]) -> None:
    """Write the files.

    Raises:
        NotWritten: the disk does not take one; it says which are there by then.
    """
    done: list[Path] = []
    for file, text in texts.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with written(file) as whole:
                whole.write(text.encode())
        except OSError as error:
            before = f"; written before: {', '.join(map(str, done))}" if done else ""
            raise NotWritten(f"{file} cannot be written: {error.strerror}{before}") from None
        done.append(file)
