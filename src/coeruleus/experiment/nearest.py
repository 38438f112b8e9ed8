"""Names that were probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], cutoff: float = 0.75) -> str | None:
    """The known name that is close to `name` (case, blanks and dashes aside), or None."""

    def plain(word: str) -> str:
        return word.strip().lower().replace(" ", "_").replace("-", "_")

    # Short words resemble too much: a column `cage` is no misspelt `age`.
    table = {plain(word): word for word in known if len(word) > 3 or plain(word) == plain(name) or cutoff <= 0.5}
    close = difflib.get_close_matches(plain(name), list(table), n=1, cutoff=cutoff)
    return table[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known name, or all of them."""
    known = list(known)
    close = nearest(name, known, cutoff=0.5)
    if close:
        return f"did you mean '{close}'?"
    return "known are: " + ", ".join(known) if known else "none is known here"
