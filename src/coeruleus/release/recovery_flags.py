"""Where a treatment changed the recovery of a probe: samples, courses and effects that mix recovery and release."""

from __future__ import annotations

import pandas as pd

from coeruleus.release.recovery import under_drugs
from coeruleus.release.rows import Row
from coeruleus.release.samples import SERIES
from coeruleus.release.timing import AFTER

MIXED = "per cents of baseline mix recovery and release"


def flag_samples(
    samples: pd.DataFrame, recovered: pd.DataFrame, events: pd.DataFrame, inlet_min: float = 0.0
) -> pd.DataFrame:
    """`samples` with `recovery_changed` (None: not measured under what the sample was taken under) and `recovery_note`.

    `recovered` as `measure_recovery` gives it. Of several methods one that saw a change is enough.
    """
    found: dict[tuple[object, ...], bool] = {}
    notes: dict[tuple[object, ...], str] = {}
    for row in recovered.to_dict("records") if "change" in recovered else ():
        if row["change"] not in (True, False):
            continue
        key = (*(row[name] for name in SERIES), row["condition"])
        found[key] = found.get(key, False) or bool(row["change"])
        if row["change"] is True:
            said = f"recovery under {row['condition']} is {row['recovery']:.3g} and was {row['before']:.3g}"
            notes[key] = f"{said} ({row['method']}, p = {row['change_p']:.2g}): {MIXED}"
    samples = samples.copy()
    keys: list[tuple[object, ...]] = []
    if found:
        places = zip(*(samples[name] for name in SERIES), under_drugs(samples, events, inlet_min), strict=True)
        keys = list(places)
    for name, known in (("recovery_changed", found), ("recovery_note", notes)):
        values = [known.get(key) for key in keys] if keys else None
        samples[name] = pd.Series(values, index=samples.index, dtype=object)
    return samples


def flag_courses(summary: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """`summary` with `recovery_changed` of the samples after the treatment, and the cause behind its reason."""
    after = samples[(samples["period"] == AFTER) & samples["recovery_changed"].notna()]
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

    `samples` are those that the effect's analyte and region is compared on. An effect at one time is that of samples
    whose middle is less than half a sample away, any other that of all after the treatment.
    """
    own = samples[(samples["period"] == AFTER) & samples["recovery_changed"].notna()]
    arms = [arm for arm in (row.get("group"), row.get("reference")) if arm]
    own = own[own["arm"].isin(arms)] if arms else own
    time = row.get("time_min")
    if isinstance(time, int | float) and len(own):
        width = float((own["end_min"] - own["start_min"]).median())
        own = own[(own["time_min"] - time).abs() <= width / 2]
    if own.empty:
        return {**row, "recovery_changed": None}
    changed = sorted(set(own.loc[own["recovery_changed"].astype(bool), "subject_id"]))
    if not changed:
        return {**row, "recovery_changed": False}
    shown = ", ".join(changed[:6]) + (f" and {len(changed) - 6} more" if len(changed) > 6 else "")
    number = own["subject_id"].nunique()
    text = f"recovery changed in {len(changed)} of {number} animals in which it was measured: {shown}"
    return {**row, "recovery_changed": True, "reason": "; ".join(str(t) for t in (row["reason"], text) if t)}
