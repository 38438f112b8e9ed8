"""Which events the rows of curation/trials.tsv mean."""

from __future__ import annotations

import pandas as pd

from coeruleus.tables.problems import Problem

TOLERANCE_S = 1e-4


def find_trials(curation: pd.DataFrame, events: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """`curation` with the exact onsets of the events (interim EVENTS) that its rows mean, and rows that mean none.

    An onset within 0.1 ms of an event's, or of the typed one that a file's own replaced, means that event.
    """
    onsets, problems = [], []
    for row in curation.to_dict("records"):
        here = events[(events["site_id"] == row["site_id"]) & (events["segment"] == row["segment"])]
        found = float("nan")
        for name in ("onset", "onset_in_sheet"):
            apart = (here[name] - float(row["onset"])).abs() if name in here else pd.Series(dtype=float)
            if found != found and (apart < TOLERANCE_S).any():
                found = float(here.loc[apart.idxmin(), "onset"])
        onsets.append(found)
        if found != found:
            message = f"curation/trials.tsv: no event of segment {int(row['segment'])} begins at {row['onset']:g} s"
            problems.append(Problem("responses", str(row["site_id"]), "error", message))
    placed = curation.assign(onset=pd.Series(onsets, index=curation.index, dtype=float))
    return placed[placed["onset"].notna()], problems
