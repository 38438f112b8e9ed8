"""Areas of one analyte over a run, with the concentrations behind them: for studies of calibration alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

LEVELS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class AreaRun:
    """Injections in run order, peak rows by (injection, analyte), standards, and the truth by injection (nM)."""

    injections: pd.DataFrame
    rows: dict[tuple[str, str], dict[str, Any]]
    standards: pd.DataFrame
    truth: dict[str, float]


def simulate_areas(
    rng: np.random.Generator,
    *,
    blocks: int = 4,
    samples: int = 10,
    slope: float = 20.0,
    repeatability: float = 0.02,
    noise: float = 1.0,
    sensitivity_loss: float = 0.2,
    held: Sequence[float] = (),
) -> AreaRun:
    """`blocks` of a blank and six standards, `samples` dialysates (0.3 to 8 nM) between blocks, all of NE.

    With `held` those are the dialysates' concentrations, in run order, as many as there are.

    `repeatability` is relative from injection to injection, `noise` the standard error of an area (known to the
    analysis), `sensitivity_loss` what is lost exponentially from end to end.
    """
    plan: list[tuple[str, float, str | None]] = []
    given = iter(held)
    for block in range(blocks):
        plan += [("blank", 0.0, None), *(("standard", x, f"s{x:g}") for x in LEVELS)]
        if block < blocks - 1:
            drawn = np.exp(rng.uniform(np.log(0.3), np.log(8), samples)).tolist()
            plan += [("dialysate", next(given, other), None) for other in drawn]
    injections, rows, truth = [], {}, {}
    for k, (kind, amount, level) in enumerate(plan):
        name = f"i{k + 1:03d}"
        gain = (1 - sensitivity_loss) ** (k / (len(plan) - 1)) * (1 + repeatability * rng.standard_normal())
        area = slope * amount * gain + noise * rng.standard_normal()
        found = area > 2.4 * noise
        injections.append({"injection_id": name, "run": "r", "kind": kind, "level": level, "subject_id": "rat"})
        rows[name, "NE"] = {
            "area": area,
            "area_se": noise,
            "status": "ok" if found else "not_found",
            "reason": None if found else "no peak",
        }
        truth[name] = amount
    standards = [{"level": f"s{x:g}", "analyte": "NE", "concentration": x, "unit": None} for x in LEVELS]
    frame = pd.DataFrame(injections)
    for column in ("injected_ul", "collected_ul", "added_ul", "dilution"):
        frame[column] = np.nan
    return AreaRun(frame, rows, pd.DataFrame(standards), truth)
