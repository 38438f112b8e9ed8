"""One effect as a row of release/statistics.tsv."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from coeruleus.release.effect_size import EffectSize
from coeruleus.release.mixed import Estimate, JointTest
from coeruleus.release.samples import COUNTED
from coeruleus.release.timing import AFTER

Row = dict[str, object]


def as_row(model: str, effect: str, found: Estimate | JointTest | None, reasons: Iterable[str | None]) -> Row:
    """What was found, or nothing and the reasons why."""
    row: Row = {"model": model, "effect": effect}
    if isinstance(found, Estimate):
        row |= {"estimate": found.estimate, "se": found.se, "ci_low": found.ci_low, "ci_high": found.ci_high}
    if isinstance(found, JointTest):
        row |= {"df_numerator": found.df_numerator}
    if found is not None:
        row |= {"df": found.df, "statistic": found.statistic, "p_value": found.p_value}
    row["reason"] = "; ".join(dict.fromkeys(text for text in reasons if text)) or None
    return row


def with_size(row: Row, size: EffectSize) -> Row:
    """The row with an effect size."""
    named = {"effect_size": size.value, "effect_size_ci_low": size.low, "effect_size_ci_high": size.high}
    return {**row, **named, "effect_size_name": size.name}


def samples_behind(row: Row, samples: pd.DataFrame) -> pd.DataFrame:
    """The samples after the treatment that an effect is of, among those of its analyte and region.

    Of an effect at one time those whose middle is less than half a sample away, of one over the window those
    `in_window`; of any other, as a group × time interaction, all.
    """
    arms = [arm for arm in (row.get("group"), row.get("reference")) if arm]
    time = row.get("time_min")
    own = samples[(samples["period"] == AFTER) & samples["status"].isin(COUNTED)]
    own = own[own["arm"].isin(arms)] if arms else own
    if isinstance(time, int | float) and math.isfinite(time):
        width = float((own["end_min"] - own["start_min"]).median())
        return own[(own["time_min"] - time).abs() <= width / 2]
    return own[own["in_window"]] if arms else own
