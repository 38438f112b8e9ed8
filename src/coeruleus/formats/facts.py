"""The useful facts of a file's header, as every reader of chromatograms gives them."""

from __future__ import annotations

import re

PATH = re.compile(r"^[A-Za-z]:\\|\\.*\\|^/.*/")
VOLUME = re.compile(r"(\d+(?:[.,]\d+)?)(?: ?[uµ\u03bc][lL])?")
KEYS = ("sample_name", "sample_id", "sample_type", "acquired", "injected_ul", "vial", "detector", "method")


def header_facts(**facts: str | None) -> dict[str, str]:
    """Facts under the names of KEYS, in order; empty ones left out, paths cut to the last name, volumes as numbers."""
    header = {}
    for key in KEYS:
        value = facts.get(key) or ""
        if not value:
            continue
        value = " ".join(value.replace("\0", " ").split())
        if key in ("method", "sample_name", "sample_id") and PATH.search(value):
            value = re.split(r"[\\/]", value)[-1]
        if key == "injected_ul":
            number = VOLUME.fullmatch(value)
            value = f"{float(number[1].replace(',', '.')):g}" if number else ""
            value = "" if value == "0" else value
        if value and value.casefold() not in ("none", "n.a.", "n/a"):
            header[key] = value
    return header
