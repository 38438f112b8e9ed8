"""What the figures of release share: axes, verdicts against a course, a name for those without an arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from coeruleus.figures.frames import records

TIME = "time from treatment (min)"
Key = tuple[str, str, str]  # session, probe, analyte


@dataclass(frozen=True)
class Verdicts:
    """What stands against a probe's course: shown dashed and grey."""

    unstable: Mapping[Key, str]

    def against(self, key: Key, rows: pd.DataFrame) -> str | None:
        if (rows["placement"] == "miss").any():
            return "probe missed"
        return self.unstable.get(key)


def nameless(samples: pd.DataFrame) -> str:
    """What samples without an arm are of, in words."""
    return "no group" if samples["group"].notna().any() else "all animals"


def read_verdicts(baselines: pd.DataFrame) -> Verdicts:
    """Probes whose baseline is missing or not stable; the causes are in baselines.tsv."""
    return Verdicts(
        {
            (row["session_id"], row["probe_id"], row["analyte"]): (
                "baseline not stable" if row["n_samples"] > 0 else "no baseline"
            )
            for row in records(baselines)
            if row["stable"] is not True
        }
    )
