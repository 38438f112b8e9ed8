"""Writing the sheets and files of a simulated experiment, the same bytes on any machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MISSING = "n/a"


def cell(value: Any) -> str:
    """A value as a person would have typed it: six significant digits at most, `n/a` for missing."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return MISSING
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        shown = f"{float(value):.6g}"
        return "0" if shown == "-0" else shown
    return str(value)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file; one that holds the same already is left alone, so that nothing becomes stale."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode())


def write_sheet(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """A tab-separated sheet. What a row does not name is `n/a`; what is no column is an error."""
    lines = ["\t".join(columns)]
    for row in rows:
        if unknown := [name for name in row if name not in columns]:
            raise ValueError(f"{path.name}: no column {', '.join(unknown)}")
        lines.append("\t".join(cell(row.get(name)) for name in columns))
    write_text(path, "\n".join(lines) + "\n")


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """A frame as a sheet, columns and rows in the frame's order."""
    write_sheet(path, [str(name) for name in frame], ({str(k): v for k, v in row.items()} for row in records(frame)))


def records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def write_series(path: Path, header: str, columns: Sequence[Sequence[str]]) -> None:
    """Columns of cells that are text already, below a header line."""
    body = "\n".join("\t".join(cells) for cells in zip(*columns, strict=True))
    write_text(path, f"{header}\n{body}\n" if body else f"{header}\n")


def fixed(values: np.ndarray, decimals: int) -> list[str]:
    """Numbers with a fixed number of decimals and no negative zero."""
    rounded = np.round(values, decimals) + 0.0
    return [f"{value:.{decimals}f}" for value in rounded.tolist()]


def write_brainvision(path: Path, signal_uv: np.ndarray, rate_hz: float, resolution_uv: float, channel: str) -> None:
    """A one-channel trace as BrainVision files: `path` is the .vhdr, with .eeg and .vmrk beside it.

    The text header declares sampling interval, resolution and unit; samples are 16-bit integers.
    """
    limit = 32767
    counts = np.clip(np.round(signal_uv / resolution_uv), -limit, limit).astype("<i2")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path.with_suffix(".eeg"), counts.tobytes())
    header = [
        "Brain Vision Data Exchange Header File Version 1.0",
        "",
        "[Common Infos]",
        "Codepage=UTF-8",
        f"DataFile={path.stem}.eeg",
        f"MarkerFile={path.stem}.vmrk",
        "DataFormat=BINARY",
        "DataOrientation=MULTIPLEXED",
        "NumberOfChannels=1",
        f"SamplingInterval={1e6 / rate_hz:g}",
        "",
        "[Binary Infos]",
        "BinaryFormat=INT_16",
        "",
        "[Channel Infos]",
        f"Ch1={channel},,{resolution_uv:g},µV",
        "",
    ]
    write_text(path, "\n".join(header))
    markers = [
        "Brain Vision Data Exchange Marker File, Version 1.0",
        "",
        "[Common Infos]",
        "Codepage=UTF-8",
        f"DataFile={path.stem}.eeg",
        "",
        "[Marker Infos]",
        "Mk1=New Segment,,1,1,0",
        "",
    ]
    write_text(path.with_suffix(".vmrk"), "\n".join(markers))
