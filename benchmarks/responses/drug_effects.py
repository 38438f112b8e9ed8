"""Drug effects: false positives with rates that drift by themselves, and power for a loss of half the rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from benchmarks.responses.lines import Line, share_bounds

from coeruleus.responses.drugs import test_drugs
from coeruleus.simulation.trains import bursty_train, drifting_rate, flat_rate, spike_train

STEP_S = 0.05


@dataclass(frozen=True)
class Layout:
    """Time of the drug and end of the recording (s), and the drug's route."""

    at_s: float
    end_s: float
    route: str


SYSTEMIC = Layout(600.0, 1200.0, "i.p.")
# Less is known of the drift here: the test may find less, not more.
SHORT = {
    "4 min before": Layout(240.0, 840.0, "i.p."),
    "4 min after": Layout(600.0, 840.0, "i.v."),
    "local": Layout(120.0, 240.0, "local iontophoresis"),
}
# Long ones are also tested over up to an hour, for effects that come slowly.
LONG = {"1 h": Layout(3600.0, 7200.0, "i.p."), "25 min": Layout(1500.0, 3000.0, "s.c.")}
LONG_DRIFTS = ("none", "300 s, 0.3", "1800 s, 0.4", "7200 s, 0.4", "straight, -50 %")
SHORT_DRIFTS = ("none", "60 s, 0.3", "300 s, 0.3", "1800 s, 0.4")
# Standard deviation of the log rate, and how long it remembers (s); None: a straight decline over the recording.
DRIFTS = {
    "none": (0.0, 60.0),
    "30 s, 0.4": (0.4, 30.0),
    "60 s, 0.3": (0.3, 60.0),
    "150 s, 0.2": (0.2, 150.0),
    "300 s, 0.3": (0.3, 300.0),
    "600 s, 0.3": (0.3, 600.0),
    "1800 s, 0.4": (0.4, 1800.0),
    "7200 s, 0.4": (0.4, 7200.0),
    "straight, -50 %": None,
    "straight, +50 %": None,
    "smooth 200 s, 0.3": (0.3, 200.0),
    "smooth 400 s, 0.3": (0.3, 400.0),
    "smooth 800 s, 0.3": (0.3, 800.0),
    "smooth 1600 s, 0.4": (0.4, 1600.0),
}
POWER = {"1 Hz": 0.0, "1 Hz, with drift 60 s, 0.2": 0.2}
SLOW_POWER = {"1 Hz": 0.0, "1 Hz, with drift 300 s, 0.2": 0.2}
SLOW_TAU_S = 600.0
ALPHA = 0.05
MOST = 0.06
LEAST_POWER = 0.90
UNITS_A_CALL = 50


def rate_of(drift: str, rate_hz: float, rng: np.random.Generator, end_s: float) -> np.ndarray:
    if drift.startswith("straight"):
        time = np.arange(round(end_s / STEP_S)) * STEP_S / end_s
        return rate_hz * (1 + (-0.5 if "-" in drift else 0.5) * time)
    spread, memory = DRIFTS[drift] or (0.0, 60.0)
    if drift.startswith("smooth"):
        return rate_hz * np.exp(spread * smooth(rng, end_s, memory) - spread**2 / 2)
    return drifting_rate(rng, end_s, rate_hz, spread, memory, STEP_S) if spread else flat_rate(end_s, rate_hz, STEP_S)


def smooth(rng: np.random.Generator, end_s: float, memory_s: float) -> np.ndarray:
    """Standard normal values that bend smoothly, with the correlation exp(-lag² / 2 memory²), on steps of STEP_S."""
    knots = np.arange(0.0, end_s + memory_s / 16, memory_s / 16)
    covariance = np.exp(-(((knots[:, None] - knots) / memory_s) ** 2) / 2) + 1e-8 * np.eye(len(knots))
    level = np.linalg.cholesky(covariance) @ rng.standard_normal(len(knots))
    return np.interp(np.arange(round(end_s / STEP_S)) * STEP_S, knots, level)


