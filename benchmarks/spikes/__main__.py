"""How well raw traces are sorted, how fast, and against whom. Exit status 1 where a target is missed.

usage: .venv-bench/bin/python benchmarks/spikes [--seed 6] [--scale 1.0] [--only NAME ...] [--peer-minutes 3.33]
       [--peers SORTER ...] [--peer-limit 10] [--shared DIR]

NAME is one of: sorting, alike, peers, generated, time, memory, starling, trains, bursts, traps. `--scale 0.2` takes a
fifth of the recordings (for a quick look: the targets are meant for 1). Accuracy is TP ÷ (TP + FN + FP) by
SpikeInterface, 1 ms.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from alike import alike
from bound import best_possible
from limits import alone
from peers import SORTERS, peer
from recordings import NEAR, Recording, recordings
from score import Found, ours, score
from small import bursts, starling, trains, traps

COUNTS = {"one electrode": 30, "near": 20, "small": 16, "tetrode": 10, "stereotrode": 6, "no unit": 8, "long": 3}
LOUD = {"one electrode, loud background": 16, "small, loud background": 12, "no unit, loud background": 6}
PEER_COUNT = 5
SMALL_LEAST = 0.88
Line = tuple[str, str, str, bool | None]


def sorting(seed: int, scale: float) -> Iterator[Line]:
    """Accuracy, inventions, and what becomes of units too near to each other."""
    accuracy: dict[str, list[float]] = {}
    bounds: dict[str, list[float]] = {}
    invented = total = 0
    near = {"one": 0, "said": 0, "two": 0, "lost": 0, "n": 0}
    wide = {"said": 0, "n": 0}
    false_said = singles = 0
    for kind, count in (COUNTS | LOUD).items():
        for recording in recordings(kind, max(1, round(count * scale)), seed):
            found = ours(recording)
            scored = score(recording, found)
            total, invented = total + 1, invented + scored.invented
            for one, single, index in zip(scored.accuracy, scored.single, scored.found, strict=True):
                said = index is not None and "multi-unit" in (found.reasons[index] or "")
                if single:
                    accuracy.setdefault(kind, []).append(one)
                    if kind.startswith("small"):
                        bounds.setdefault(kind, []).append(best_possible(recording))
                    singles, false_said = singles + 1, false_said + said
                else:
                    outcome = _near_outcome(one, scored.invented)
                    near["n"] += 1
                    near[outcome] += 1
                    near["said"] += said and outcome == "one"
                    if recording.apart.max() >= 2:
                        wide["n"] += 1
                        wide["said"] += said and outcome == "one"
            print(f"  {recording.name}: {_row(recording, scored.accuracy, found)}", flush=True)
    one = np.array(accuracy["one electrode"])
    yield _at_least("accuracy, 1 electrode, SNR ≥ 6, d′ ≥ 4: median", float(np.median(one)), 0.97)
    yield _at_least("  the same: 10th percentile", float(np.quantile(one, 0.1)), 0.90)
    yield _at_least("accuracy, SNR 4–6: median", float(np.median(accuracy["small"])), SMALL_LEAST)
    yield from _possible(accuracy["small"], bounds["small"])
    yield _at_least("accuracy, tetrode, 2–5 units, SNR ≥ 5: median", float(np.median(accuracy["tetrode"])), 0.95)
    yield _at_least("accuracy, two channels, SNR ≥ 6: median", float(np.median(accuracy["stereotrode"])), 0.95)
    yield _at_least("accuracy, a quarter of an hour at 30 %/h drift: median", float(np.median(accuracy["long"])), 0.97)
    loud = np.array(accuracy["one electrode, loud background"])
    yield _at_least("loud background: SNR ≥ 6, d′ ≥ 4: median", float(np.median(loud)), 0.97)
    yield _at_least("  the same: 10th percentile", float(np.quantile(loud, 0.1)), 0.90)
    small = accuracy["small, loud background"]
    yield _at_least("loud background: SNR 4–6: median", float(np.median(small)), SMALL_LEAST)
    yield from _possible(small, bounds["small, loud background"])
    yield _at_most("units invented per recording", invented / total, 0.1)
    yield _at_least("units nearer than d′ 4: reported as one", near["one"] / max(1, near["n"]), 0.9)
    yield _at_least("  as one multi-unit, with the reason, d′ 2–4", wide["said"] / max(1, wide["n"]), 0.9)
    all_said = near["said"] / max(1, near["n"])
    yield ("  the same, d′ 1–4 (nearer than 2 a spread may be one neuron's)", f"{all_said:.2f}", "", None)
    yield _at_most("single units called multi-unit by mistake", false_said / max(1, singles), 0.05)


def _possible(ours: list[float], bounds: list[float]) -> Iterator[Line]:
    """What one threshold could reach that was told the true spike: distant spikes as large hide a unit."""
    lost = sum(bound >= 0.85 and one < 0.5 for one, bound in zip(ours, bounds, strict=True))
    text = f"median {np.median(bounds):.3f}; {sum(bound >= 0.85 for bound in bounds)} of {len(bounds)} reach 0.85"
    yield ("  the best a matched filter with the true spike could do", f"{text}, {lost} of these lost", "", None)
    reached = [one for one, bound in zip(ours, bounds, strict=True) if bound >= SMALL_LEAST]
    if reached:
        name = f"  ours where that reaches {SMALL_LEAST}: median of {len(reached)}"
        yield _at_least(name, float(np.median(reached)), SMALL_LEAST)


def _near_outcome(accuracy: float, invented: int) -> str:
    if accuracy >= 0.7:
        return "two" if invented else "one"
    return "two" if invented else "lost"


def _row(recording: Recording, accuracy: list[float], found: Found) -> str:
    apart = recording.apart[recording.apart > 0]
    nearest = f", nearest d′ {apart.min():.1f}" if len(apart) else ""
    sizes = " ".join(f"{size:.1f}" for size in recording.snr)
    marks = " ".join(f"{one:.3f}" for one in accuracy)
    return f"SNR {sizes or '–'}{nearest}; accuracy {marks or '–'}; {len(found.trains)} found"


def peers(seed: int, scale: float, minutes: float, names: Sequence[str], limit: float) -> Iterator[Line]:
    """Each sorter that runs here, paired with ours over recordings of so many minutes."""
    count = max(2, round(PEER_COUNT * scale))
    kinds = (("one electrode", count), ("tetrode", max(1, count // 2)))
    cases = [case for kind, n in kinds for case in recordings(kind, n, seed, 60 * minutes)]
    own = [_mean(recording, ours(recording)) for recording in cases]
    yield from _paired(cases, own, names, "simulated here", limit)


def generated(seed: int, scale: float, names: Sequence[str], limit: float) -> Iterator[Line]:
    """Recordings that SpikeInterface generates: ours, and the peers on the same."""
    from generated import generated as generate

    cases = list(generate(max(2, round(4 * scale)), seed))
    own = [_mean(recording, ours(recording)) for recording in cases]
    mean = float(np.median(own))
    yield ("accuracy on recordings that SpikeInterface generates: median of ours", f"{mean:.3f}", "", None)
    yield from _paired(cases, own, names, "generated by SpikeInterface", limit)


def _paired(cases: list[Recording], own: list[float], names: Sequence[str], where: str, limit: float) -> Iterator[Line]:
    """Over the recordings that the other sorter finished; what it did not is counted apart and is no victory."""
    rng = np.random.default_rng(0)
    for name in names:
        difference, failures = [], []
        for recording, mine, found in zip(cases, own, peer(name, cases, 60 * limit), strict=True):
            if found.failed:
                failures.append(found.failed)
            else:
                difference.append(mine - _mean(recording, found))
        failed = f"; failed on {len(failures)}: {failures[0]}" if failures else ""
        if len(difference) < 2:
            yield (f"ours less {name}, {where}", f"finished {len(difference)} of {len(cases)}{failed}", "> 0", None)
            continue
        drawn = rng.choice(np.array(difference), (4000, len(difference))).mean(axis=1)
        low, high = np.quantile(drawn, [0.025, 0.975])
        text = f"{np.mean(difference):+.3f} [{low:+.3f}, {high:+.3f}] over {len(difference)}{failed}"
        yield (f"ours less {name}, {where}", text, "> 0", bool(low > 0))


def _mean(recording: Recording, found: Found) -> float:
    scored = score(recording, found)
    return float(np.mean(scored.accuracy)) if scored.accuracy else 1.0


def limits_of_time(seed: int, scale: float) -> Iterator[Line]:
    spent = alone("time")
    sort, band = np.array(spent["sort_s"]), np.array(spent["filter_s"])
    times = f"sort {sort.min():.1f}, {np.median(sort):.1f} s, filter {band.min():.1f}, {np.median(band):.1f} s"
    ratio = float(np.median(sort) / np.median(band))
    yield _at_most(f"CPU time ÷ one band-pass, medians of {len(sort)} (least, median: {times})", ratio, 4.0)
    yield ("  the same, of each turn", ", ".join(f"{ratio:.2f}" for ratio in sort / band), "", None)


def limits_of_memory(seed: int, scale: float) -> Iterator[Line]:
    short, long = alone("memory", "0.5")["peak_mb"], alone("memory", "4")["peak_mb"]
    yield _at_most("peak memory, half an hour (MB)", short, 600)
    yield _at_most("peak memory, four hours (MB)", long, 600)
    yield _at_most("  difference", abs(long / short - 1), 0.2)


def _at_least(name: str, value: float, target: float) -> Line:
    return (name, f"{value:.3f}", f"≥ {target:g}", bool(value >= target))


def _at_most(name: str, value: float, target: float) -> Line:
    return (name, f"{value:.3f}", f"≤ {target:g}", bool(value <= target))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--peer-minutes", type=float, default=200 / 60, help="length of the recordings peers sort")
    parser.add_argument("--peers", nargs="*", default=list(SORTERS), choices=SORTERS)
    parser.add_argument("--peer-limit", type=float, default=10.0, help="minutes for all recordings of one sorter")
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2].parent / "shared")
    given = parser.parse_args()
    parts = {
        "trains": lambda: trains(),
        "bursts": lambda: bursts(given.seed),
        "traps": lambda: traps(given.seed),
        "starling": lambda: starling(given.shared),
        "time": lambda: limits_of_time(given.seed, given.scale),
        "memory": lambda: limits_of_memory(given.seed, given.scale),
        "alike": lambda: alike(given.seed, given.scale),
        "sorting": lambda: sorting(given.seed, given.scale),
        "peers": lambda: peers(given.seed, given.scale, given.peer_minutes, given.peers, given.peer_limit),
        "generated": lambda: generated(given.seed, given.scale, given.peers, given.peer_limit),
    }
    lines: list[Line] = []
    for name, part in parts.items():
        if not given.only or name in given.only:
            for line in part():
                lines.append(line)
                print(_text(line), flush=True)
    missed = [line for line in lines if line[3] is False]
    print(f"\nseed {given.seed}, scale {given.scale:g}, d′ limit {NEAR:g}; {len(missed)} of {len(lines)} missed")
    print("\n".join(_text(line) for line in lines))
    return int(bool(missed))


def _text(line: Line) -> str:
    name, value, target, held = line
    verdict = {True: "held", False: "MISSED", None: ""}[held]
    return f"| {name} | {value} | {target} | {verdict} |"


if __name__ == "__main__":
    sys.exit(main())
