"""The list of licences is that of the lock, and holds none that would bind whoever passes the project on."""

import csv
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "workflow"))

import licences  # noqa: E402

LISTED = dict(list(csv.reader((ROOT / "docs/licences.tsv").open(encoding="utf-8"), delimiter="\t"))[1:])


def family(said: str) -> str:
    """BSD of "BSD License" and "BSD-3-Clause": other Pythons get other versions, which may say it otherwise."""
    return re.split(r"[\s-]", said)[0].casefold()


def test_every_package_of_the_lock_is_listed_as_it_says() -> None:
    here = dict(licences.rows())
    assert len(here) > 50
    assert {name: said for name, said in here.items() if family(LISTED.get(name, "")) != family(said)} == {}
    assert set(LISTED) <= set(licences.pinned()), "docs/licences.tsv names what the lock has no more"


def test_no_strong_copyleft() -> None:
    strong = {
        name: said for name, said in LISTED.items() if "GPL" in said and "LGPL" not in said and "Lesser" not in said
    }
    assert set(strong) <= {"docutils"}  # in the public domain but for tools that are not installed
