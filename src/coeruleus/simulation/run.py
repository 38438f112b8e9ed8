"""A run: injections on one column, which share shapes, a drift of retention and a loss of sensitivity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from coeruleus.simulation.chromatogram import Baseline, Chromatogram, Peak, simulate_chromatogram
from coeruleus.simulation.noise import Noise
from coeruleus.simulation.peaks import Shape


@dataclass(frozen=True)
class Compound:
    """How a compound behaves: apex (min) in the first injection, response (nA s per nM), tau ÷ sigma."""

    name: str
    apex_min: float
    response: float
    tailing: float = 0.7


CATECHOLS = (
    Compound("MHPG", 4.78, 0.95, 0.75),
    Compound("NE", 5.28, 1.40, 0.85),
    Compound("EPI", 6.62, 1.35, 0.80),
    Compound("DHBA", 7.95, 1.55, 0.75),
    Compound("DOPAC", 9.30, 1.70, 0.60),
    Compound("DA", 11.65, 1.50, 0.80),
    Compound("5-HIAA", 14.85, 1.60, 0.55),
    Compound("HVA", 18.90, 0.90, 0.50),
)


@dataclass(frozen=True)
class Column:
    """One column over one run. Fractions are of the value at the first injection; all may be 0.

    `retention_drift` and `sensitivity_loss` are reached at the last injection. `retention_jitter`,
    `volume_jitter` (common to all peaks of an injection) and `area_jitter` (each peak alone) are standard
    deviations. `width` is sigma ÷ retention time.
    """

    compounds: tuple[Compound, ...] = CATECHOLS
    width: float = 0.0155
    shape: Shape = "emg"
    retention_shift: float = 0.0
    retention_drift: float = -0.03
    retention_jitter: float = 0.001
    sensitivity_loss: float = 0.2
    volume_jitter: float = 0.008
    area_jitter: float = 0.003
    rate_hz: float = 2.0
    duration_min: float = 22.0
    noise: Noise = field(default_factory=Noise)
    baseline: Baseline = field(default_factory=Baseline)


@dataclass(frozen=True)
class Vial:
    """What one injection holds: concentrations (nM) by compound.

    `unknowns` are (apex in min at the first injection, area in nA s). `front` scales the solvent front,
    `hump_na` the late hump, `glitch_min` places an electrical spike.
    """

    contents: Mapping[str, float]
    unknowns: Sequence[tuple[float, float]] = ()
    front: float = 1.0
    hump_na: float = 0.0
    glitch_min: float | None = None


def sensitivity(order: int, n: int, loss: float) -> float:
    """Sensitivity of the electrode at injection `order` (from 0) of `n`: an exponential loss."""
    return float((1 - loss) ** (order / max(n - 1, 1)))


def retention_factor(order: int, n: int, column: Column) -> float:
    """Retention at injection `order` relative to the compound's own: shift, then drift that levels off."""
    passed = order / max(n - 1, 1)
    levelling = (1 - np.exp(-1.5 * passed)) / (1 - np.exp(-1.5))
    return float((1 + column.retention_shift) * (1 + column.retention_drift * levelling))


def simulate_run(rng: np.random.Generator, vials: Sequence[Vial], column: Column) -> Iterator[Chromatogram]:
    """Chromatograms of the vials in order. Unknown peaks are named `unknown`; every truth is in `.peaks`."""
    for order, vial in enumerate(vials):
        yield _inject(rng, vial, column, order, len(vials))


def _inject(rng: np.random.Generator, vial: Vial, column: Column, order: int, n: int) -> Chromatogram:
    stretch = retention_factor(order, n, column) * (1 + column.retention_jitter * rng.standard_normal())
    gain = sensitivity(order, n, column.sensitivity_loss) * (1 + column.volume_jitter * rng.standard_normal())
    peaks = []
    for compound in column.compounds:
        each = 1 + column.area_jitter * rng.standard_normal()
        area = vial.contents.get(compound.name, 0.0) * compound.response * gain * each
        # The jitter of single peaks against each other is a tenth of the common one.
        apex = compound.apex_min * stretch * (1 + 0.1 * column.retention_jitter * rng.standard_normal())
        sigma = column.width * compound.apex_min
        peaks.append(Peak(compound.name, area, apex, sigma, compound.tailing * sigma, column.shape))
    for apex_min, area in vial.unknowns:
        sigma = column.width * apex_min
        peaks.append(Peak("unknown", area * gain, apex_min * stretch, sigma, 0.7 * sigma, column.shape))
    front = vial.front * (1 + 0.05 * rng.standard_normal())
    start = column.baseline
    baseline = replace(
        start,
        front_na=start.front_na * front,
        tail_na=start.tail_na * front,
        tail_min=start.tail_min * (1 + 0.03 * rng.standard_normal()),
        level_na=start.level_na * (1 + 0.03 * rng.standard_normal()),
        slope_na=start.slope_na * (1 + 0.5 * rng.standard_normal()),
        hump_na=start.hump_na + vial.hump_na,
    )
    return simulate_chromatogram(
        rng,
        peaks,
        duration_min=column.duration_min,
        rate_hz=column.rate_hz,
        noise=column.noise,
        baseline=baseline,
        glitch_min=vial.glitch_min,
    )
