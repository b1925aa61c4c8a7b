"""Write what is published: `python -m overgrow.mapping.reference [FOLDER]`, FOLDER being the checkout."""

from __future__ import annotations

import sys
from pathlib import Path

from overgrow.mapping.reference import errors, language, schema

PUBLISHED = {schema.FILE: schema.text, language.FILE: language.text, errors.FILE: errors.text}


def main(folder: Path) -> None:
    """Write each file, and name those that changed."""
    for name, made in PUBLISHED.items():
        path, text = folder / name, made()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}", file=sys.stderr)  # noqa: T201 - the words of a command


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
