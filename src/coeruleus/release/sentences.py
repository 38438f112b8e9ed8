"""Each effect as a sentence that can stand in a paper."""

from __future__ import annotations

import math

from coeruleus.release.rows import Row


def say(row: Row) -> str | None:
    """A plain sentence for one row of statistics, and a second one where recovery changed too; None without a test."""
    said = _say(row)
    changed = said is not None and row.get("recovery_changed") is True
    return f"{said} Recovery changed too, so that this is release and recovery together." if changed else said


def _say(row: Row) -> str | None:
    p_value = _number(row, "p_value")
    if not math.isfinite(p_value):
        return None
    where = f" in {row['region']}" if row.get("region") else ""
    kind = row.get("test") or str(row["model"]).split(" (")[0].split(",")[0].split(" of ")[0]
    test = f"{kind}, {_test(row)}, {_p('p', p_value)}"
    adjusted = _number(row, "p_adjusted")
    if math.isfinite(adjusted):
        test += f", {_p('adjusted p', adjusted)}"
    analyte, group, reference = f"{row['analyte']}{where}", row.get("group"), row.get("reference")
    time = _number(row, "time_min")
    if math.isfinite(time):
        return _at_time(row, analyte, time, p_value, test)
    if group is None:
        verb = "differed" if p_value < 0.05 else "did not differ detectably"
        if str(row["effect"]) == "time" or str(row["effect"]).endswith(": time"):
            verb = "changed" if p_value < 0.05 else "did not change detectably"
            return f"{analyte} {verb} over time ({test})."
        what = "between groups over time" if "time" in str(row["effect"]) else "between groups"
        return f"{analyte} {verb} {what} ({test})."
    change = f"{_number(row, 'estimate'):+.3g} percentage points{_interval(row, 'ci_low', 'ci_high', '')}"
    if reference:
        return f"Over the window {analyte} in {group} differed from {reference} by {change} ({test})."
    return f"Over the window {analyte} in {group} changed by {change} ({test})."


def _at_time(row: Row, analyte: str, time: float, p_value: float, test: str) -> str:
    group, reference, percent = row["group"], row.get("reference"), _number(row, "percent")
    estimate = _number(row, "estimate")
    if math.isfinite(percent):
        interval = _interval(row, "percent_ci_low", "percent_ci_high", " %")
        if reference:
            amount = f"{percent:.3g} % of that in {reference}{interval}"
            return f"At {time:g} min {analyte} relative to baseline was in {group} {amount} ({test})."
        amount = f"{percent:.3g} % of baseline{interval}"
    else:
        interval = _interval(row, "ci_low", "ci_high", "")
        if reference:
            amount = f"{estimate:+.3g} percentage points of baseline{interval}"
            return f"At {time:g} min {analyte} in {group} differed from {reference} by {amount} ({test})."
        amount = f"{100 + estimate:.3g} % of baseline (change {estimate:+.3g}{interval})"
    if p_value >= 0.05:
        return f"{analyte} in {group} was {amount} at {time:g} min, no detectable change ({test})."
    return f"{analyte} in {group} {'rose' if estimate > 0 else 'fell'} to {amount} at {time:g} min ({test})."


def _test(row: Row) -> str:
    statistic, df, numerator = (_number(row, name) for name in ("statistic", "df", "df_numerator"))
    if math.isfinite(numerator):
        return f"F({numerator:.3g}, {df:.3g}) = {statistic:.3g}"
    return f"t({df:.3g}) = {statistic:.3g}" if math.isfinite(df) else f"t = {statistic:.3g}"


def _interval(row: Row, low: str, high: str, unit: str) -> str:
    if not math.isfinite(_number(row, low)):
        return ""
    return f" (95 % CI {_number(row, low):.3g} to {_number(row, high):.3g}{unit})"


def _p(name: str, value: float) -> str:
    return f"{name} < 0.0001" if value < 1e-4 else f"{name} = {value:.2g}"


def _number(row: Row, name: str) -> float:
    value = row.get(name)
    return float(value) if isinstance(value, int | float) else math.nan
