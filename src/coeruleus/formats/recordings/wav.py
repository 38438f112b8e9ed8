"""WAV files of raw extracellular traces."""

from __future__ import annotations

import warnings

import numpy as np

from coeruleus.formats.channels import choose_channel
from coeruleus.formats.errors import FormatError
from coeruleus.formats.recording import RawRecording
from coeruleus.formats.registry import reads
from coeruleus.formats.text import Source


def sniff(source: Source) -> str | None:
    return None if source.head[:4] == b"RIFF" and source.head[8:12] == b"WAVE" else "does not begin with RIFF and WAVE"


@reads(
    "wav",
    "WAV",
    suffixes=(".wav",),
    notes="a WAV file states no voltage, so amplitudes are as stored",
    sniff=sniff,
)
def read(source: Source, kind: str = "raw", channel: str | None = None) -> RawRecording:
    """The traces, mapped and not loaded; without `channel`, all of them."""
    from scipy.io import wavfile

    if kind != "raw":
        raise FormatError(f"{source.name}: holds a trace but no spike times; its kind is raw")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # chunks of text that scipy does not know
        rate, data = wavfile.read(source.path, mmap=True)
    data = data.reshape(len(data), -1)
    if not len(data) or not rate > 0:
        raise FormatError(f"{source.name}: holds no samples")
    names = tuple(str(number) for number in range(1, data.shape[1] + 1))
    picked = slice(None)
    if channel is not None:
        index = choose_channel(names, channel, source.name)
        picked, names = slice(index, index + 1), names[index : index + 1]
    return RawRecording(
        sampling_rate_hz=float(rate),
        n_samples=len(data),
        channels=names,
        unit=None,
        read=lambda start, stop: np.asarray(data[start:stop, picked], dtype=np.float32),
        notes=("a WAV file states no voltage: amplitudes are nominal, not µV",),
        format="wav",
    )
