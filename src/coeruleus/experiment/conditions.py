"""Under which condition a sample or a spike was taken: `baseline`, or the latest drug's name."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence

import numpy as np

BASELINE = "baseline"
NAMELESS = "drug"  # the name of a drug that has none


def condition_at(times: Iterable[float], onsets: Sequence[float], names: Sequence[str | None]) -> list[str]:
    """The condition at each time: `baseline` before the first drug, then the latest drug's name.

    A drug begins at its onset. Of drugs with the same onset the last one counts, and one without a name
    is called NAMELESS. A time that is not known (NaN) is `baseline` only where there is no drug at all,
    else `n/a`.
    """
    order = np.argsort(np.asarray(onsets, dtype=float), kind="stable")
    starts = np.asarray(onsets, dtype=float)[order]
    drugs = [names[index] or NAMELESS for index in order]
    found = []
    for time in times:
        if np.isnan(time):
            found.append("n/a" if drugs else BASELINE)
            continue
        latest = int(np.searchsorted(starts, time, side="right"))
        found.append(drugs[latest - 1] if latest else BASELINE)
    return found


def stated_or_drug(
    stated: object, under: str, at_s: float, onsets: Sequence[float], names: Sequence[str], told: Container[str]
) -> str:
    """The condition at one time of a segment: what recordings.tsv says of it, unless that would pool time before and
    after a drug.

    `under` is what the drugs alone say (`condition_at`); `onsets` and `names` are those that act in the segment, on its
    clock. After a drug given within the segment, or one given before where the same words were said of time before any
    (`told`, as those of an anaesthetic are), the drug's name stands. `baseline` of a segment that began after the drug
    is taken at its word: washed out. Words that name a drug given within the segment do not hold before its onset.
    """
    words = _words(stated)
    if not words:
        return under
    past = [(onset, name) for onset, name in zip(onsets, names, strict=True) if onset <= at_s]
    later = [name for onset, name in zip(onsets, names, strict=True) if onset > at_s]
    if _name(words, later) and not _name(words, [name for _, name in past]):
        return under
    if not past:
        return words
    if max(onset for onset, _ in past) > 0:
        return words if _name(words, [under]) else under
    return under if words != BASELINE and words.casefold() in told else words


def told_before_drugs(segments: Iterable[tuple[object, Sequence[float], Sequence[str]]]) -> set[str]:
    """What is said of the segments of a site that begin before any drug, casefolded; each as what is stated, and the
    onsets and names of the drugs that act in it."""
    found = set()
    for stated, onsets, names in segments:
        words = _words(stated)
        if words and not _name(words, names) and all(onset > 0 for onset in onsets):
            found.add(words.casefold())
    return found


def is_drug(condition: str, given: Iterable[str]) -> bool:
    """Whether a condition is, in any case, the name of a drug that events of the experiment name, and nothing more."""
    return condition.casefold() in {name.casefold() for name in given}


def _words(stated: object) -> str:
    words = stated.strip() if isinstance(stated, str) else ""
    return BASELINE if words.casefold() == BASELINE else words


def _name(words: str, drugs: Iterable[str]) -> bool:
    """Whether one of these drugs is named in these words."""
    return any(re.search(rf"(?<!\w){re.escape(drug)}(?!\w)", words, re.IGNORECASE) for drug in drugs)
