"""Where a treatment changed the recovery of a probe: samples, courses and effects that mix recovery and release."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coeruleus.release.arms import COURSE
from coeruleus.release.recovery import RETRODIALYSIS, under_drugs
from coeruleus.release.rows import Row, samples_behind
from coeruleus.release.samples import SERIES

MIXED = "per cents of baseline mix recovery and release"


def flag_samples(
    samples: pd.DataFrame, recovered: pd.DataFrame, events: pd.DataFrame, inlet_min: float = 0.0
) -> pd.DataFrame:
    """`samples` with `recovery_changed` (None: not measured under what the sample was taken under) and `recovery_note`.

    `recovered` as `measure_recovery` gives it. Zero-net-flux speaks for its own analyte, the standard of retrodialysis
    for all of its probe, also where they are too low to be measured. Of several methods one that saw a change is
    enough.
    """
    found: dict[tuple[object, ...], bool] = {}
    notes: dict[tuple[object, ...], str] = {}
    for row in recovered.to_dict("records") if "change" in recovered else ():
        if row["change"] not in (True, False):
            continue
        places = COURSE if row["method"] == RETRODIALYSIS else SERIES
        key = (*(row[name] for name in places), row["condition"])
        found[key] = found.get(key, False) or bool(row["change"])
        if row["change"] is True:
            said = f"recovery under {row['condition']} is {row['recovery']:.3g} and was {row['before']:.3g}"
            notes[key] = f"{said} ({row['method']}, p = {row['change_p']:.2g}): {MIXED}"
    flags, texts = np.full((2, len(samples)), None, dtype=object)
    if found:
        under = under_drugs(samples, events, inlet_min)
        courses = zip(*(samples[name] for name in SERIES), under, strict=True)
        for place, (session, probe, analyte, condition) in enumerate(courses):
            keys = [(session, probe, condition), (session, probe, analyte, condition)]
            known = [found[key] for key in keys if key in found]
            flags[place] = any(known) if known else None
            texts[place] = "; ".join(notes[key] for key in keys if key in notes) or None
    found_of = {"recovery_changed": flags, "recovery_note": texts}
    return samples.assign(**{name: pd.Series(v, index=samples.index, dtype=object) for name, v in found_of.items()})


def flag_courses(summary: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """`summary` with `recovery_changed` of the samples `in_window`, and the cause behind its reason."""
    after = samples[samples["in_window"] & samples["recovery_changed"].notna()]
    by = after.groupby(SERIES, sort=False)
    changed = by["recovery_changed"].agg(lambda flags: bool(any(flags))).astype(object)
    notes = by["recovery_note"].agg(lambda texts: "; ".join(dict.fromkeys(text for text in texts if text)))
    joined = summary[SERIES].merge(changed.reset_index(), on=SERIES, how="left", sort=False)
    joined = joined.merge(notes.reset_index(), on=SERIES, how="left", sort=False)
    summary = summary.copy()
    flags = joined["recovery_changed"].astype(object)
    summary["recovery_changed"] = flags.where(flags.notna(), None).to_numpy(dtype=object)
    pairs = zip(summary["reason"], joined["recovery_note"], strict=True)
    texts = ["; ".join(text for text in pair if isinstance(text, str) and text) or None for pair in pairs]
    summary["reason"] = pd.Series(texts, index=summary.index, dtype=object)
    return summary


def flag_effect(row: Row, samples: pd.DataFrame) -> Row:
    """The row of an effect with `recovery_changed`, and how many of its animals behind its reason.

    `samples` are those that the effect's analyte and region is compared on.
    """
    own = samples_behind(row, samples[samples["recovery_changed"].notna()])
    if own.empty:
        return {**row, "recovery_changed": None}
    changed = sorted(set(own.loc[own["recovery_changed"].astype(bool), "subject_id"]))
    if not changed:
        return {**row, "recovery_changed": False}
    shown = ", ".join(changed[:6]) + (f" and {len(changed) - 6} more" if len(changed) > 6 else "")
    number = own["subject_id"].nunique()
    text = f"recovery changed in {len(changed)} of {number} animals in which it was measured: {shown}"
    return {**row, "recovery_changed": True, "reason": "; ".join(str(t) for t in (row["reason"], text) if t)}
