"""Licences of everything that the locks of `make setup` and `make slurm` install, as a table.

usage, in the environment of `make slurm`: python workflow/licences.py > docs/licences.tsv
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

LOCKS = [Path(__file__).resolve().parents[1] / name for name in ("requirements.lock", "requirements-slurm.lock")]


def pinned() -> list[str]:
    """Names in the locks, on any platform."""
    text = "\n".join(lock.read_text(encoding="utf-8") for lock in LOCKS)
    return re.findall(r"^([A-Za-z0-9._-]+)==", text, flags=re.MULTILINE)


def licence(name: str) -> str | None:
    """What a package says of its licence; None where it is not installed here."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    classes = [
        line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or [] if line.startswith("License ::")
    ]
    stated = about.get("License-Expression") or ", ".join(classes) or (about.get("License") or "").strip()
    return stated.split("\n")[0][:80] or "not stated"


def rows() -> list[tuple[str, str]]:
    found = [(name, licence(name)) for name in sorted(set(pinned()))]
    return [(name, stated) for name, stated in found if stated is not None]


if __name__ == "__main__":
    print("package\tlicence")
    for row in rows():
        print("\t".join(row))
