"""Over what times a drug's effect is looked for."""

from __future__ import annotations

from dataclasses import dataclass

from coeruleus.experiment.routes import LOCAL_S, SYSTEMIC_S


@dataclass(frozen=True)
class Scale:
    """How long before and after a drug is compared, in how many blocks of what length, and how fast the change comes.

    Tried where both sides last `least_s`.
    """

    longest_s: float
    blocks: float
    block_s: tuple[float, float]
    onsets_s: tuple[float, ...]
    least_s: float = 0.0


SLOW = Scale(3600.0, 20, (30.0, 180.0), (0.0, 600.0), least_s=1200.0)
SYSTEMIC = (Scale(SYSTEMIC_S, 6, (5.0, 30.0), (0.0, 90.0)), SLOW)
LOCAL = (Scale(LOCAL_S, 6, (5.0, 30.0), (0.0, 10.0)),)
