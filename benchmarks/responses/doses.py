"""Doses in a row: trends that are none, with rates that drift; trends that are found; and the dose that halves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from benchmarks.responses.drug_effects import ALPHA, MOST, STEP_S, UNITS_A_CALL, rate_of
from benchmarks.responses.lines import Line, share_bounds, standard_error

from coeruleus.responses.doses import test_doses
from coeruleus.simulation.trains import spike_train
from coeruleus.tables.units import DRUG_RESPONSES

BEFORE_S = 600.0
ED50 = 3.0
LEAST_COVERED = 0.91  # 95 % intervals, within the error of a few hundred trains
LEAST_POWER = 0.90


@dataclass(frozen=True)
class Plan:
    """Doses that add up to 1, 2, 4, ..., each for `each_s`, and the share of the rate that each leaves."""

    leaves: tuple[float, ...]
    each_s: float
    drift: str = "none"
    rate_hz: float = 2.0
    shape: float = 4.0

    @property
    def name(self) -> str:
        return f"{len(self.leaves)} doses of {self.each_s:g} s, leave {self.leaves[-1]:.2g}, drift {self.drift}"


def hill(doses: int) -> tuple[float, ...]:
    """What doses of 1, 2, 4, ... leave of the rate, half of it at ED50."""
    return tuple(float(1 / (1 + (2.0**n / ED50) ** 1.5)) for n in range(doses))


DRIFTS = (
    "none",
    "60 s, 0.3",
    "150 s, 0.2",
    "300 s, 0.3",
    "600 s, 0.3",
    "1800 s, 0.4",
    "7200 s, 0.4",
    "straight, -50 %",
    "smooth 400 s, 0.3",
    "smooth 800 s, 0.3",
    "smooth 1600 s, 0.4",
)
NULL = [
    Plan((left,) * doses, each_s, drift)
    for doses, each_s in ((5, 300.0), (5, 600.0), (3, 300.0))
    for left in (1.0, 0.5)
    for drift in DRIFTS
]
FOUND = {
    "5 doses of 5 min": Plan(hill(5), 300.0),
    "4 doses of 10 min": Plan(hill(4), 600.0),
    "5 doses of 5 min, drift 300 s, 0.3": Plan(hill(5), 300.0, "300 s, 0.3"),
}
# What the doses leave of the rate, so that the last halves it.
HALVING = (0.95, 0.9, 0.8, 0.65, 0.5)
LAST = {
    "5 doses of 5 min, last leaves 8 %": (Plan(hill(5), 300.0), 0.90),
    "4 doses of 10 min, last leaves 19 %": (Plan(hill(4), 600.0), 0.90),
    "5 doses of 5 min, last leaves 50 %": (Plan(HALVING, 300.0), 0.80),
    "4 doses of 10 min, last leaves 50 %": (Plan(HALVING[1:], 600.0), 0.90),
    "4 doses of 10 min, last leaves 50 %, drift 300 s, 0.3": (Plan(HALVING[1:], 600.0, "300 s, 0.3"), None),
    "4 doses of 10 min, last leaves 50 %, straight -50 %": (Plan(HALVING[1:], 600.0, "straight, -50 %"), None),
    "4 doses of 10 min, last leaves 50 %, smooth 800 s, 0.3": (Plan(HALVING[1:], 600.0, "smooth 800 s, 0.3"), None),
}


def tested(made: Sequence[np.ndarray], plan: Plan) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of DOSES and DRUG_RESPONSES of trains that all get the plan's doses."""
    names = [f"{number:04d}" for number in range(len(made))]
    at = BEFORE_S + plan.each_s * np.arange(len(plan.leaves))
    given = np.diff(np.r_[0.0, 2.0 ** np.arange(len(at))])
    spikes = pd.DataFrame(
        {
            "site_id": "s",
            "unit_id": np.repeat(names, [len(train) for train in made]),
            "segment": 1.0,
            "time_s": np.concatenate(made),
        }
    )
    segment = {"site_id": "s", "segment": 1, "duration_s": at[-1] + plan.each_s, "status": "ok", "reason": None}
    frame = pd.DataFrame([segment | {"session_id": "d"}])
    event = {"site_id": "s", "segment": 1, "drug": "x", "dose_unit": "ug/kg", "route": "i.v."}
    drugs = [event | {"onset": float(onset), "dose": float(dose)} for onset, dose in zip(at, given, strict=True)]
    events = pd.DataFrame([drug | {"trial_type": "drug", "duration": 0.0} for drug in drugs])
    rows = [drug | {"unit_id": name, "status": "ok", "reason": None} for name in names for drug in drugs]
    return test_doses(spikes, frame, events, recordings=frame, drug_responses=DRUG_RESPONSES.frame(rows))


