"""Sound files to start from, by format: small ones written here, and public real ones where they are at hand."""

from __future__ import annotations

import math
import struct
import wave
from collections.abc import Iterator
from pathlib import Path

from coeruleus.formats.errors import FormatError
from coeruleus.formats.registry import PACKAGES, recognise
from coeruleus.formats.text import Source

LARGEST = 400_000  # bytes; damage to a larger file is no other damage, only slower
MOST = 2  # of a format


def write_seeds(folder: Path) -> None:
    """A file for each format that can be written without its vendor."""
    folder.mkdir(parents=True, exist_ok=True)
    signal = [(n / 120, 1 + 5 * math.exp(-(((n - 300) / 12) ** 2))) for n in range(600)]
    rows = "".join(f"{minutes:.4f}\t{value:.5f}\n" for minutes, value in signal)
    (folder / "trace.txt").write_text("time_min\tsignal\n" + rows)
    points = "".join(f"{minutes:.5f}\t{1000 * value:.0f}\n" for minutes, value in signal)
    head = "[Header]\nApplication Name\tLabSolutions\n\n[LC Chromatogram(Detector A-Ch1)]\nInterval(msec)\t500\n"
    head += f"# of Points\t{len(signal)}\nStart Time(min)\t0.000\nEnd Time(min)\t4.992\nIntensity Units\tmV\n"
    (folder / "labsolutions.txt").write_text(head + "Intensity Multiplier\t0.001\nR.Time (min)\tIntensity\n" + points)
    spikes = "".join(f"u{n % 3}\t{0.1 + 0.37 * n:.4f}\n" for n in range(200))
    (folder / "spikes.tsv").write_text("unit_id\ttime_s\n" + spikes)
    with wave.open(str(folder / "raw.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(20_000)
        file.writeframes(b"".join(struct.pack("<h", round(300 * math.sin(n / 7))) for n in range(8000)))


def seeds(folder: Path, shared: Path | None) -> dict[tuple[str, str], list[Path]]:
    """Files by (kind, format name), of every registered format that recognises one of them; smallest first."""
    write_seeds(folder)
    found: dict[tuple[str, str], list[tuple[int, Path]]] = {}
    for path in _files(folder, shared):
        for kind, package in PACKAGES.items():
            try:
                name = recognise(Source(path), package, kind).name
            except (FormatError, OSError):
                continue
            found.setdefault((kind, name), []).append((_size(path), path))
    return {
        key: [path for size, path in sorted(files) if size <= LARGEST][:MOST] or [sorted(files)[0][1]]
        for key, files in sorted(found.items())
    }


def _files(folder: Path, shared: Path | None) -> Iterator[Path]:
    yield from sorted(folder.iterdir())
    if shared is not None:
        for path in sorted((shared / "realdata").rglob("*")):
            inside = any(parent.suffix.lower() in (".d", ".raw") for parent in path.parents)
            if not inside and (path.is_file() or path.suffix.lower() in (".d", ".raw")):
                yield path


def _size(path: Path) -> int:
    return sum(each.stat().st_size for each in (path.rglob("*") if path.is_dir() else [path]) if each.is_file())
