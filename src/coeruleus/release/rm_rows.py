"""Rows of the analysis of variance with repeated measures, for those who must report it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from coeruleus.release.choices import Choices
from coeruleus.release.effect_size import partial_eta_squared
from coeruleus.release.mixed import NotEstimable
from coeruleus.release.rm_anova import repeated_measures
from coeruleus.release.rows import Row, as_row, with_size
from coeruleus.release.samples import COUNTED
from coeruleus.release.timing import AFTER, align_times


def anova_rows(samples: pd.DataFrame, choices: Choices) -> list[Row]:
    """Group, time and group × time; of per cent of baseline, or of ln of it with the baseline as one more time.

    Only animals with a number at every time enter, values below limits as measured: both are reasons to
    rather report the mixed model. p-values are Greenhouse and Geisser's; the reason gives the others.
    """
    log = choices.outcome == "log"
    what = "ln of per cent of baseline, the baseline one of its times" if log else "per cent of baseline"
    model = f"analysis of variance with repeated measures, {what} (type III, Greenhouse–Geisser)"
    after = samples[(samples["period"] == AFTER) & samples["status"].isin(COUNTED)]
    after = after[after["percent_baseline"] > 0].copy() if log else after[after["percent_baseline"].notna()].copy()
    after["time"] = align_times(after["time_min"].to_numpy(), float((after["end_min"] - after["start_min"]).median()))
    after["value"] = np.log(after["percent_baseline"] / 100) if log else after["percent_baseline"]
    cells = after.groupby(["arm", "subject_id", "time"])["value"].mean().unstack("time")
    complete = cells.dropna()
    arms = complete.index.get_level_values("arm").to_numpy(dtype=object)
    animals = complete.index.get_level_values("subject_id")
    values = complete.to_numpy(dtype=float)
    notes = []
    if len(complete) < len(cells):
        notes.append(f"animals left out, not having every time: {len(cells) - len(complete)} of {len(cells)}")
    if log:
        values = np.column_stack([np.zeros(len(values)), values])
    try:
        if animals.duplicated().any():
            raise NotEstimable("animals are in several groups (cross-over): see the mixed model")
        found = repeated_measures(values, arms)
    except (NotEstimable, np.linalg.LinAlgError) as problem:
        return [as_row(model, "group × time", None, [str(problem), *notes])]
    rows = []
    for term in found.terms:
        row = as_row(model, term.name, None, notes)
        within = math.isfinite(term.gg_epsilon)
        texts = notes
        if within:
            mauchly = f"Mauchly W = {found.mauchly_w:.4g}, p = {found.mauchly_p:.4g}"
            feldt = f"Huynh–Feldt ε = {term.hf_epsilon:.4g}, p = {term.hf_p:.4g}"
            texts = [f"ε = {term.gg_epsilon:.4g}; uncorrected p = {term.p_value:.4g}; {feldt}; {mauchly}", *notes]
        share = term.gg_epsilon if within else 1.0
        row |= {"statistic": term.statistic, "df_numerator": term.df_numerator, "df": term.df * share}
        row |= {"p_value": term.gg_p if within else term.p_value, "reason": "; ".join(texts) or None}
        row |= {"n_subjects": len(complete), "n_samples": int(cells.loc[complete.index].size)}
        row["df_numerator"] = term.df_numerator * share
        rows.append(with_size(row, partial_eta_squared(term.statistic, term.df_numerator, term.df)))
    return rows
