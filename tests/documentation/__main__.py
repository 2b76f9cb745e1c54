"""`python -m documentation`: writes COMMANDS.md and INPUTS.md anew, and the keys, types and defaults of SETTINGS.md."""

import sys

from documentation import calls
from documentation.commands import reference
from documentation.reading import REPOSITORY
from documentation.settings import renewed, settings_of
from guard.cli.main import build_parser


def main() -> int:
    """Write what has changed, and say so."""
    settings = REPOSITORY / ".github" / "SETTINGS.md"
    wanted = {
        REPOSITORY / ".github" / "COMMANDS.md": reference(build_parser()),
        REPOSITORY / ".github" / "INPUTS.md": calls.reference(),
        settings: renewed(settings.read_text(encoding="utf-8"), settings_of()),
    }
    for file, text in wanted.items():
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{file.name} is written anew\n")
    return 0


sys.exit(main())
