"""Many experiments on disk, with sheets as long as real ones and instrument files that hold nothing: for the DAG."""

from __future__ import annotations

from pathlib import Path

RUNS, INJECTIONS_OF_RUN, RATS, RECORDINGS = 2, 60, 4, 4
ANALYTES = ("NE", "DHBA", "DA")
LEVELS = (0.1, 0.5, 1.0, 5.0)


def write_many(folder: Path, count: int) -> list[Path]:
    """`count` experiments of 2 runs, 120 injections and 4 recordings (one raw) each; their directories."""
    directories = [folder / f"study_{number:04d}" for number in range(count)]
    for directory in directories:
        _write(directory)
    return directories


def _write(directory: Path) -> None:
    for name in ("dialysate", "ephys"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    analytes = "".join(f"  {name}: {{retention_time: {5 + 2 * place}}}\n" for place, name in enumerate(ANALYTES))
    (directory / "experiment.yaml").write_text(f"title: Study {directory.name}\nanalytes:\n{analytes}")
    rats = [f"rat{number}" for number in range(1, RATS + 1)]
    _sheet(directory / "subjects.tsv", ["subject_id", "group"], [[rat, "ab"[n % 2]] for n, rat in enumerate(rats)])
    injections = []
    for run in range(1, RUNS + 1):
        for place in range(INJECTIONS_OF_RUN):
            name = f"r{run}_{place:03d}"
            level = f"S{place % 4 + 1}" if place < 12 else "n/a"
            rat, start = rats[place % RATS], 20 * (place // RATS) - 160
            kind = "standard" if place < 12 else "dialysate"
            sample = [rat, str(start), str(start + 20)] if kind == "dialysate" else ["n/a"] * 3
            sample[0] = rats[(run - 1) * 2 + place % 2] if kind == "dialysate" else "n/a"
            injections.append([name, f"run{run}", f"{name}.txt", kind, level, *sample])
            (directory / "dialysate" / f"{name}.txt").touch()
    columns = ["injection_id", "run", "file", "kind", "level", "subject_id", "start_min", "end_min"]
    _sheet(directory / "dialysate" / "injections.tsv", columns, injections)
    standards = [[f"S{n + 1}", name, str(value)] for n, value in enumerate(LEVELS) for name in ANALYTES]
    _sheet(directory / "dialysate" / "standards.tsv", ["level", "analyte", "concentration"], standards)
    recordings, events = [], []
    for number in range(1, RECORDINGS + 1):
        kind, file = ("raw", f"s{number}.plx") if number == 1 else ("sorted", f"s{number}.tsv")
        recordings.append([f"s{number}", rats[number - 1], file, kind, "600"])
        events += [[f"s{number}", "1", str(100 + 30 * trial), "1", "foot_shock"] for trial in range(10)]
        (directory / "ephys" / file).touch()
    _sheet(directory / "ephys" / "recordings.tsv", ["site_id", "subject_id", "file", "kind", "duration_s"], recordings)
    _sheet(directory / "ephys" / "events.tsv", ["site_id", "segment", "onset", "duration", "trial_type"], events)


def _sheet(path: Path, columns: list[str], rows: list[list[str]]) -> None:
    path.write_text("\n".join("\t".join(row) for row in [columns, *rows]) + "\n")
