"""ANDI/AIA netCDF (ASTM E1947), which most vendors export: one channel a file, often with its peak table."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pandas as pd

from coeruleus.formats.channels import choose_channel
from coeruleus.formats.chromatogram import VENDOR_COLUMNS, Chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.formats.facts import header_facts
from coeruleus.formats.registry import reads
from coeruleus.formats.signal_units import tidy_unit
from coeruleus.formats.text import Source
from coeruleus.formats.time_axis import strictly_rising
from coeruleus.formats.time_limit import time_limit
from coeruleus.formats.vendor_scale import rescale

LARGEST = 2**29
FACTS = frozenset(
    {"sample_name", "sample_id", "sample_type", "sample_injection_volume", "injection_date_time_stamp"}
    | {"detection_method_name", "detector_name", "detector_unit", "retention_unit"}
)
NOTED_APART, MOST_APART = 0.01, 0.1


def sniff(source: Source) -> str | None:
    if source.head[:4] not in (b"CDF\x01", b"CDF\x02"):
        return "does not begin with CDF as netCDF does"
    if b"ordinate_values" in source.head:
        return None
    return "is netCDF without ordinate_values, so no ANDI chromatogram"


@reads(
    "andi",
    "ANDI/AIA netCDF",
    suffixes=(".cdf", ".nc"),
    notes="retention in s or min; a peak table in another unit than the trace (mAU·min, × 10⁶) is put right by "
    "comparing it with the trace, or left out",
    sniff=sniff,
)
def read(source: Source, channel: str | None = None) -> Chromatogram:
    """Read trace and peak table. Raises FormatError where points, interval and length of the run contradict."""
    if source.size > LARGEST:
        raise FormatError(f"{source.name}: is larger than 512 MB, which no chromatogram is")
    data, facts = _open(source)
    signal = np.asarray(data["ordinate_values"], dtype=float)
    # A sum that is finite has only finite parts, and is quicker.
    if signal.ndim != 1 or len(signal) < 3 or not (np.isfinite(signal.sum()) or np.isfinite(signal).all()):
        raise FormatError(f"{source.name}: 'ordinate_values' holds no sound trace")
    notes: list[str] = []
    per_minute = _units_per_minute(facts.get("retention_unit", ""), data, len(signal), source.name, notes)
    time = _times(data, len(signal), per_minute, source.name, notes)
    name = facts.get("detector_name", "") or "1"
    choose_channel((name,), channel, source.name)
    peaks = _peaks(data, per_minute)
    if peaks is not None:
        peaks, said = rescale(peaks, time, signal)
        notes += said
    return Chromatogram(
        time_min=time,
        signal=signal,
        unit=tidy_unit(facts.get("detector_unit", "")),
        channel=name,
        channels=(name,),
        header=header_facts(
            sample_name=facts.get("sample_name"),
            sample_id=facts.get("sample_id"),
            sample_type=facts.get("sample_type"),
            acquired=_date(facts.get("injection_date_time_stamp", "")),
            injected_ul=facts.get("sample_injection_volume"),
            vial=facts.get("autosampler_position"),
            detector=name,
            method=facts.get("detection_method_name"),
        ),
        vendor_peaks=peaks,
        notes=tuple(notes),
        format="andi",
    )


def _open(source: Source) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Variables as arrays and attributes as text. The file lies in memory: its claims cannot make us read more."""
    from scipy.io import netcdf_file

    try:
        with time_limit(5 + source.size / 5e6):
            file = netcdf_file(io.BytesIO(source.data), "r", mmap=False)
            data = {name: np.asarray(each.data) for name, each in file.variables.items()}
            facts = {name: _text(value) for name, value in vars(file)["_attributes"].items() if name in FACTS}
            position = getattr(file.variables.get("ordinate_values"), "autosampler_position", b"")
    except Exception as error:
        raise FormatError(f"{source.name}: is damaged or cut off: it cannot be read as netCDF ({error})") from None
    if "ordinate_values" not in data:
        raise FormatError(f"{source.name}: has no 'ordinate_values'")
    return data, facts | {"autosampler_position": _text(position)}


def _text(value: Any) -> str:
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return " ".join(text.split("\0")[0].split())


def _scalar(data: dict[str, np.ndarray], name: str) -> float:
    value = data.get(name)
    return float(value.ravel()[0]) if value is not None and value.size and value.dtype.kind in "fiu" else np.nan


