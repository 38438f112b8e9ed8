"""Whether a recording that Neo opened is whole: Neo gives what is there of a cut-off file without a word."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from coeruleus.formats.errors import FormatError
from coeruleus.formats.text import Source

PLEXON_MISSING_S = 5.0


def check_whole(reader: Any, source: Source) -> None:
    """Raises FormatError where the file's own bookkeeping says that it goes on after its end."""
    check = CHECKS.get(type(reader).__name__)
    missing = check(reader, source) if check else None
    if missing:
        raise FormatError(f"{source.name}: was cut off: {missing}")


def _spike2(reader: Any, source: Source) -> str | None:
    """Every block of data lies within the file."""
    from neo.rawio.spike2rawio import get_channel_dtype

    for index, blocks in reader._all_data_blocks.items():
        if len(blocks):
            item = get_channel_dtype(reader._channel_infos[index]).itemsize
            ends = blocks["pos"] + blocks["size"].astype("int64") * item
            if int(ends.max()) > source.size or int(blocks["pos"].min()) < 0 or int(blocks["size"].min()) < 0:
                return f"channel {index + 1} goes on after the end of the file"
    return None


def _neuroexplorer(reader: Any, source: Source) -> str | None:
    """Every variable lies within the file."""
    for each in reader._entity_headers:
        begin, count, points = int(each["offset"]), int(each["n"]), int(each["NPointsWave"])
        per_kind = {0: 4 * count, 1: 4 * count, 2: 8 * count, 3: (4 + 2 * points) * count, 5: 8 * count + 2 * points}
        if min(begin, count, points) < 0 or begin + per_kind.get(int(each["type"]), 0) > source.size:
            return f"{str(each['name'])[:40]} goes on after the end of the file"
    return None


def _blackrock(reader: Any, source: Source) -> str | None:
    """Events come in packets of one size."""
    if source.head[:8] not in (b"NEURALEV", b"BREVENTS") or len(source.head) < 20:
        return None
    header, packet = struct.unpack("<II", source.head[12:20])
    partial = packet and (source.size - header) % packet
    return "its last packet of events is not whole" if partial or source.size < header else None


def _plexon(reader: Any, source: Source) -> str | None:
    """The last block ends with the file, and near the time that the header says."""
    from neo.rawio.plexonrawio import GlobalHeader, read_as_dict

    ends = [
        int((blocks["pos"] + blocks["size"]).max())
        for by_channel in reader._data_blocks.values()
        for blocks in by_channel.values()
        if len(blocks)
    ]
    if ends and max(ends) != source.size:
        return "its last block is not whole"
    with source.path.open("rb") as handle:
        header = read_as_dict(handle, GlobalHeader)
    rate, last = float(header["ADFrequency"]), float(header["LastTimestamp"])
    missing = (last - float(reader._last_timestamps)) / rate if rate > 0 and np.isfinite(last) else 0.0
    late = max(PLEXON_MISSING_S, 0.01 * last / rate) if rate > 0 else np.inf
    return f"its header says that {missing:.6g} s more were recorded" if missing > late else None


CHECKS = {
    "Spike2RawIO": _spike2,
    "NeuroExplorerRawIO": _neuroexplorer,
    "BlackrockRawIO": _blackrock,
    "PlexonRawIO": _plexon,
}
