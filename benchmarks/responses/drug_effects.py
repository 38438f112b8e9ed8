"""Drug effects: false positives with rates that drift by themselves, and power for a loss of half the rate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from benchmarks.responses.lines import Line, share_bounds

from coeruleus.responses.drugs import test_drugs
from coeruleus.simulation.trains import bursty_train, drifting_rate, flat_rate, spike_train

STEP_S = 0.05
AT_S = 600.0
END_S = 1200.0
# Standard deviation of the log rate, and how long it remembers (s); None: a straight decline over the recording.
DRIFTS = {
    "none": (0.0, 60.0),
    "30 s, 0.4": (0.4, 30.0),
    "60 s, 0.3": (0.3, 60.0),
    "150 s, 0.2": (0.2, 150.0),
    "300 s, 0.3": (0.3, 300.0),
    "600 s, 0.3": (0.3, 600.0),
    "1800 s, 0.4": (0.4, 1800.0),
    "straight, -50 %": None,
    "straight, +50 %": None,
}
POWER = {"1 Hz": 0.0, "1 Hz, with drift 60 s, 0.2": 0.2}
ALPHA = 0.05
MOST = 0.06
LEAST_POWER = 0.90
UNITS_A_CALL = 50


def _rate(drift: str, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    if drift.startswith("straight"):
        time = np.arange(round(END_S / STEP_S)) * STEP_S / END_S
        return rate_hz * (1 + (-0.5 if "-" in drift else 0.5) * time)
    spread, memory = DRIFTS[drift] or (0.0, 60.0)
    return drifting_rate(rng, END_S, rate_hz, spread, memory, STEP_S) if spread else flat_rate(END_S, rate_hz, STEP_S)


def tested(trains: list[np.ndarray]) -> pd.DataFrame:
    """Rows of DRUG_RESPONSES of trains of 20 min that all get a drug at 10 min."""
    names = [f"{number:04d}" for number in range(len(trains))]
    spikes = pd.DataFrame(
        {
            "site_id": "s",
            "unit_id": np.repeat(names, [len(train) for train in trains]),
            "segment": 1.0,
            "time_s": np.concatenate(trains),
        }
    )
    recording = {"site_id": "s", "segment": 1, "duration_s": END_S, "status": "ok", "reason": None, "session_id": "d"}
    event = dict.fromkeys(["side", "intensity", "onset_source", "dose", "dose_unit"])
    event |= {"site_id": "s", "segment": 1, "onset": AT_S, "duration": 0.0, "trial_type": "drug", "drug": "x"}
    frame = pd.DataFrame([recording])
    return test_drugs(
        spikes,
        frame,
        pd.DataFrame([event | {"route": "i.p."}]),
        recordings=frame,
        units=pd.DataFrame({"site_id": "s", "unit_id": names, "status": "ok", "reason": None}),
    )[0]


def _shares(make: list[np.ndarray]) -> tuple[float, float]:
    """Share significant of those with a p-value, and the share that has one."""
    frame = pd.concat([tested(make[at : at + UNITS_A_CALL]) for at in range(0, len(make), UNITS_A_CALL)])
    have = frame["p_value"].dropna()
    return float((have <= ALPHA).mean()), len(have) / len(frame)


def run(trains: int, seed: int) -> tuple[list[Line], list[dict[str, object]]]:
    """False positives of every drift, and the power of the table."""
    rows: list[dict[str, object]] = []
    kinds = [(drift, shape, rate) for drift in DRIFTS for shape, rate in ((1.0, 1.0), (4.0, 2.0), (None, 2.0))]
    for index, (drift, shape, rate) in enumerate(kinds):
        made = []
        for number in range(trains):
            rng = np.random.default_rng([seed, 20, index, number])
            course = _rate(drift, rate, rng)
            train = bursty_train(rng, course, step_s=STEP_S) if shape is None else None
            made.append(spike_train(rng, course, shape or 1, step_s=STEP_S) if train is None else train)
        share, have = _shares(made)
        rows.append({"drift": drift, "shape": shape, "rate": rate, "false_positives": share, "tested": have})
    worst = max(rows, key=lambda row: float(str(row["false_positives"])))
    high = share_bounds(MOST, trains, len(kinds))[1]
    figure = f"mean {100 * np.mean([float(str(row['false_positives'])) for row in rows]):.1f} %, most "
    figure += f"{100 * float(str(worst['false_positives'])):.1f} % (drift {worst['drift']}, gamma {worst['shape']})"
    target = f"<= 6 % (<= {100 * high:.1f} in all {len(kinds)})"
    lines = [Line("drug effect, false positives", target, figure, float(str(worst["false_positives"])) <= high)]
    for name, spread in POWER.items():
        made = []
        for number in range(trains):
            rng = np.random.default_rng([seed, 21, number, int(10 * spread)])
            course = drifting_rate(rng, END_S, 1.0, spread, 60.0, STEP_S) if spread else flat_rate(END_S, 1.0, STEP_S)
            course[round(AT_S / STEP_S) :] *= 0.5
            made.append(spike_train(rng, course, 1.0, step_s=STEP_S))
        share, have = _shares(made)
        rows.append({"power": name, "share": share, "tested": have})
        needed = LEAST_POWER if not spread else None
        target = ">= 90 %" if needed else "reported"
        held = share >= LEAST_POWER if needed else None
        lines.append(Line(f"drug effect, power, -50 % over 10 min, {name}", target, f"{100 * share:.1f} %", held))
    return lines, rows
