"""A simulated HPLC run with known areas, for the tests of this room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coeruleus.chromatography.prepare import Trace
from coeruleus.chromatography.shapes import emg, emg_apex

# retention (min), plates, tau ÷ sigma, area of the highest standard (signal × s)
ANALYTES = {
    "MHPG": (4.6, 6000, 0.5, 600.0),
    "NE": (5.2, 6000, 0.6, 600.0),
    "EPI": (6.2, 7000, 0.5, 600.0),
    "DHBA": (7.3, 7000, 0.5, 900.0),
    "DOPAC": (8.8, 8000, 0.5, 900.0),
    "DA": (11.0, 8000, 0.5, 600.0),
    "5-HIAA": (13.6, 9000, 0.4, 900.0),
    "HVA": (18.5, 9000, 0.4, 900.0),
}
LEVELS = {"s1": 1 / 64, "s2": 1 / 32, "s3": 1 / 8, "s4": 1 / 4, "s5": 1 / 2, "s6": 1.0}
TOP = 10.0  # concentration of the highest standard, nM
NOISE = 0.5  # standard deviation of the white part at 2 Hz


@dataclass
class Run:
    injections: pd.DataFrame
    standards: pd.DataFrame
    traces: dict[str, Trace]
    areas: dict[tuple[str, str], float]  # true, as they reach the detector
    concentrations: dict[tuple[str, str], float]


def coloured(n: int, step_s: float, rng: np.random.Generator, white: float, pink: float, ripple: float) -> np.ndarray:
    """White + 1/f + ripple of the pump; `white` is the sd of the white part at 2 Hz, of one density at any rate."""
    freq = np.fft.rfftfreq(n, step_s)
    spectrum = rng.normal(size=freq.size) + 1j * rng.normal(size=freq.size)
    spectrum *= np.concatenate([[0.0], 1 / np.sqrt(freq[1:])])
    slow = np.fft.irfft(spectrum, n)
    inside = (freq > 1 / 600) & (freq < 0.2)
    part = np.fft.irfft(np.where(inside, spectrum, 0), n)
    slow *= pink / part.std()
    time = np.arange(n) * step_s
    pump = ripple * np.sin(2 * np.pi * time / 7.3 + rng.uniform(0, 6.28))
    return white * np.sqrt(0.5 / step_s) * rng.normal(size=n) + slow + pump


def signal_of(time: np.ndarray, areas: dict[str, float], stretch: float, own: dict[str, float]) -> np.ndarray:
    total = np.zeros_like(time)
    for name, (retention, plates, ratio, _) in ANALYTES.items():
        at = retention * stretch * own[name]
        sigma = at / np.sqrt(plates)
        tau = ratio * sigma
        total += areas[name] / 60 * emg(time, at - emg_apex(sigma, tau), sigma, tau)
    return total


def solvent(time: np.ndarray, height: float) -> np.ndarray:
    return height * 60 * np.exp(-(time - 2.2) / 0.55) * (time > 2.2) + 3 * height * np.exp(-(time - 2.2) / 3.0)


def simulate_run(
    seed: int,
    blocks: int = 4,
    samples: int = 9,
    rate_hz: float = 2.0,
    drift: float = 0.03,
    jitter: float = 0.003,
    loss: float = 0.25,
    shift: float = 1.0,
    pink: float = 0.3,
    ripple: float = 0.1,
    tail: float = 1.0,
    ne: tuple[float, float] = (0.002, 0.2),
    first_min: float = 3.5,
    noise_scale: float = 1.0,
) -> Run:
    """`blocks` of standards with blanks between, `samples` dialysates between blocks; seeds pinned by `seed`.

    NE of the dialysates is log-uniform over `ne` times the highest standard.
    """
    rng = np.random.default_rng(seed)
    kinds: list[tuple[str, str | None]] = []
    for block in range(blocks):
        kinds += [("blank", None)] + [("standard", level) for level in LEVELS]
        if block < blocks - 1:
            kinds += [("dialysate", None)] * samples + [("qc", "s4")]
    n = len(kinds)
    time = np.arange(first_min, 22.0, 1 / (60 * rate_hz))
    rows, traces, areas, concentrations = [], {}, {}, {}
    for i, (kind, level) in enumerate(kinds):
        name = f"i{i + 1:03d}"
        rows.append({"injection_id": name, "run": "r1", "kind": kind, "level": level, "order": i + 1,
                     "subject_id": "rat1" if kind == "dialysate" else None})  # fmt: skip
        sensitivity = 1 - loss * i / max(n - 1, 1)
        stretch = shift * (1 + drift * i / max(n - 1, 1)) * (1 + jitter * rng.normal())
        own = {a: 1 + 0.0003 * rng.normal() for a in ANALYTES}
        held: dict[str, float] = {}
        for analyte, (_, _, _, top) in ANALYTES.items():
            share = 0.0
            if level is not None:
                share = LEVELS[level]
            elif kind == "dialysate":
                share = float(np.exp(rng.uniform(np.log(ne[0]), np.log(ne[1])))) if analyte == "NE" else (
                    0.0 if analyte == "EPI" else float(rng.uniform(0.05, 0.8)))  # fmt: skip
            elif analyte == "DHBA":
                share = 0.0
            held[analyte] = top * share * sensitivity
            areas[name, analyte] = held[analyte]
            concentrations[name, analyte] = share * TOP
        noise = noise_scale * coloured(time.size, 60 / (60 * rate_hz), rng, NOISE, pink, ripple)
        traces[name] = Trace(time, signal_of(time, held, stretch, own) + tail * solvent(time, 1.0) + noise, "nA")
    standards = pd.DataFrame(
        [
            {"level": level, "analyte": a, "concentration": share * TOP, "unit": None}
            for level, share in LEVELS.items()
            for a in ANALYTES
        ]
    )
    return Run(pd.DataFrame(rows), standards, traces, areas, concentrations)
