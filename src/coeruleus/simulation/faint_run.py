"""A run of faint noradrenaline at known distances from the noise, to measure how well areas are measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coeruleus.simulation.area_bound import area_bound
from coeruleus.simulation.chromatogram import Chromatogram, Peak
from coeruleus.simulation.noise import Noise
from coeruleus.simulation.peaks import Shape
from coeruleus.simulation.run import CATECHOLS, Column, Vial, retention_factor, sensitivity, simulate_run

LEVELS_NM = {"S1": 0.5, "S2": 1.0, "S3": 2.5, "S4": 5.0, "S5": 10.0, "S6": 20.0, "QC": 3.0}
OTHERS_NM = {"MHPG": (1.0, 4.0), "DOPAC": (15.0, 80.0), "DA": (0.2, 2.0), "5-HIAA": (15.0, 80.0), "HVA": (15.0, 80.0)}
RELATIVE = {"DOPAC": 4.0, "5-HIAA": 4.0, "HVA": 4.0}
INTERNAL_STANDARD_NM = 10.0
RESOLUTION = 0.8  # of the unknown peak from noradrenaline
DETECTION = (3.3, 5.0)  # distances from the noise that detection is counted at
FAINTEST, CLEAREST = 3.0, 300.0


@dataclass(frozen=True)
class FaintRun:
    """Injections in order. `truth` has a row per injection × analyte: area, bound (NE alone), concentration (nM)."""

    injections: pd.DataFrame
    standards: pd.DataFrame
    traces: tuple[Chromatogram, ...]
    truth: pd.DataFrame
    column: Column


@dataclass(frozen=True)
class _Place:
    kind: str
    level: str | None = None
    snr: float = 0.0
    beside: bool = False


def simulate_faint_run(
    seed: int | Sequence[int],
    *,
    shape: Shape = "emg",
    rate_hz: float = 2.0,
    loss: float = 0.25,
    noise: Noise | None = None,
    samples: int = 48,
) -> FaintRun:
    """Standards, blanks, quality controls and `samples` dialysates (73 injections with 48).

    Retention drifts by 3 % with 0.3 % jitter, sensitivity falls by `loss`; a third of the samples hold an unknown
    peak at resolution 0.8 after NE. NE of the samples is set by area over its bound: one in eight each at 3.3 and
    5, one in twelve without NE, the others log-uniform from 3 to 300.
    """
    rng = np.random.default_rng(seed)
    sign = rng.choice([-1.0, 1.0])
    column = Column(
        shape=shape,
        rate_hz=rate_hz,
        retention_drift=0.03 * sign,
        retention_jitter=0.003,
        sensitivity_loss=loss,
        noise=noise or Noise(),
    )
    order = _order(rng, samples)
    vials = [_vial(rng, item, k, len(order), column) for k, item in enumerate(order)]
    traces = tuple(simulate_run(rng, vials, column))
    injections = pd.DataFrame(
        [{"injection_id": f"i{k + 1:03d}", "run": "run", "kind": item.kind, "level": item.level, "order": k + 1,
          "subject_id": "rat" if item.kind == "dialysate" else None} for k, item in enumerate(order)]
    )  # fmt: skip
    standards = pd.DataFrame(
        [{"level": level, "analyte": name, "concentration": value, "unit": None}
         for level in LEVELS_NM for name, value in _contents(level).items()]
    )  # fmt: skip
    rows = []
    for k, (item, vial, trace) in enumerate(zip(order, vials, traces, strict=True)):
        bound = area_bound(trace.peaks, "NE", rate_hz=rate_hz, noise=column.noise).area_se
        for made in trace.peaks:
            if made.name != "unknown":
                rows.append({"injection_id": f"i{k + 1:03d}", "analyte": made.name, "kind": item.kind,
                             "area": made.area, "apex_min": made.apex_min, "beside": item.beside,
                             "bound": bound if made.name == "NE" else np.nan, "aimed": item.snr,
                             "concentration": vial.contents.get(made.name, 0.0)})  # fmt: skip
    return FaintRun(injections, standards, traces, pd.DataFrame(rows), column)


def _order(rng: np.random.Generator, samples: int) -> list[_Place]:
    eighth = samples // 8
    aims = [3.3] * eighth + [5.0] * eighth + [0.0] * (samples // 12)
    aims += list(np.exp(rng.uniform(np.log(FAINTEST), np.log(CLEAREST), samples - len(aims))))
    beside = np.arange(samples) % 3 == 0
    made = [_Place("dialysate", None, float(s), bool(b)) for s, b in zip(aims, beside, strict=True)]
    shuffled = [made[k] for k in rng.permutation(samples)]
    levels = [_Place("standard", name) for name in LEVELS_NM if name != "QC"]
    control, blank = _Place("qc", "QC"), _Place("blank")
    result = [blank, blank, *levels, control]
    for part in range(4):
        result += shuffled[part * samples // 4 : (part + 1) * samples // 4]
        if part < 3:
            result += [blank, levels[3], control]
    return [*result, *reversed(levels), blank]


def _contents(level: str) -> dict[str, float]:
    amounts = {c.name: LEVELS_NM[level] * RELATIVE.get(c.name, 1.0) for c in CATECHOLS}
    return amounts | {"DHBA": INTERNAL_STANDARD_NM}


def _vial(rng: np.random.Generator, item: _Place, k: int, n: int, column: Column) -> Vial:
    if item.kind == "blank":
        return Vial({}, front=0.6)
    if item.level is not None:
        return Vial(_contents(item.level), front=0.6)
    inside = {name: float(np.exp(rng.uniform(*np.log(ends)))) for name, ends in OTHERS_NM.items()}
    inside["DHBA"] = INTERNAL_STANDARD_NM
    gain = sensitivity(k, n, column.sensitivity_loss)
    stretch = retention_factor(k, n, column)
    made = [Peak(c.name, inside.get(c.name, 0.0) * c.response * gain, c.apex_min * stretch,
                 column.width * c.apex_min, c.tailing * column.width * c.apex_min, column.shape)
            for c in CATECHOLS]  # fmt: skip
    main = next(p for p in made if p.name == "NE")
    width = 2.355 * np.hypot(main.sigma_min, 0.6 * main.tau_min)
    unknowns: list[tuple[float, float]] = []
    if item.beside:
        apart = RESOLUTION * 2 * width / 1.18
        area = float(np.exp(rng.uniform(np.log(0.3), np.log(3.0))))
        ne = next(c for c in CATECHOLS if c.name == "NE")
        unknowns = [(ne.apex_min + apart, area)]
        made.append(Peak("unknown", area * gain, main.apex_min + apart, main.sigma_min, 0.7 * main.sigma_min,
                         column.shape))  # fmt: skip
    response = next(c.response for c in CATECHOLS if c.name == "NE")
    inside["NE"] = 0.0
    if item.snr > 0:
        guess = [replace(p, area=1.0) if p is main else p for p in made]
        for _ in range(2):
            bound = area_bound(guess, "NE", rate_hz=column.rate_hz, noise=column.noise).area_se
            guess = [replace(p, area=item.snr * bound) if p.name == "NE" else p for p in guess]
        inside["NE"] = item.snr * bound / response / gain
    return Vial(inside, unknowns)
