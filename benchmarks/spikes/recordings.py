"""Recordings with known spikes: slow gamma-renewal units in coloured noise with distant spikes, drift and pinches.

SNR is what SpikeInterface and SpikeForest call so: the peak of the mean spike over the noise, median |x| ÷ 0.6745, both
in one band. It says how far a spike stands out of the middle of the noise, nothing of its tails, and those are made by
960 distant spikes a second whose amplitudes are log-normal: beyond 5 times the noise the quiet sets have 50 times, the
loud ones 1,000 times as many samples as normal noise. Their median amplitude is 0.9 to 1.4 times the noise in the quiet
sets and 1.4 to 1.8 times in the loud ones (MEArec's far neurons: 1 at most). In a loud one there come about as many
distant spikes as large as a unit of SNR 4.5 as that unit fires itself: how much of a unit can be told from them at all
`bound.py` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from coeruleus.simulation.trace import Background, TraceUnit, simulate_trace
from coeruleus.simulation.trains import bursty_train, drifting_rate, drop_refractory, spike_train
from coeruleus.simulation.waveforms import BROAD, LC_LIKE, MEDIUM, NARROW, SpikeForm, template
from coeruleus.spikes.detect import collect
from coeruleus.spikes.filter import bandpass
from coeruleus.spikes.match import make_whitener, template_distance

RATE_HZ = 24000.0
BAND_HZ = (300.0, 5000.0)  # in which SNR is stated, whatever band a sorter uses
DRIFT_PER_HOUR = 0.3
NEAR = 4.0
NOISE_S = 60.0  # of noise that d′ is measured in: from 20 s it came out up to a seventh wrong
FORMS = (LC_LIKE, BROAD, MEDIUM, NARROW)
SOS = butter(3, BAND_HZ, btype="bandpass", fs=RATE_HZ, output="sos")


@dataclass(frozen=True)
class Recording:
    """`trace` (n, channels) in µV; `trains` (s), `snr` and `apart`, the matrix of d′, of its units."""

    name: str
    trace: np.ndarray
    rate_hz: float
    trains: list[np.ndarray]
    snr: np.ndarray
    apart: np.ndarray

    def groups(self) -> list[list[int]]:
        """Units that can be told apart; those nearer than d′ 4, directly or through others, stand together."""
        left, groups = list(range(len(self.trains))), []
        while left:
            group = [left.pop(0)]
            for unit in group:
                near = [other for other in left if self.apart[unit, other] < NEAR]
                group += near
                left = [other for other in left if other not in near]
            groups.append(sorted(group))
        return groups


class Noise:
    """The background in the band: its robust size (channels,) and the distance (d′) between spikes in it."""

    def __init__(self, rng: np.random.Generator, channels: int, background: Background) -> None:
        own = np.random.default_rng(rng.integers(2**32))
        trace = simulate_trace(own, [], duration_s=NOISE_S, rate_hz=RATE_HZ, n_channels=channels, background=background)
        band = sosfiltfilt(SOS, trace, axis=0)
        self.size = np.median(np.abs(band), axis=0) / 0.6745
        self.found = collect([trace], RATE_HZ)
        snippets = np.array(self.found.noise_snippets, dtype=float)
        self.whitener = make_whitener(snippets, np.median(np.array(self.found.noise_uv), axis=0))

    def snr(self, form: SpikeForm, gains: np.ndarray) -> float:
        return float(np.max(np.abs(filtered(form)).max() * gains / self.size))

    def apart(self, first: TraceUnit, second: TraceUnit) -> float:
        """d′ between two mean spikes, as the sorter measures it, of spikes without noise.

        Less what a whitener made from few snippets adds: some 4 % with the 900 of one channel.
        """
        rows = [self._template(unit) for unit in (first, second)]
        apart = template_distance(rows[0], rows[1], self.whitener, self.found.grid_s)[0]
        return apart / float(np.sqrt(self.whitener.inflation))

    def _template(self, unit: TraceUnit) -> np.ndarray:
        time_s = (np.arange(2400) - 1200) / RATE_HZ
        band = bandpass(template(unit.form)(time_s * 1000)[:, None] * np.asarray(unit.gains)[None], RATE_HZ)
        loudest = band[:, int(np.argmax(np.abs(band).max(axis=0)))]
        peak = time_s[int(np.argmax(np.abs(loudest)))]
        return np.asarray(CubicSpline(time_s, band, axis=0)(peak + self.found.offsets_s))


def filtered(form: SpikeForm) -> np.ndarray:
    """The spike in the band in which SNR is stated."""
    time = (np.arange(2400) - 1200) / RATE_HZ * 1000
    return np.asarray(sosfiltfilt(SOS, template(form)(time)))


def some_form(rng: np.random.Generator) -> SpikeForm:
    """One of the forms, a little wider or narrower; spikes of a tungsten electrode point either way."""
    form = FORMS[rng.integers(len(FORMS))]
    stretch = rng.uniform(0.8, 1.25)
    return replace(
        form,
        amplitude_uv=float(rng.choice([-1.0, 1.0])) * 100.0,
        rise_ms=form.rise_ms * stretch,
        fall_ms=form.fall_ms * stretch * rng.uniform(0.9, 1.1),
        after=form.after * rng.uniform(0.7, 1.3),
        after_ms=form.after_ms * stretch,
    )


def some_train(rng: np.random.Generator, duration_s: float) -> np.ndarray:
    """0.3 to 5 Hz; one in four bursts."""
    rate = drifting_rate(rng, duration_s, float(np.exp(rng.uniform(np.log(0.3), np.log(5.0)))), 0.25)
    if rng.uniform() < 0.25:
        return bursty_train(rng, rate, refractory_s=0.004)
    return spike_train(rng, rate, rng.uniform(1.5, 6.0), refractory_s=0.004)


def record(
    seed: list[int],
    name: str,
    *,
    snr: tuple[float, float],
    n_units: tuple[int, int],
    channels: int = 1,
    duration_s: float = 200.0,
    near: bool = False,
    distant_uv: tuple[float, float] = (5.0, 9.0),
) -> Recording:
    """One recording. Units are drawn again until all are d′ 4 apart; with `near` the second copies the first
    until it lies nearer than that. A twentieth of the spikes of neighbours overlap on purpose."""
    rng = np.random.default_rng(seed)
    background = Background(distant_uv=rng.uniform(*distant_uv), white_uv=rng.uniform(7, 11))
    noise = Noise(rng, channels, background)
    count = 2 if near else int(rng.integers(n_units[0], n_units[1] + 1))
    units: list[TraceUnit] = []
    while len(units) < count:
        form, gains = some_form(rng), _gains(rng, channels)
        wanted = float(np.exp(rng.uniform(np.log(snr[0]), np.log(snr[1]))))
        if near and units:
            form = replace(units[0].form, rise_ms=units[0].form.rise_ms * rng.uniform(0.85, 1.15))
            gains = np.asarray(units[0].gains)
            wanted = noise.snr(units[0].form, gains) * rng.uniform(0.6, 1.0)
        form = replace(form, amplitude_uv=form.amplitude_uv * wanted / noise.snr(form, gains))
        drift = rng.choice([-1.0, 1.0]) * DRIFT_PER_HOUR
        unit = TraceUnit(some_train(rng, duration_s), form, tuple(gains), drift)
        distances = [noise.apart(_halfway(unit, duration_s), _halfway(other, duration_s)) for other in units]
        if (1.0 < distances[0] < NEAR) if near and units else all(distance >= NEAR for distance in distances):
            units.append(unit)
    units = [_overlapping(rng, unit, units[index - 1]) if index else unit for index, unit in enumerate(units)]
    pinches = np.sort(rng.uniform(5, duration_s - 5, max(1, round(duration_s / 70))))
    trace = simulate_trace(
        rng,
        units,
        duration_s=duration_s,
        rate_hz=RATE_HZ,
        n_channels=channels,
        background=background,
        artefacts_s=pinches,
    )
    middle = [_halfway(unit, duration_s) for unit in units]
    apart = np.array([[noise.apart(a, b) if a is not b else 0.0 for b in middle] for a in middle]).reshape(count, count)
    sizes = np.array([noise.snr(unit.form, np.asarray(unit.gains)) for unit in middle])
    return Recording(name, trace.astype(np.float32), RATE_HZ, [unit.times_s for unit in units], sizes, apart)


def _halfway(unit: TraceUnit, duration_s: float) -> TraceUnit:
    """The unit as it is in the middle of the recording: in 200 s two that drift apart come d′ 0.4 farther from each
    other than they began, in a quarter of an hour 2."""
    size = 1 + unit.drift_per_hour * duration_s / 2 / 3600
    return replace(unit, form=replace(unit.form, amplitude_uv=unit.form.amplitude_uv * size))


def _gains(rng: np.random.Generator, channels: int) -> np.ndarray:
    gains = rng.uniform(0.15, 1.0, channels)
    return np.asarray(gains / gains.max())


def _overlapping(rng: np.random.Generator, unit: TraceUnit, other: TraceUnit) -> TraceUnit:
    """A twentieth of the unit's spikes moved to within 1.5 ms of a spike of the other."""
    times = unit.times_s.copy()
    count = min(len(times), len(other.times_s)) // 20
    if count:
        moved = rng.choice(len(times), count, replace=False)
        times[moved] = rng.choice(other.times_s, count, replace=False) + rng.uniform(-0.0015, 0.0015, count)
    return replace(unit, times_s=drop_refractory(np.sort(times), 0.004))


