"""What the figures of a unit plot: its interval histogram, rate over time, mean spike and the points on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coeruleus.spikes.held import Masks, masked_within
from coeruleus.spikes.quality import Bounds
from coeruleus.spikes.trains import autocorrelogram, log_histogram, time_at_lags
from coeruleus.spikes.waveform import WaveformMeasures
from coeruleus.tables.status import OK

Array = NDArray[np.floating]
Row = dict[str, Any]

BIN_WIDTHS_S = (10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)
MOST_BINS = 180
SEEN_LEAST = 0.2  # of a bin: with less, its rate is n/a
CORRELOGRAM_BIN_S, CORRELOGRAM_BINS = 0.01, 100


def isi_rows(site: str, unit: str, stretches: Sequence[Array]) -> list[Row]:
    """Rows of `tables.sources.ISI`: spontaneous intervals, within stretches only."""
    key = {"site_id": site, "unit_id": unit}
    return [
        key | {"isi_low_s": low, "isi_high_s": high, "count": count} for low, high, count in log_histogram(stretches)
    ]


def correlogram_rows(site: str, unit: str, stretches: Sequence[Array], bounds: Bounds) -> list[Row]:
    """Rows of `tables.sources.AUTOCORRELOGRAMS`: spontaneous pairs of spikes by their distance, within stretches; the
    rate is that over the time that lies so long after a spike."""
    counts = autocorrelogram(stretches, CORRELOGRAM_BIN_S, CORRELOGRAM_BINS)
    seen = time_at_lags(stretches, bounds, CORRELOGRAM_BIN_S, CORRELOGRAM_BINS)
    edges = np.arange(CORRELOGRAM_BINS + 1) * CORRELOGRAM_BIN_S
    return [
        {
            "site_id": site,
            "unit_id": unit,
            "lag_low_s": low,
            "lag_high_s": high,
            "count": count,
            "rate_hz": count / time if time > 0 else None,
        }
        for low, high, count, time in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), seen, strict=True)
        if any(len(times) for times in stretches)
    ]


def rate_rows(
    site: str,
    unit: str,
    segments: Sequence[Mapping[str, Any]],
    times: Mapping[int, Array],
    masks: Masks | None = None,
) -> list[Row]:
    """Rows of `tables.sources.RATES`: all readable segments; a bin is divided by the time it has, less masked time."""
    rows: list[Row] = []
    for segment in segments:
        duration = segment.get("duration_s")
        if segment["status"] != OK or duration is None or not duration > 0:
            continue
        number = int(segment["segment"])
        width = next((width for width in BIN_WIDTHS_S if duration / width <= MOST_BINS), duration / MOST_BINS)
        edges = np.append(np.arange(0.0, duration - 1e-6, width), duration)
        inside = np.clip(times.get(number, np.empty(0)), 0.0, duration)
        for low, high, count in zip(edges[:-1], edges[1:], np.histogram(inside, edges)[0], strict=True):
            key = {"site_id": site, "unit_id": unit, "segment": number}
            seen = high - low - masked_within(low, high, (masks or {}).get(number, ()))
            rate = count / seen if seen > SEEN_LEAST * (high - low) else None
            rows.append(key | {"time_low_s": low, "time_high_s": high, "rate_hz": rate})
    return rows


def waveform_rows(
    site: str,
    unit: str,
    time_ms: Array,
    amplitude_uv: Array,
    measured: WaveformMeasures,
    highpass_hz: float | None,
) -> tuple[list[Row], list[Row]]:
    """Rows of `tables.sources.WAVEFORMS` and `WAVEFORM_MARKS`, time 0 at the main peak."""
    key = {"site_id": site, "unit_id": unit}
    zero = measured.peak_time_ms if np.isfinite(measured.peak_time_ms) else 0.0
    shown = [
        key | {"time_ms": t - zero, "amplitude_uv": y, "highpass_hz": highpass_hz}
        for t, y in zip(time_ms.tolist(), amplitude_uv.tolist(), strict=True)
    ]
    marks = [
        key | {"mark": name, "time_ms": mark.time_ms - zero, "amplitude_uv": mark.amplitude_uv}
        for name, mark in measured.marks.items()
    ]
    return shown, marks
