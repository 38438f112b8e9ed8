"""Event and epoch channels of a recording that Neo opened."""

from __future__ import annotations

import numpy as np

from coeruleus.formats.neo_reading import Opened
from coeruleus.formats.recording import FileEvent, check_count

KEYBOARDS = ("keyboard", "text", "comment", "marker")


def events_of_neo(opened: Opened) -> list[FileEvent]:
    """Entries of all event and epoch channels of a parsed file, on the recording's clock.

    An entry of a channel with codes or words is named "channel:word", else as the channel.
    """
    reader = opened.reader
    found: list[FileEvent] = []
    for index, channel in enumerate(reader.header["event_channels"]):
        name = str(channel["name"]).strip() or str(channel["id"]).strip() or str(index + 1)
        for segment in range(reader.segment_count(0)):
            stamps, lengths, labels = reader.get_event_timestamps(0, segment, index)
            if not len(stamps):
                continue
            check_count(len(found) + len(stamps), opened.source.name)
            times = np.asarray(reader.rescale_event_timestamp(stamps, "float64", index), float) - opened.origin_s
            durations = np.zeros(len(times))
            if lengths is not None and len(lengths) == len(times):
                durations = np.asarray(reader.rescale_epoch_duration(lengths, "float64", index), float)
            words = [str(label).strip().strip("\0") for label in labels]
            manual = any(word in name.casefold() for word in KEYBOARDS)
            for time, duration, word in zip(times, durations, words, strict=True):
                label = f"{name}:{word}" if word else name
                source = "keyboard" if manual or (word and not word.lstrip("-").isdigit()) else "ttl"
                found.append(FileEvent(label, float(time), float(max(duration, 0.0)), source))
    return found