def _units_per_minute(unit: str, data: dict[str, np.ndarray], points: int, file: str, notes: list[str]) -> float:
    """60 where times are in seconds, 1 where in minutes; the standard's default is seconds."""
    word = unit.casefold()
    if "min" in word:
        return 1.0
    if "sec" in word or word == "s":
        return 60.0
    if word not in ("", "none"):
        raise FormatError(f"{file}: retention is in {unit!r}, which is neither seconds nor minutes")
    length = points * _scalar(data, "actual_sampling_interval")
    notes.append(f"the file does not say the unit of time; taken as seconds, the standard's default ({length:.4g} s)")
    return 60.0


def _times(data: dict[str, np.ndarray], points: int, per_minute: float, file: str, notes: list[str]) -> np.ndarray:
    """Times in minutes: written ones where sampling is uneven, else from delay and interval."""
    written = data.get("raw_data_retention")
    if written is not None and written.shape == (points,) and np.isfinite(written).all() and np.ptp(written) > 0:
        return strictly_rising(np.asarray(written, dtype=float), 1, file) / per_minute
    interval, delay = _scalar(data, "actual_sampling_interval"), _scalar(data, "actual_delay_time")
    if not (np.isfinite(interval) and interval > 0):
        raise FormatError(f"{file}: does not say its sampling interval")
    delay = delay if np.isfinite(delay) else 0.0
    run = _scalar(data, "actual_run_time_length")
    length = points * interval
    # The length counts from the injection or from the first point, by vendor.
    apart = min(abs(run - length), abs(run - length - delay)) if run > 0 else 0.0
    said = f"{points} points {interval:g} apart last {length:.6g}, the file says {run:.6g}"
    if apart > MOST_APART * run:
        raise FormatError(f"{file}: {said}; the file is damaged")
    if apart > max(NOTED_APART * run, 2 * interval):
        notes.append(f"{said}; the run was stopped early, or the interval is rounded")
    # The float32 of an interval is put back to the shortest decimal that it can mean.
    times = np.arange(points, dtype=float)
    times *= float(str(np.float32(interval))) / per_minute
    if delay:
        times += float(str(np.float32(delay))) / per_minute
    return times


def _peaks(data: dict[str, np.ndarray], per_minute: float) -> pd.DataFrame | None:
    apex = data.get("peak_retention_time")
    if apex is None or apex.ndim != 1 or not len(apex):
        return None
    count = len(apex)

    def column(*names: str) -> np.ndarray:
        for name in names:
            values = data.get(name)
            if values is not None and values.shape == (count,) and values.dtype.kind in "fiu":
                return np.asarray(values, dtype=float)
        return np.full(count, np.nan)

    start, end = column("peak_start_time", "baseline_start_time"), column("peak_end_time", "baseline_stop_time")
    interval, delay = _scalar(data, "actual_sampling_interval"), _scalar(data, "actual_delay_time")
    if not _brackets(start, apex, end):
        # Some vendors write start and end as numbers of samples.
        start, end = delay + start * interval, delay + end * interval
        if not _brackets(start, apex, end):
            start, end = np.full(count, np.nan), np.full(count, np.nan)
    texts = {key: _strings(data.get(f"peak_{name}")) for key, name in (("name", "name"), ("a", "start_detection_code"))}
    stop = _strings(data.get("peak_stop_detection_code"))
    marks = [f"{one}{two}" for one, two in zip(texts["a"], stop, strict=False)]
    frame = pd.DataFrame(
        {
            "retention_time_min": np.asarray(apex, dtype=float) / per_minute,
            "start_min": start / per_minute,
            "end_min": end / per_minute,
            "area": column("peak_area"),
            "height": column("peak_height"),
            "mark": [mark or None for mark in marks] if len(marks) == count else None,
            "name": [each or None for each in texts["name"]] if len(texts["name"]) == count else None,
        }
    )
    return frame[list(VENDOR_COLUMNS)]


def _brackets(start: np.ndarray, apex: np.ndarray, end: np.ndarray) -> bool:
    slack = 1e-3 * (1 + np.abs(apex))
    return bool(np.isfinite([start, end]).all() and ((start <= apex + slack) & (apex <= end + slack)).all())


def _strings(values: np.ndarray | None) -> list[str]:
    if values is None or values.ndim != 2 or values.dtype.kind != "S":
        return []
    return [_text(b"".join(row)) for row in values]


def _date(stamp: str) -> str:
    """19920704140907-0500 as ISO 8601 without zone; empty for the 1900 of files that do not know."""
    match = re.match(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", stamp.replace(",", "").replace(":", ""))
    if match is None or match[1] == "1900":
        return ""
    return f"{match[1]}-{match[2]}-{match[3]}T{match[4]}:{match[5]}:{match[6]}"
