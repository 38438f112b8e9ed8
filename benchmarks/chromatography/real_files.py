"""Areas of real files against the tables that the instruments' own software wrote.

usage: python benchmarks/chromatography/real_files.py [--all] [SHARED]

SHARED is the folder of public real files, by default `shared` beside the repository; where it is absent, that is
said and the exit status is 0. Prints a table and exits 1 where a target is missed. With --all every vendor peak of
the other files is a row, else only those that are missed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import detrend

from coeruleus.chromatography.arrays import stretches
from coeruleus.chromatography.bounds import integrate
from coeruleus.chromatography.noise import Noise, estimate_noise
from coeruleus.chromatography.peaks_and_dips import find_peaks_and_dips
from coeruleus.chromatography.prepare import Cells, Trace, even
from coeruleus.chromatography.quantify import Analyte, Calibration, quantify_run
from coeruleus.chromatography.trace_peaks import find_trace_peaks
from coeruleus.chromatography.weighted_sums import straight_weights
from coeruleus.experiment.load import load_experiment
from coeruleus.formats.chromatogram import Chromatogram, read_chromatogram
from coeruleus.formats.errors import FormatError
from coeruleus.formats.injections import read_traces

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
NEAR = 0.3  # min from the nominal time, for the vendor's peak of an analyte
WITHIN, SHARE = 0.02, 0.98  # with the vendor's bounds
OWN = 0.03  # found by itself
TOUCH = 0.005  # min
SHORTEST, CALM = 16, 5.0  # cells of a quiet stretch; waves over those of the calmest
CLEAR = 10.0  # area over its bound: a vendor's peak that must be found
# One sentence for each area of an analyte that is farther off than 3 % and two of its own standard errors.
WHY = {
    ("inj07", "acetate"): "the vendor ends it 0.35 min later than around it: a wave of the baseline is in its area",
}
# The same for each clear peak of a vendor that is not found; it does not make the target held.
NO_PEAK = {
    ("new-shim-1.txt [Detector B-Ch1]", 13.737): "a ripple on the falling side of a hump, which the vendor cuts in two",
    ("Output-sample 0.txt", 10.392): "a ripple on the falling side of a hump, which the vendor cuts in two",
    ("Output-sample 3.txt", 10.392): "the trace of sample 0 again",
}


@dataclass(frozen=True)
class Target:
    name: str
    wanted: str
    measured: str
    held: bool


def with_vendor_bounds(files: dict[str, Chromatogram]) -> Target:
    """Every vendor peak integrated between the vendor's start and end."""
    away = []
    for one in files.values():
        assert one.vendor_peaks is not None
        for peak in one.vendor_peaks.to_dict("records"):
            found = integrate(one.time_min, one.signal, peak["start_min"], peak["end_min"], None, 1.0)
            away.append(found.area / peak["area"] - 1)
    share = float(np.mean(np.abs(away) < WITHIN))
    text = f"{100 * share:.1f} % of {len(away)} (median {100 * float(np.median(np.abs(away))):.2f} % off)"
    return Target("diauxic_shift, vendor's bounds: areas within 2 %", f"≥ {100 * SHARE:.0f} %", text, share >= SHARE)


def by_itself(experiment: Path) -> tuple[list[Target], pd.DataFrame]:
    """Glucose and acetate found without help, against the vendor's table."""
    loaded = load_experiment(experiment)
    names = list(loaded.settings.analytes)
    traces = read_traces(loaded.path / "dialysate", loaded.injections).read
    result = quantify_run(
        loaded.injections,
        {i: Trace(one.time_min, one.signal, one.unit) for i, one in traces.items()},
        {},
        loaded.standards,
        [Analyte(n, loaded.settings.retention_time_of(n), loaded.settings.unit_of(n)) for n in names],
        Calibration(**loaded.settings.calibration.model_dump()),
        loaded.curation_peaks,
    )
    rows = []
    for peak in result.peaks.to_dict("records"):
        table, nominal = traces[peak["injection_id"]].vendor_peaks, loaded.settings.retention_time_of(peak["analyte"])
        assert table is not None and nominal is not None
        near = table[(table["retention_time_min"] - nominal).abs() < NEAR]
        vendor = float(near["area"].iloc[0]) if len(near) else float("nan")
        off = peak["area"] / vendor - 1
        allowed = max(OWN, 2 * peak["area_se"] / vendor)
        rows.append(
            {
                "injection_id": peak["injection_id"],
                "analyte": peak["analyte"],
                "found": peak["status"] == "ok",
                "in_vendor": bool(len(near)),
                "area": peak["area"],
                "area_se": peak["area_se"],
                "vendor": vendor,
                "off_percent": 100 * off,
                "within": bool(abs(off) <= allowed) if len(near) else None,
                "why": WHY.get((peak["injection_id"], peak["analyte"]), ""),
            }
        )
    frame = pd.DataFrame(rows)
    held, empty = frame[frame["in_vendor"]], frame[~frame["in_vendor"]]
    far = held[held["within"] == False]  # noqa: E712
    unsaid = far[far["why"] == ""]
    idle = sorted(set(WHY) - set(zip(far["injection_id"], far["analyte"], strict=True)))
    there, absent = f"{held['found'].sum()} of {len(held)}", f"{empty['found'].sum()} of {len(empty)}"
    near = f"{len(held) - len(far)} of {len(held)}; {len(far) - len(unsaid)} farther ones explained"
    targets = [
        Target("found where the vendor has a peak", "all", there, bool(held["found"].all())),
        Target("found where the vendor has none", "none", absent, not empty["found"].any()),
        Target("own areas within 3 % or 2 SE, or one sentence for each farther", "all", near, not len(unsaid)),
        Target("every such sentence is needed", "all", str(idle or "all"), not idle),
    ]
    return targets, frame