LOUD_UV = (9.0, 14.0)  # distant spikes as large as the simulation makes them by default
SETS: dict[str, dict[str, Any]] = {
    "one electrode": {"snr": (6.0, 20.0), "n_units": (1, 3)},
    "near": {"snr": (7.0, 16.0), "n_units": (2, 2), "near": True},
    "small": {"snr": (4.0, 6.0), "n_units": (1, 1)},
    "tetrode": {"snr": (5.0, 15.0), "n_units": (2, 5), "channels": 4},
    "stereotrode": {"snr": (6.0, 15.0), "n_units": (1, 3), "channels": 2},
    "no unit": {"snr": (6.0, 20.0), "n_units": (0, 0)},
    "long": {"snr": (7.0, 20.0), "n_units": (1, 3), "duration_s": 900.0},
    "one electrode, loud background": {"snr": (6.0, 20.0), "n_units": (1, 3), "distant_uv": LOUD_UV},
    "small, loud background": {"snr": (4.0, 6.0), "n_units": (1, 1), "distant_uv": LOUD_UV},
    "no unit, loud background": {"snr": (6.0, 20.0), "n_units": (0, 0), "distant_uv": LOUD_UV},
}


def recordings(kind: str, count: int, seed: int, duration_s: float | None = None) -> Iterator[Recording]:
    """The recordings of a set, one after the other, of the set's length or another."""
    settings = SETS[kind] | ({"duration_s": duration_s} if duration_s else {})
    for index in range(count):
        yield record([seed, list(SETS).index(kind), index], f"{kind} {index + 1}", **settings)
