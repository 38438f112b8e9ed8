"""Raw binary samples with a sidecar of the same name and .json, that says how to read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from coeruleus.formats.channels import choose_channel
from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import MOST_CHANNELS, RawRecording
from coeruleus.formats.registry import reads
from coeruleus.formats.text import Source

DTYPES = ("int16", "uint16", "int32", "float32", "float64")
KEYS = ("sampling_rate_hz", "n_channels", "dtype", "microvolts_per_bit", "channels", "offset_bytes", "byte_order")
LARGEST_SIDECAR = 2**20


def _sidecar(path: Path) -> Path | None:
    places = (path.with_suffix(".json"), path.with_name(f"{path.name}.json"))
    return next((each for each in places if each.is_file()), None)


def sniff(source: Source) -> str | None:
    if source.is_folder or source.path.suffix.lower() not in (".dat", ".bin", ".raw"):
        return "not .dat, .bin or .raw"
    return None if _sidecar(source.path) else "raw binary without a sidecar (.json)"


@reads(
    "raw_binary",
    "raw binary with a sidecar",
    suffixes=(".dat", ".bin", ".raw"),
    notes="samples interleaved by channel; a .json of the same name says sampling_rate_hz, n_channels, dtype, "
    "microvolts_per_bit, and where needed channels, offset_bytes, byte_order",
    sniff=sniff,
)
def read(source: Source, kind: str = "raw", channel: str | None = None) -> RawRecording:
    """The traces, mapped and not loaded; the file must hold whole samples of all channels."""
    if kind != "raw":
        raise FormatError(f"{source.name}: holds traces but no spike times; its kind is raw")
    facts = _facts(source)
    rate, width = _number(facts, "sampling_rate_hz", source), int(_number(facts, "n_channels", source))
    name, order = str(facts.get("dtype", "")), str(facts.get("byte_order", "little"))
    if name not in DTYPES or order not in ("little", "big"):
        raise FormatError(f"{source.name}: its sidecar must say dtype as {', '.join(DTYPES)}; byte_order little or big")
    offset = int(_number(facts, "offset_bytes", source, 0.0))
    if not 0 < rate <= 1e7 or not 1 <= width <= MOST_CHANNELS or offset < 0:
        raise FormatError(f"{source.name}: its sidecar says {rate:g} Hz, {width} channels, offset {offset}")
    dtype = np.dtype(name).newbyteorder("<" if order == "little" else ">")
    size = source.size - offset
    if size <= 0 or size % (dtype.itemsize * width):
        raise FormatError(f"{source.name}: {size} bytes are no whole number of samples of {width} channels")
    names = tuple(map(str, facts.get("channels") or range(1, width + 1)))
    if len(names) != width:
        raise FormatError(f"{source.name}: its sidecar names {len(names)} channels of {width}")
    data = np.memmap(source.path, dtype, "r", offset, (size // dtype.itemsize // width, width))
    picked = slice(None)
    if channel is not None:
        index = choose_channel(names, channel, source.name)
        picked, names = slice(index, index + 1), names[index : index + 1]
    known = "microvolts_per_bit" in facts
    gain = np.float32(_number(facts, "microvolts_per_bit", source, 1.0))

    def part(start: int, stop: int) -> np.ndarray:
        values = np.asarray(data[start:stop, picked], dtype=np.float32) * gain
        if not np.isfinite(values).all():
            raise FormatError(f"{source.name}: samples {start} to {stop} hold no finite numbers; is dtype right?")
        return values

    unknown = "the sidecar does not say microvolts_per_bit: amplitudes are nominal, not µV"
    notes = () if known else (unknown,)
    return RawRecording(rate, len(data), names, "µV" if known else None, part, notes=notes, format="raw_binary")


def _facts(source: Source) -> dict[str, Any]:
    path = _sidecar(source.path)
    try:
        if path is None or path.stat().st_size > LARGEST_SIDECAR:
            raise ValueError("is missing or too large")
        facts = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise FormatError(f"{source.name}: its sidecar cannot be read ({str(error)[:80]})") from None
    if not isinstance(facts, dict):
        raise FormatError(f"{source.name}: its sidecar does not hold keys")
    unknown = sorted(set(facts) - set(KEYS))
    if unknown:
        raise FormatError(f"{source.name}: its sidecar has the unknown key {unknown[0]!r}; known are {', '.join(KEYS)}")
    return facts


def _number(facts: dict[str, Any], name: str, source: Source, default: float | None = None) -> float:
    value = facts.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
        raise FormatError(f"{source.name}: its sidecar must say {name} as a number")
    return float(value)
