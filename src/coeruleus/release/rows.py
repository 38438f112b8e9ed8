"""One effect as a row of release/statistics.tsv."""

from __future__ import annotations

from collections.abc import Iterable

from coeruleus.release.effect_size import EffectSize
from coeruleus.release.mixed import Estimate, JointTest

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
