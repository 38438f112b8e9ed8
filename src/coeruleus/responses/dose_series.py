"""Blocks of the time before a series of doses and after each dose, and how much of each dose's step has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coeruleus.responses.drug_windows import Window
from coeruleus.responses.moved import Floats


@dataclass(frozen=True)
class Dosed:
    """Blocks before the first dose, and after each: `given` (s after the first dose), `dose` as counted."""

    before: Window
    after: Sequence[Window]
    given: Floats
    dose: Floats
    block_s: float

    @property
    def windows(self) -> list[Window]:
        return [self.before, *self.after]

    @cached_property
    def time(self) -> Floats:
        """Middle of each block (s after the first dose), shape (blocks,), as of what follows."""
        return np.concatenate([window.middle for window in self.windows])

    @cached_property
    def value(self) -> Floats:
        """√(n + 3/8) of the counts of full blocks."""
        count = np.concatenate([window.count * self.block_s / window.time for window in self.windows])
        return np.asarray(np.sqrt(count + 3 / 8))

    @cached_property
    def of(self) -> NDArray[np.int64]:
        """Number of the dose, from 1; 0 is before."""
        return np.repeat(np.arange(len(self.windows)), [len(window.time) for window in self.windows])

    @property
    def straight(self) -> Floats:
        """Columns of a mean and a straight line, shape (blocks, 2)."""
        return np.column_stack([np.ones(len(self.time)), (self.time - self.time.mean()) / np.ptp(self.time)])

    def come(self, onset_s: float) -> Floats:
        """How much of each dose's step has come, with a time constant (0: at once), shape (blocks, doses)."""
        since = self.time[:, None] - self.given
        come = (since > 0).astype(float)
        if onset_s > 0:
            come *= 1 - np.exp(-np.maximum(since, 0) / onset_s)
        come[self.of == 0] = 0.0
        return come