def measured(plan: Plan, trains: int, seed: Sequence[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same for simulated trains."""
    found = []
    for start in range(0, trains, UNITS_A_CALL):
        made = []
        for number in range(start, min(start + UNITS_A_CALL, trains)):
            rng = np.random.default_rng([*seed, number])
            rate = rate_of(plan.drift, plan.rate_hz, rng, BEFORE_S + plan.each_s * len(plan.leaves))
            time = np.arange(len(rate)) * STEP_S - BEFORE_S
            dose = np.clip((time / plan.each_s).astype(int), 0, len(plan.leaves) - 1)
            rate = np.where(time >= 0, np.array(plan.leaves)[dose], 1.0) * rate
            made.append(spike_train(rng, rate, plan.shape, step_s=STEP_S))
        found.append(tested(made, plan))
    return pd.concat([one for one, _ in found]), pd.concat([other for _, other in found])


def last_dose(plan: Plan, doses: pd.DataFrame) -> dict[str, object]:
    """Share of the last dose's changes found, of intervals that hold the true one (where drift leaves no upper end they
    are open there) and of those that are open, and their median ends."""
    last = doses[doses["from_first_dose_p"].notna() & (doses["onset"] == doses["onset"].max())]
    low, high = (last[f"from_first_dose_percent_ci_{end}"] for end in ("low", "high"))
    changed = 100 * (plan.leaves[-1] - 1)
    return {
        "last_dose_tested": len(last),
        "last_dose_covered": float((~(low.gt(changed) | high.lt(changed))).mean()),
        "last_dose_open": float(high.isna().mean()),
        "last_dose_found": float((last["from_first_dose_p"] <= ALPHA).mean()),
        "last_dose_low": float(low.median()),
        "last_dose_high": float(high.median()),
    }


def run(trains: int, seed: int) -> tuple[list[Line], list[dict[str, object]]]:
    """False trends of every drift, where no dose or every dose does the same; then power and intervals."""
    rows: list[dict[str, object]] = []
    for index, plan in enumerate(NULL):
        series, doses = measured(plan, trains, [seed, 40, index])
        have = series[series["p_value"].notna()]
        held = have["percent_per_doubling_ci_low"].le(0) & have["percent_per_doubling_ci_high"].ge(0)
        wrong = float((have["p_value"] <= ALPHA).mean())
        rows.append(
            {
                "plan": plan.name,
                "leaves": plan.leaves[0],
                "wrong": wrong,
                "covered": float(held.mean()),
                "tested": len(have),
            }
        )
        rows[-1] |= last_dose(plan, doses)
    worst = max(rows, key=lambda row: float(str(row["wrong"])))
    most = share_bounds(MOST, min(int(str(row["tested"])) for row in rows), len(rows))[1]
    wrong = [float(str(row["wrong"])) for row in rows]
    target = f"<= 6 % (<= {100 * most:.1f} in all {len(rows)})"
    figure = f"mean {100 * np.mean(wrong):.1f} %, most {100 * max(wrong):.1f} % ({worst['plan']})"
    lines = [Line("trend across doses, false positives", target, figure, max(wrong) <= most)]
    for name, key in (("trend across doses", "covered"), ("change by the last dose", "last_dose_covered")):
        covered = [float(str(row[key])) for row in rows]
        figure = f"mean {100 * np.mean(covered):.1f} %, least {100 * min(covered):.1f} %"
        if key == "last_dose_covered":
            without = [float(str(row["last_dose_open"])) for row in rows]
            figure += (
                f" ({100 * np.mean(without):.0f} % have no upper end, at most {100 * max(without):.0f} % in a cell)"
            )
        target = f">= 94 % (>= {100 * (1 - most):.1f})"
        lines.append(Line(f"{name}, 95 % intervals hold it", target, figure, min(covered) >= 1 - most))
    for index, (name, plan) in enumerate(FOUND.items()):
        series, _ = measured(plan, trains, [seed, 41, index])
        power = float((series["p_value"] <= ALPHA).mean())
        given = series[series["ed50"].notna()]
        held = ~(given["ed50_ci_low"].gt(ED50) | given["ed50_ci_high"].lt(ED50))
        error = float((given["ed50"] / ED50 - 1).abs().median())
        rows.append({"plan": name, "power": power, "ed50": len(given), "error": error, "covered": float(held.mean())})
        target, held_power = (">= 90 %", power >= LEAST_POWER) if plan.drift == "none" else ("reported", None)
        lines.append(Line(f"trend across doses, power, {name}", target, f"{100 * power:.1f} %", held_power))
        shown = f"{100 * held.mean():.1f} % of {len(given)}, median error {100 * error:.0f} %"
        target = f">= 95 % (>= {100 * LEAST_COVERED:.0f})"
        lines.append(Line(f"ED50, 95 % intervals hold it, {name}", target, shown, bool(held.mean() >= LEAST_COVERED)))
    return lines + last_dose_lines(trains, seed, rows), rows


def last_dose_lines(trains: int, seed: int, rows: list[dict[str, object]]) -> list[Line]:
    """False changes by the last dose of the rows without one, and the power of the test, of which rows are added."""
    none = [row for row in rows if row.get("leaves") == 1.0]
    wrong = [float(str(row["last_dose_found"])) for row in none]
    most = share_bounds(MOST, min(int(str(row["last_dose_tested"])) for row in none), len(none))[1]
    figure = f"mean {100 * np.mean(wrong):.1f} %, most {100 * max(wrong):.1f} % ({none[int(np.argmax(wrong))]['plan']})"
    target = f"<= 6 % (<= {100 * most:.1f} in all {len(none)})"
    lines = [Line("change by the last dose, false positives", target, figure, max(wrong) <= most)]
    for index, (name, (plan, least)) in enumerate(LAST.items()):
        _, doses = measured(plan, trains, [seed, 42, index])
        found = last_dose(plan, doses)
        rows.append({"plan": name} | found)
        share, low, high = (float(str(found[f"last_dose_{key}"])) for key in ("found", "low", "high"))
        figure = f"{100 * share:.1f} %, median interval {low:.0f} to {high:.0f} %"
        target, held = "reported", None
        if least is not None:
            enough = least - 2 * standard_error(least, trains)
            target, held = f">= {100 * least:.0f} % (>= {100 * enough:.0f})", share >= enough
        lines.append(Line(f"change by the last dose, power, {name}", target, figure, held))
    return lines
