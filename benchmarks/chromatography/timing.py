"""CPU time per chromatogram, reading included, and hplc-py on the same traces."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from score import FIRST_MIN, Line, measure, traces_of

from coeruleus.chromatography.prepare import Trace
from coeruleus.chromatography.quantify import Analyte, Calibration, quantify_run
from coeruleus.formats.chromatogram import read_chromatogram
from coeruleus.simulation.demo_dialysate import write_trace
from coeruleus.simulation.faint_run import FaintRun, simulate_faint_run
from coeruleus.simulation.run import CATECHOLS

PEER_SECONDS = 60.0
PEER_NEAR_MIN = 0.15
PEER_PYTHON = Path(__file__).resolve().parents[2] / ".venv-bench" / "bin" / "python"


def seconds_of(run: FaintRun) -> float:
    """CPU seconds of reading and quantifying a run from its files."""
    nobody = pd.DataFrame(columns=["injection_id", "analyte", "action"])
    analytes = [Analyte(c.name, c.apex_min, "nM") for c in CATECHOLS]
    with tempfile.TemporaryDirectory() as folder:
        paths = {n: Path(folder) / f"{n}.txt" for n in run.injections["injection_id"]}
        for path, trace in zip(paths.values(), run.traces, strict=True):
            write_trace(path, trace)
        begun = time.process_time()
        traces = {}
        for name, path in paths.items():
            read = read_chromatogram(path)
            keep = read.time_min >= FIRST_MIN
            traces[name] = Trace(read.time_min[keep], read.signal[keep], "nA")
        quantify_run(run.injections, traces, {}, run.standards, analytes, Calibration(), nobody)
        return time.process_time() - begun


def timing_lines(seed: int) -> list[Line]:
    each = {}
    for samples in (48, 168):
        run = simulate_faint_run([seed, 2000], samples=samples)
        each[len(run.traces)] = min(seconds_of(run) for _ in range(2)) / len(run.traces)
    (few, one), (many, other) = each.items()
    return [
        Line("ms per chromatogram, reading included, 2 Hz × 22 min", 1000 * one, (0.0, 25.0), f"{few} injections"),
        Line(f"time per chromatogram, {many} ÷ {few} injections", other / one, (0.0, 1.2), f"{1000 * other:.1f} ms"),
    ]


def peer_lines(seed: int, count: int) -> list[Line]:
    """hplc-py as it comes, on samples at S/N above 8; what it does not find, or not in time, has no area."""
    run = simulate_faint_run([seed, 3000])
    rows, seconds = measure(run)
    clear = rows[(rows["kind"] == "dialysate") & (rows["true"] > 8 * rows["bound"])].head(count)
    errors, spent, lost, environment = [], [], 0, {**os.environ, "OMP_NUM_THREADS": "1"}
    traces = traces_of(run)
    with tempfile.TemporaryDirectory() as folder:
        for row in clear.itertuples():
            path, area = Path(folder) / f"{row.injection_id}.npy", 0.0
            trace = traces[row.injection_id]
            np.save(path, np.array([trace.time_min, trace.signal]))
            command = [str(PEER_PYTHON), str(Path(__file__).with_name("peer.py")), str(path)]
            try:
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=PEER_SECONDS, check=True, env=environment
                )
                answer = json.loads(done.stdout.strip().splitlines()[-1])
                spent.append(answer["seconds"])
                near = [p for p in answer["peaks"] if abs(p[0] - row.apex_min) <= PEER_NEAR_MIN]
                area = near[0][1] if near else 0.0
                lost += not near
            except subprocess.TimeoutExpired:
                spent.append(PEER_SECONDS)
                lost += 1
            except subprocess.CalledProcessError:
                spent.append(np.nan)
                lost += 1
            errors.append((area - row.true) / row.bound)
    ours = float(np.sqrt((((clear["area"] - clear["true"]) / clear["bound"]) ** 2).mean()))
    theirs = float(np.sqrt(np.mean(np.square(errors))))
    note = f"{ours:.2f} ÷ {theirs:.2f}; hplc-py lost {lost} of {len(clear)}"
    pace = seconds / len(run.traces) / float(np.nanmean(spent)) if np.isfinite(spent).any() else float("nan")
    return [
        Line("RMSE ÷ that of hplc-py", ours / theirs, (0.0, 0.2), note),
        Line("time ÷ that of hplc-py", pace, (0.0, 0.01), f"hplc-py {np.nanmean(spent):.1f} s a chromatogram"),
    ]
