"""Heavy parts of the page: compressed text inside it, unpacked by the browser when they are looked at."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

PARTS_PER_NOISE = 8.0  # steps of a packed line in one standard deviation of its noise
MOST_STEPS = 1 << 20


def pack(value: Any) -> str:
    """JSON, deflated, in base64: letters, digits, `+`, `/` and `=` only."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 9)).decode("ascii")


def unpack(packed: str) -> Any:
    """What `pack` packed."""
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def script_json(value: Any) -> str:
    """JSON that may stand inside a script element: nothing in it can end the element or start another."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def plain(value: Any) -> Any:
    """A value as JSON has it: n/a and infinities as null, numbers at seven digits."""
    if value is None or value != value:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, float, np.number)):
        number = float(f"{float(value):.7g}")
        return None if not math.isfinite(number) else int(number) if number == int(number) else number
    return str(value)


def noise_of(values: NDArray[np.float64]) -> float:
    """Standard deviation of the noise of a smooth line, from the median of its second differences."""
    bends = np.abs(np.diff(values[np.isfinite(values)], 2))
    return float(np.median(bends) / 0.6745 / math.sqrt(6)) if len(bends) else 0.0


def pack_line(values: Sequence[float] | NDArray[np.float64], step: float | None = None) -> dict[str, Any]:
    """A line as differences of whole steps: `{step, from, d}`; null stands for a gap.

    `step`: how fine; by default an eighth of the line's own noise, never coarser than 1/2000 and never finer
    than a millionth of its range.
    """
    line = np.asarray(values, dtype=float)
    there = np.isfinite(line)
    if not there.any():
        return {"step": 1, "from": 0, "d": [None] * len(line)}
    low = float(line[there].min())
    room = float(line[there].max()) - low
    if step is None:
        step = max(min(noise_of(line) / PARTS_PER_NOISE, room / 2000), room / MOST_STEPS) or 1.0
    step = float(f"{step:.3g}")
    whole = np.rint((line - low) / step)
    steps: list[int | None] = []
    last = 0
    for place, present in zip(whole.tolist(), there.tolist(), strict=True):
        steps.append(int(place) - last if present else None)
        last = int(place) if present else last
    return {"step": step, "from": plain(low), "d": steps}


def unpack_line(packed: dict[str, Any]) -> list[float | None]:
    """The line that `pack_line` packed, to half a step; the browser does the same."""
    place, line = 0, []
    for difference in packed["d"]:
        place += difference or 0
        line.append(None if difference is None else packed["from"] + place * packed["step"])
    return line
