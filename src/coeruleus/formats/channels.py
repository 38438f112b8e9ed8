"""Which channel of a file is meant: by name or by number, and never by guessing."""

from __future__ import annotations

from collections.abc import Sequence

from coeruleus.formats.errors import FormatError


def choose_channel(names: Sequence[str], wanted: str | None, file: str) -> int:
    """Index of the channel that is meant. Names win over numbers, numbers count from 1.

    A name may be shortened to its beginning where only one channel begins so. Raises FormatError that lists
    the channels where none is named and there are several, or where the one named is not there.
    """
    listed = "; ".join(f"{number} = {name}" for number, name in enumerate(names, start=1))
    text = "" if wanted is None else str(wanted).strip()
    if not text:
        if len(names) == 1:
            return 0
        raise FormatError(f"{file}: holds {len(names)} channels; name one in the column 'channel' ({listed})")
    folded = [name.casefold() for name in names]
    for candidates in (
        [index for index, name in enumerate(folded) if name == text.casefold()],
        [int(text) - 1] if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= len(names) else [],
        [index for index, name in enumerate(folded) if name.startswith(text.casefold())],
    ):
        if len(candidates) == 1:
            return candidates[0]
    raise FormatError(f"{file}: has no single channel {text!r}; its channels are {listed}")