def tables(folder: Path) -> Iterator[tuple[str, Chromatogram]]:
    """Every trace below `folder` that a reader exists for and that brings the vendor's peaks."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        for channel in _channels(path):
            try:
                one = read_chromatogram(path, channel)
            except (FormatError, OSError):
                continue
            if one.vendor_peaks is not None and len(one.vendor_peaks):
                name = path.relative_to(folder).as_posix()
                yield (f"{name} [{one.channel}]" if channel is not None else name), one


def _channels(path: Path) -> list[str | None]:
    """None for a file of one channel, else the number of each."""
    try:
        read_chromatogram(path)
        return [None]
    except (FormatError, OSError):
        pass
    try:
        first = read_chromatogram(path, "1")
        return [str(k + 1) for k in range(len(first.channels))]
    except (FormatError, OSError):
        return []


def noise_of(cells: Cells) -> Noise:
    """Of one trace, from what lies between its peaks and dips, without stretches that wave far more than the calmest.

    Those are the solvent front and the feet of giants.
    """
    quiet = ~cells.clipped
    for peak in find_peaks_and_dips(cells.time, cells.signal):
        quiet &= (cells.time < peak.start) | (cells.time > peak.end)
    waves = {}
    for first, stop in stretches(quiet):
        at = np.arange(first, stop)
        quiet[at] = False
        if at.size >= SHORTEST:
            waves[first, stop] = float(np.std(detrend(cells.signal[at])))
    for (first, stop), wave in waves.items():
        quiet[first:stop] = wave <= CALM * min(waves.values())
    return estimate_noise([cells.signal], [quiet], cells.step, 64)[0]


def signal_to_noise(start: float, end: float, at: float, cells: Cells, noise: Noise) -> float:
    """Area of what stands above the line between the bounds of a peak at `at` minutes, over its Cramér–Rao bound.

    Shape (a Gaussian as wide as the bounds are apart) and noise known; a straight local baseline not known.
    """
    start, end = max(start, cells.time[0]), min(end, cells.time[-1])
    area = integrate(cells.time, cells.signal, start, end, None, 1.0).area
    sigma = max((end - start) / 6, cells.step / 2)
    middle = float(np.clip(at, start, end))
    time = np.arange(middle - 5 * sigma, middle + 5 * sigma, max(cells.step, sigma / 6))
    factor = max(1, round(float(time[1] - time[0]) / noise.step))
    shape = np.exp(-0.5 * ((time - middle) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi) * 60)
    design = np.column_stack([shape, np.ones(time.size), (time - middle) / sigma])
    inverse = np.linalg.inv(design.T @ np.linalg.solve(noise.matrix(time.size, factor), design))
    return area / float(np.sqrt(inverse[0, 0]))


def other_files(folder: Path) -> tuple[list[Target], pd.DataFrame]:
    """Vendor peaks of the other files: found without a list of analytes, and their areas by perpendicular drop."""
    rows = []
    for name, one in tables(folder):
        cells = even(Trace(one.time_min, one.signal))
        peaks = find_trace_peaks(cells.time, cells.signal)
        noise = noise_of(cells)
        assert one.vendor_peaks is not None
        for vendor, (low, high) in zip(one.vendor_peaks.to_dict("records"), _groups(one.vendor_peaks), strict=True):
            start, end, at = (float(vendor[c]) for c in ("start_min", "end_min", "retention_time_min"))
            bounded = bool(start < end)  # not where the vendor gives none
            inside = [
                p
                for p in peaks
                if (start - cells.step <= p.apex <= end + cells.step if bounded else p.start <= at <= p.end)
            ]
            ours = min(inside, key=lambda p: abs(p.apex - at)) if inside else None
            given = own = s_n = float("nan")
            if bounded:
                low, high = max(low, float(cells.time[0])), min(high, float(cells.time[-1]))
                given = float(straight_weights(cells.time, max(start, low), min(end, high), low, high) @ cells.signal)
            if ours is not None:
                places = ours.start, ours.end, ours.first, ours.last
                own = float(straight_weights(cells.time, *places) @ cells.signal)
            if bounded or ours is not None:
                between = (start, end) if bounded or ours is None else (ours.start, ours.end)
                s_n = signal_to_noise(*between, at, cells, noise)
            rows.append(
                {
                    "file": name,
                    "time": at,
                    "s_n": s_n,
                    "found": ours is not None,
                    "mark": vendor["mark"] if isinstance(vendor["mark"], str) else "",
                    "vendor": vendor["area"],
                    "bounds": given,
                    "own": own,
                }
            )
    frame = pd.DataFrame(rows)
    if frame.empty:
        return [], frame
    frame["clear"] = ~(frame["s_n"] < CLEAR)  # a peak that neither the vendor's bounds nor ours place counts as clear
    clear = frame[frame["clear"]]
    away = (clear["bounds"] / clear["vendor"] - 1).abs().dropna()
    print(
        "other files, vendor's bounds, drop to one baseline under touching peaks: "
        f"{(away <= WITHIN).sum()} of {len(away)} within 2 %; {len(clear) - len(away)} without the vendor's bounds or "
        "area: found or not is all that is said\n"
    )
    missed = clear[~clear["found"]]
    names = [(str(name).split("/")[-1], float(at)) for name, at in zip(missed["file"], missed["time"], strict=True)]
    said = [f"{name} at {at:.2f} min: {NO_PEAK.get((name, at), 'not known why')}" for name, at in names]
    text = "; ".join([f"{clear['found'].sum()} of {len(clear)} in {clear['file'].nunique()} traces", *said])
    found = Target("other files: vendor peaks above S/N 10 found", "all", text, missed.empty)
    idle = sorted(set(NO_PEAK) - set(names))
    return [found, Target("every sentence on a missed peak is needed", "all", str(idle or "all"), not idle)], frame


def _groups(peaks: pd.DataFrame) -> list[tuple[float, float]]:
    """For each vendor peak the ends of the stretch of touching peaks that it stands in, which share a baseline."""
    ends = list(zip(peaks["start_min"].astype(float), peaks["end_min"].astype(float), strict=True))
    result = []
    for start, end in ends:
        low, high, grown = start, end, bool(np.isfinite([start, end]).all())
        while grown:
            near = [(a, b) for a, b in ends if a <= high + TOUCH and b >= low - TOUCH]
            wider = min(a for a, _ in near), max(b for _, b in near)
            grown, (low, high) = wider != (low, high), wider
        result.append((low, high))
    return result


def main(arguments: list[str]) -> int:
    everything = "--all" in arguments
    folders = [a for a in arguments if not a.startswith("-")]
    shared = Path(folders[0]) if folders else SHARED
    if not (shared / "experiments" / "diauxic_shift").is_dir():
        print(f"the folder of public real files is not at {shared.name}/ beside the repository: nothing was measured")
        return 0
    experiment = shared / "experiments" / "diauxic_shift"
    files = dict(tables(experiment / "dialysate"))
    targets, own = by_itself(experiment)
    more, others = other_files(shared / "realdata" / "chromatograms")
    targets = [with_vendor_bounds(files), *targets, *more]
    with pd.option_context("display.width", 200, "display.max_rows", None, "display.max_columns", None):
        print("diauxic_shift, found by itself (areas in signal × s)\n")
        print(own.to_string(index=False, float_format=lambda v: f"{v:.4g}"))
        if len(others):
            print("\nother files with a vendor's table\n")
            others["bounds_off_%"] = 100 * (others["bounds"] / others["vendor"] - 1)
            others["own_off_%"] = 100 * (others["own"] / others["vendor"] - 1)
            grouped = others.assign(missed=others["clear"] & ~others["found"]).groupby("file")
            print(grouped.agg(
                peaks=("found", "size"), found=("found", "sum"), above_10=("clear", "sum"), missed=("missed", "sum"),
                bounds_median=("bounds_off_%", "median"), own_median=("own_off_%", "median"),
            ).to_string(float_format=lambda v: f"{v:.3g}"))  # fmt: skip
            shown = others if everything else others[others["clear"]]
            print("\n" + shown.to_string(index=False, float_format=lambda v: f"{v:.4g}"))
    print("\ntarget | wanted | measured | held")
    for target in targets:
        print(f"{target.name} | {target.wanted} | {target.measured} | {'yes' if target.held else 'NO'}")
    return int(not all(target.held for target in targets))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
