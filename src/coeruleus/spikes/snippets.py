"""Snippets of a trace cut between its samples, and kept outside memory."""

from __future__ import annotations

import itertools
import tempfile

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

Array = NDArray[np.floating]
Floats = NDArray[np.floating]

FRACTIONS = 32  # places between two samples are rounded to a 32nd of a sample: below a microsecond
MARGIN = 6  # samples beyond a snippet that its spline needs


class Cutter:
    """Cuts snippets at `offsets` (samples, fractions allowed) around places between samples, by cubic splines."""

    def __init__(self, offsets: Array) -> None:
        self.before = int(np.ceil(-offsets[0])) + MARGIN
        self.after = int(np.ceil(offsets[-1])) + MARGIN + 1
        window = np.arange(-self.before, self.after + 1)
        spline = CubicSpline(window, np.eye(len(window)), axis=0)
        shifts = np.arange(-FRACTIONS // 2, FRACTIONS // 2 + 1) / FRACTIONS
        self._window = window
        self._matrices = [np.asarray(spline(offsets + shift).T, dtype=np.float32) for shift in shifts]

    def cut(self, signal: Floats, peaks: NDArray[np.int_], shift: Array) -> NDArray[np.float32]:
        """Snippets (n, samples, channels) of (N, channels) around `peaks` + `shift` (|shift| ≤ 0.5 samples).

        Places must lie `before` and `after` samples inside the signal.
        """
        channels = signal.shape[1]
        out = np.empty((len(peaks), self._matrices[0].shape[1], channels), dtype=np.float32)
        row = np.round(shift * FRACTIONS).astype(int) + FRACTIONS // 2
        for fraction in np.unique(row):
            mine = np.flatnonzero(row == fraction)
            pieces = signal[peaks[mine][:, None] + self._window]
            for channel in range(channels):
                out[mine, :, channel] = pieces[:, :, channel].astype(np.float32) @ self._matrices[fraction]
        return out


class SnippetStore:
    """Snippets of one shape in a temporary file that is gone with the object: memory does not grow with them."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the store
        self._shape: tuple[int, ...] = ()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def close(self) -> None:
        """Give the file back; nothing can be read any more."""
        self._file.close()

    def add(self, snippets: NDArray[np.float32]) -> None:
        """Append (n, samples, channels)."""
        if not len(snippets):
            return
        self._shape = snippets.shape[1:]
        self._count += len(snippets)
        self._file.write(np.ascontiguousarray(snippets, dtype=np.float32).tobytes())

    def read(self, index: NDArray[np.int_]) -> NDArray[np.float32]:
        """The snippets of these numbers (rising), shape (len(index), samples, channels)."""
        out = np.empty((len(index), *self._shape), dtype=np.float32)
        if not len(index):
            return out
        self._file.flush()
        length = 4 * int(np.prod(self._shape))
        edges = np.concatenate([[0], np.flatnonzero(np.diff(index) > 16) + 1, [len(index)]])
        for start, stop in itertools.pairwise(edges.tolist()):
            low, high = int(index[start]), int(index[stop - 1]) + 1
            self._file.seek(low * length)
            whole = np.frombuffer(self._file.read((high - low) * length), np.float32).reshape(-1, *self._shape)
            out[start:stop] = whole[index[start:stop] - low]
        self._file.seek(0, 2)
        return out