def tested(trains: list[np.ndarray], layout: Layout = SYSTEMIC) -> pd.DataFrame:
    """Rows of DRUG_RESPONSES of trains that all get a drug at the same time."""
    names = [f"{number:04d}" for number in range(len(trains))]
    spikes = pd.DataFrame(
        {
            "site_id": "s",
            "unit_id": np.repeat(names, [len(train) for train in trains]),
            "segment": 1.0,
            "time_s": np.concatenate(trains),
        }
    )
    recording = {"site_id": "s", "segment": 1, "duration_s": layout.end_s, "status": "ok", "reason": None}
    event = dict.fromkeys(["side", "intensity", "onset_source", "dose", "dose_unit"])
    event |= {"site_id": "s", "segment": 1, "onset": layout.at_s, "duration": 0.0, "trial_type": "drug", "drug": "x"}
    frame = pd.DataFrame([recording | {"session_id": "d"}])
    return test_drugs(
        spikes,
        frame,
        pd.DataFrame([event | {"route": layout.route}]),
        recordings=frame,
        units=pd.DataFrame({"site_id": "s", "unit_id": names, "status": "ok", "reason": None}),
    )[0]


@dataclass(frozen=True)
class Shares:
    """Share significant of those with a p-value, those of the 95 % intervals over the usual and the long time that hold
    the true change, and the share that has a p-value."""

    significant: float
    covered: float
    long_covered: float
    tested: float


def _covered(frame: pd.DataFrame, name: str, change_percent: float) -> float:
    known = frame[frame[f"{name}_ci_low"].notna()]
    return float((known[f"{name}_ci_low"].le(change_percent) & known[f"{name}_ci_high"].ge(change_percent)).mean())


def _shares(
    made: list[np.ndarray], layout: Layout = SYSTEMIC, change_percent: float = 0.0, long_percent: float = 0.0
) -> Shares:
    frame = pd.concat([tested(made[at : at + UNITS_A_CALL], layout) for at in range(0, len(made), UNITS_A_CALL)])
    have = frame[frame["p_value"].notna()]
    return Shares(
        float((have["p_value"] <= ALPHA).mean()),
        _covered(frame, "percent_change", change_percent),
        _covered(frame, "percent_change_long", long_percent),
        len(have) / len(frame),
    )


def _null_cells(trains: int, seed: int) -> list[dict[str, object]]:
    """Every drift with the usual times, and some of them with little time or a local route."""
    rows: list[dict[str, object]] = []
    kinds = [("10 min", SYSTEMIC, drift, *kind) for drift in DRIFTS for kind in ((1.0, 1.0), (4.0, 2.0), (None, 2.0))]
    kinds += [(name, layout, drift, 4.0, 3.0) for name, layout in SHORT.items() for drift in SHORT_DRIFTS]
    kinds += [(name, layout, drift, 4.0, 1.5) for name, layout in LONG.items() for drift in LONG_DRIFTS]
    for index, (name, layout, drift, shape, rate) in enumerate(kinds):
        made = []
        for number in range(trains):
            rng = np.random.default_rng([seed, 20, index, number])
            course = rate_of(drift, rate, rng, layout.end_s)
            if shape is None:
                made.append(bursty_train(rng, course, step_s=STEP_S))
            else:
                made.append(spike_train(rng, course, shape, step_s=STEP_S))
        found = _shares(made, layout)
        row = {"drift": drift, "shape": shape, "rate": rate, "layout": name, "false_positives": found.significant}
        rows.append(row | {"covered": found.covered, "long_covered": found.long_covered, "tested": found.tested})
    return rows


