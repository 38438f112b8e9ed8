"""Where the segments of recordings lie on the bench clock of their session."""

from __future__ import annotations

import pandas as pd

COLUMNS = ["site_id", "segment", "subject_id", "session_id", "start_min"]


def segment_clock(recordings: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    """Start of each segment in minutes after the session's `started_at`, time 0 of its bench clock.

    n/a where either of the two times is not given. Columns: site_id, segment, subject_id, session_id, start_min.
    """
    if recordings.empty or sessions.empty:
        return pd.DataFrame(columns=COLUMNS)
    zero = dict(zip(sessions["session_id"], pd.to_datetime(sessions["started_at"], errors="coerce"), strict=True))
    began = pd.to_datetime(recordings["started_at"], errors="coerce")
    zeros = pd.to_datetime(recordings["session_id"].map(zero), errors="coerce")
    clock = recordings[["site_id", "segment", "subject_id", "session_id"]].copy()
    clock["start_min"] = (began - zeros).dt.total_seconds() / 60
    return clock.drop_duplicates(["site_id", "segment"], ignore_index=True)
