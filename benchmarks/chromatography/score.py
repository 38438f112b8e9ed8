"""What the pipeline makes of a simulated run, beside the truth: one row per injection, for noradrenaline."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coeruleus.chromatography.prepare import Trace
from coeruleus.chromatography.quantify import Analyte, Calibration, quantify_run
from coeruleus.simulation.faint_run import DETECTION, FaintRun, simulate_faint_run
from coeruleus.simulation.run import CATECHOLS

SHAPES = ("emg", "two_tails", "bigaussian", "parabolic", "lognormal", "haarhoff")
RATES = (2.0, 10.0)
FIRST_MIN = 3.5  # what the runs are cut to
BINS = (3.0, 10.0, 30.0, 100.0, 300.0)
NAMES = tuple(c.name for c in CATECHOLS)


@dataclass(frozen=True)
class Line:
    """One line of the printed table. `limits` are inclusive; None: no figure without a limit."""

    quantity: str
    value: float
    limits: tuple[float, float]
    note: str = ""

    @property
    def held(self) -> bool:
        return bool(self.limits[0] <= self.value <= self.limits[1])


def traces_of(run: FaintRun) -> dict[str, Trace]:
    result = {}
    for name, trace in zip(run.injections["injection_id"], run.traces, strict=True):
        keep = trace.time_min >= FIRST_MIN
        result[name] = Trace(trace.time_min[keep], trace.signal[keep], "nA")
    return result


def measure(run: FaintRun) -> tuple[pd.DataFrame, float]:
    """Rows of noradrenaline (area, area_se, status, concentration beside the truth) and CPU seconds."""
    analytes = [Analyte(c.name, c.apex_min, "nM") for c in CATECHOLS]
    nobody = pd.DataFrame(columns=["injection_id", "analyte", "action"])
    begun = time.process_time()
    result = quantify_run(run.injections, traces_of(run), {}, run.standards, analytes, Calibration(), nobody)
    seconds = time.process_time() - begun
    truth = run.truth[run.truth["analyte"] == "NE"].rename(columns={"area": "true", "concentration": "true_nM"})
    rows = truth.merge(result.peaks.drop(columns="kind"), on=["injection_id", "analyte"], validate="1:1")
    held = result.concentrations[["injection_id", "analyte", "concentration"]]
    return rows.merge(held, on=["injection_id", "analyte"], how="left"), seconds


def study(seed: int, rounds: int) -> pd.DataFrame:
    """`rounds` times the six shapes (half of them outside the fitted family), 2 and 10 Hz in turn."""
    parts = []
    for k in range(rounds * len(SHAPES)):
        shape, rate = SHAPES[k % len(SHAPES)], RATES[(k % 4 in (1, 2)) ^ (k // len(SHAPES) % 2)]
        rows, _ = measure(simulate_faint_run([seed, k], shape=shape, rate_hz=rate))
        parts.append(rows.assign(run_number=k, shape=shape, rate_hz=rate))
    table = pd.concat(parts, ignore_index=True)
    table["snr_true"] = table["true"] / table["bound"]
    # an area that is not there at all counts as none: zero, without an error
    table["z"] = (table["area"].fillna(0.0) - table["true"]) / table["bound"]
    inside = (table["area"] - table["true"]).abs() <= 1.96 * table["area_se"]
    table["inside"] = inside.fillna(False)
    return table


def accuracy_lines(table: pd.DataFrame) -> list[Line]:
    samples = table[table["kind"] == "dialysate"]
    lines = []
    for beside, limit in ((False, 1.25), (True, 1.5)):
        part = samples[samples["beside"] == beside]
        place = "beside the unknown peak" if beside else "alone"
        for low, high in itertools.pairwise(BINS):
            some = part[(part["snr_true"] >= 0.95 * low) & (part["snr_true"] < high)]
            lines.append(_rmse(f"RMSE ÷ bound, {place}, S/N {low:g} to {high:g}", some, limit))
        lines.append(_rmse(f"RMSE ÷ bound, {place}, all of them", part[part["snr_true"] > 2.8], limit))
    for low, limit in ((10.0, 0.02), (100.0, 0.01)):
        some = samples[samples["snr_true"] >= low]
        away = some["area"].fillna(0.0) / some["true"] - 1
        note = f"n = {len(some)}, ± {away.std() / np.sqrt(len(some)):.2%}"
        lines.append(Line(f"bias of the area, S/N ≥ {low:g}", float(away.mean()), (-limit, limit), note))
    for name, some in (("all", samples), ("S/N ≥ 30", samples[samples["snr_true"] >= 30])):
        lines.append(
            Line(
                f"95 % interval contains the truth, {name}",
                float(some["inside"].mean()),
                (0.92, 0.98),
                f"n = {len(some)}",
            )
        )
    return lines


def _rmse(quantity: str, rows: pd.DataFrame, limit: float) -> Line:
    value = float(np.sqrt((rows["z"] ** 2).mean()))
    return Line(quantity, value, (0.0, limit), f"n = {len(rows)}, mean {rows['z'].mean():+.2f}")


def detection_lines(table: pd.DataFrame) -> list[Line]:
    lines = []
    found = table["status"] == "ok"
    for aim, least in zip(DETECTION, (0.80, 0.97), strict=True):
        some = found[table["aimed"] == aim]
        lines.append(Line(f"found at S/N {aim:g}", float(some.mean()), (least, 1.0), f"n = {len(some)}"))
    none = found[table["true"] == 0]
    lines.append(Line("found where there is none", float(none.mean()), (0.0, 0.05), f"n = {len(none)}"))
    return lines


def concentration_line(seed: int, rounds: int) -> Line:
    """Error of concentrations in runs that lose 25 % of sensitivity, over that in the same runs without the loss."""
    errors: dict[float, list[float]] = {0.25: [], 0.0: []}
    for k in range(rounds):
        for loss, away in errors.items():
            run = simulate_faint_run([seed, 1000 + k], shape=SHAPES[k % len(SHAPES)], loss=loss)
            rows, _ = measure(run)
            rows = rows[(rows["kind"] == "dialysate") & (rows["true"] >= 10 * rows["bound"])]
            away += list(rows["concentration"].fillna(0.0) / rows["true_nM"] - 1)
    sizes = {loss: float(np.sqrt(np.mean(np.square(away)))) for loss, away in errors.items()}
    note = f"{sizes[0.25]:.2%} ÷ {sizes[0.0]:.2%}, S/N ≥ 10"
    return Line("concentration error, drift corrected ÷ no drift", sizes[0.25] / sizes[0.0], (0.0, 1.2), note)


def breakdown(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """RMSE and mean of z by columns, for those who look for causes."""
    rows = table[(table["kind"] == "dialysate") & (table["snr_true"] > 2.8)].copy()
    rows["bin"] = pd.cut(rows["snr_true"], [0.95 * BINS[0], *BINS[1:]])
    rows["z2"], rows["pull"] = rows["z"] ** 2, (rows["area"] - rows["true"]) / rows["area_se"]
    rows["ratio"] = rows["area_se"] / rows["bound"]
    groups = rows.groupby([*by, "bin"], observed=True)
    return groups.agg(n=("z", "size"), mean=("z", "mean"), rmse=("z2", lambda v: np.sqrt(v.mean())),
                      pull=("pull", "std"), se_over_bound=("ratio", "median"), inside=("inside", "mean"))  # fmt: skip