def run(trains: int, seed: int) -> tuple[list[Line], list[dict[str, object]]]:
    """False positives of every drift, and the power of the table."""
    rows = _null_cells(trains, seed)
    wrong = [float(str(row["false_positives"])) for row in rows]
    worst = rows[int(np.argmax(wrong))]
    figure = f"mean {100 * np.mean(wrong):.1f} %, most {100 * max(wrong):.1f} % "
    figure += f"(drift {worst['drift']}, gamma {worst['shape']}, {worst['layout']})"
    # Those whose baseline is not stable have no p-value, so that a cell holds fewer trains.
    fewest = int(trains * min(float(str(row["tested"])) for row in rows))
    high = share_bounds(MOST, max(fewest, 1), len(rows))[1]
    target = f"<= 6 % (<= {100 * high:.1f} in all {len(rows)})"
    lines = [Line("drug effect, false positives", target, figure, max(wrong) <= high)]
    covered = [float(str(row["covered"])) for row in rows]
    least = 1 - high
    lines.append(
        Line(
            "drug effect, 95 % intervals that hold no change",
            f">= 94 % (>= {100 * least:.1f})",
            f"mean {100 * np.mean(covered):.1f} %, least {100 * min(covered):.1f} %",
            min(covered) >= least,
        )
    )
    covered = [float(str(row["long_covered"])) for row in rows if row["layout"] in LONG]
    lines.append(
        Line(
            "drug effect, 95 % intervals over up to 60 min that hold no change",
            f">= 94 % (>= {100 * least:.1f})",
            f"mean {100 * np.mean(covered):.1f} %, least {100 * min(covered):.1f} %",
            min(covered) >= least,
        )
    )
    end_s, at_s = SYSTEMIC.end_s, SYSTEMIC.at_s
    for name, spread in POWER.items():
        made = []
        for number in range(trains):
            rng = np.random.default_rng([seed, 21, number, int(10 * spread)])
            course = drifting_rate(rng, end_s, 1.0, spread, 60.0, STEP_S) if spread else flat_rate(end_s, 1.0, STEP_S)
            course[round(at_s / STEP_S) :] *= 0.5
            made.append(spike_train(rng, course, 1.0, step_s=STEP_S))
        found = _shares(made, SYSTEMIC, -50.0)
        rows.append({"power": name, "share": found.significant, "covered": found.covered, "tested": found.tested})
        needed = LEAST_POWER if not spread else None
        figure = f"{100 * found.significant:.1f} %, intervals hold -50 % in {100 * found.covered:.1f} %"
        held = found.significant >= LEAST_POWER if needed else None
        title = f"drug effect, power, -50 % over 10 min, {name}"
        lines.append(Line(title, ">= 90 %" if needed else "reported", figure, held))
    layout = LONG["1 h"]
    time = np.arange(round(layout.end_s / STEP_S)) * STEP_S - layout.at_s
    at_end = (1 - np.exp(-np.array([600.0, layout.at_s]) / SLOW_TAU_S)) * SLOW_TAU_S / np.array([600.0, layout.at_s])
    usual, long = -60 * (1 - at_end)  # true changes, means over 10 min and over the hour
    course_of = 1 - 0.6 * np.where(time > 0, 1 - np.exp(-np.maximum(time, 0) / SLOW_TAU_S), 0.0)
    for name, spread in SLOW_POWER.items():
        made = []
        for number in range(trains):
            rng = np.random.default_rng([seed, 22, number, int(10 * spread)])
            drift = drifting_rate(rng, layout.end_s, 1.0, spread, 300.0, STEP_S) if spread else 1.0
            made.append(spike_train(rng, course_of * drift, 1.0, step_s=STEP_S))
        found = _shares(made, layout, usual, long)
        rows.append({"power": f"slow, {name}", "share": found.significant, "tested": found.tested})
        title = f"drug effect, power, -60 % that comes in {SLOW_TAU_S / 60:.0f} min, 1 h before and after, {name}"
        figure = (
            f"{100 * found.significant:.1f} %, intervals hold {usual:.0f} % (10 min) in {100 * found.covered:.1f} %, "
        )
        figure += f"{long:.0f} % (1 h) in {100 * found.long_covered:.1f} %"
        lines.append(Line(title, "reported", figure, None))
    return lines, rows
