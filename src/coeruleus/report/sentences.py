"""A test as a sentence that a paper can take over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coeruleus.report.cells import number_words, p_value, plural, rows_of


def told(tests: pd.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """One analyte's statistics in words: effects over the whole course, and effects at one time in order of time.

    Effects without an estimate are told together, once for each model and cause.
    """
    whole: list[str] = []
    at_times: list[str] = []
    without: dict[tuple[str, str], list[str]] = {}
    rows = rows_of(tests)
    rows.sort(
        key=lambda row: (
            _text(row, "group"),
            _text(row, "reference"),
            row["time_min"] if _known(row, "time_min") else 0.0,
        )
    )
    for row in rows:
        if pd.isna(row["estimate"]) and not _known(row, "statistic"):
            without.setdefault((row["model"], row["reason"] or "no reason was given"), []).append(row["effect"])
        else:
            (at_times if _known(row, "time_min") else whole).append(sentence(row))
    for (model, reason), effects in without.items():
        named = effects[0] if len(effects) == 1 else plural(len(effects), "effect")
        whole.append(f"{model}: no estimate of {named}. {reason.rstrip('.')}.")
    return tuple(whole), tuple(at_times)


def _text(row: Mapping[str, Any], name: str) -> str:
    return str(row[name]) if _known(row, name) else ""


def sentence(row: Mapping[str, Any]) -> str:
    """One row of statistics.tsv in words: its own sentence where it has one, animals and samples, remark."""
    counts = (("n_subjects", "animals"), ("n_samples", "samples"))
    who = ", ".join(f"{number_words(row[name])} {what}" for name, what in counts if _known(row, name)) or "n not known"
    remark = f"; {str(row['reason']).rstrip('.')}" if _known(row, "reason") else ""
    if _known(row, "sentence"):
        return f"{str(row['sentence']).rstrip('.')}; {who}{remark}."
    if pd.isna(row["estimate"]) and not _known(row, "statistic"):
        return f"{row['model']}, {row['effect']}: no estimate ({who}){remark}."
    parts = [part for part in (_effect(row), _test(row), _p(row)) if part]
    return f"{row['model']}, {row['effect']}: {', '.join(parts)}; {who}{remark}."


def _known(row: Mapping[str, Any], *names: str) -> bool:
    return all(not pd.isna(row.get(name)) for name in names)


def _effect(row: Mapping[str, Any]) -> str:
    if _known(row, "percent"):
        said = f"{number_words(row['percent'])} %"
        if _known(row, "percent_ci_low", "percent_ci_high"):
            said += f" (95 % CI {number_words(row['percent_ci_low'])} to {number_words(row['percent_ci_high'])} %)"
        return said
    if not _known(row, "estimate"):
        return ""
    interval = f" (95 % CI {number_words(row['ci_low'])} to {number_words(row['ci_high'])})"
    return number_words(row["estimate"]) + (interval if _known(row, "ci_low", "ci_high") else "")


def _test(row: Mapping[str, Any]) -> str:
    if not _known(row, "statistic", "df"):
        return ""
    freedom, found = number_words(row["df"], 3), number_words(row["statistic"], 3)
    if _known(row, "df_numerator"):
        return f"F({number_words(row['df_numerator'])}, {freedom}) = {found}"
    return f"t({freedom}) = {found}"


def _p(row: Mapping[str, Any]) -> str:
    if not _known(row, "p_value"):
        return ""
    said = _equals("p", row["p_value"])
    return f"{said} ({_equals('adjusted p', row['p_adjusted'])})" if _known(row, "p_adjusted") else said


def _equals(name: str, value: float) -> str:
    words = p_value(value)
    return f"{name} {words}" if words.startswith("<") else f"{name} = {words}"
