"""Where the peaks of one trace may be: what stands out of its own noise, on every scale.

A peak is where the smoothed second derivative stands out of its own spread in the quieter parts of the trace:
offset and slope have no second derivative, so a drifting baseline is no peak. It is looked for on scales from
one cell to a thirtieth of the trace, the finest that shows it first, so that neighbours stay apart and faint
wide peaks are seen all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from coeruleus.chromatography.arrays import Floats, stretches

THRESHOLD = 4.5  # of the second derivative over its spread
SCALES_PER_OCTAVE = 1.5
PIECES = 24
SLOPES = (-0.5, 0.75)  # of noise against scale: white noise falls so, and more than a random walk (0.5) is signal
QUIET = 0.12  # of the pieces are taken to hold no peak
QUIETER = 1.45  # what noise alone has over the quietest of its pieces
WIDEST = 3.0  # half the width between inflections, in scales
FLANK = 0.06  # of its concavity: how much a peak's either side must bend the other way
KEPT = 0.8  # of the width that a finer scale has shown
SPECK = 2.0  # z over the threshold of what may be a bump of the noise on a far larger peak
HALF = 1.1774  # half the width at half height of a Gaussian, in sigmas
TOP_SCALE = 2.0  # cells that a top is smoothed with
PLAIN = 12.0  # rise of a top on both sides over the noise of one cell
SMOOTHEST = 1e-9  # of its range: noise that any trace is taken to have
BEND_OF_NOISE = np.sqrt(3 / (8 * np.sqrt(np.pi)))  # second derivative of white noise, smoothed with one cell


@dataclass(frozen=True)
class Candidate:
    apex: int
    sigma: float  # cells
    scale: float  # cells
    z: float


def find_candidates(signal: Floats) -> tuple[list[Candidate], float]:
    """Maxima of the negative second derivative, from the finest scale to the coarsest.

    A peak is accepted where the finest scale shows it, and measured where it stands out most while it is alone.
    The second value is the noise of one cell: at least that of rounding, so that a trace without noise has one too.
    """
    accepted: list[Candidate] = []
    rounding = float(np.diff(np.unique(signal)).min()) / np.sqrt(12)
    least, octaves = max(rounding, SMOOTHEST * float(np.ptp(signal))), np.log2(max(signal.size / 30, 2.0))
    noise, finest = 0.0, 0.0
    for scale in 2.0 ** np.arange(0, octaves, 1 / SCALES_PER_OCTAVE):
        answer = -_second_derivative(signal, float(scale)) * scale**2
        noise = max(_quiet_level(answer, scale, accepted, noise), least * BEND_OF_NOISE / np.sqrt(scale))
        bent = stretches(answer > 0)
        most = np.maximum.reduceat(answer, [left for left, _ in bent]) if bent else np.empty(0)
        for (left, right), z in zip(bent, most / noise, strict=True):
            if z < THRESHOLD or not _two_flanks(answer, left, right, scale):
                continue
            top = int(left + np.argmax(answer[left:right]))
            inside = [k for k, c in enumerate(accepted) if left <= c.apex < right]
            half = max(top - left, right - top)  # the side away from a neighbour that it touches
            if half > WIDEST * scale:
                continue  # a coarser scale sees it as a whole
            sigma = float(np.sqrt(max(half**2 - scale**2, (0.3 * scale) ** 2)))
            new = Candidate(top, sigma, float(scale), float(z))
            if not inside:
                # What a large neighbour has left of one that is there already, or moved of a clearer one, is no other.
                away = [(abs(c.apex - top), c) for c in accepted]
                if not any(gap < c.sigma or (gap < scale and c.z > z) for gap, c in away):
                    accepted.append(new)
            elif len(inside) == 1:
                finer = accepted[inside[0]]
                # Where a neighbour has eaten into it or taken it in, the finer scale knows better.
                same = KEPT * finer.sigma < sigma < 3 * finer.sigma and abs(top - finer.apex) < finer.sigma
                speck = finer.z < SPECK * THRESHOLD and z > 10 * finer.z
                if finer.scale < scale and ((z > finer.z and same) or speck):
                    accepted[inside[0]] = new
        finest = finest or noise / BEND_OF_NOISE
    return accepted, finest


def _swings(values: Floats, least: float) -> list[tuple[int, int, int]]:
    """(bottom, top, bottom) of each rise and fall by at least `least`, whatever smaller ones lie on the way."""
    turns, low, high, rising = list[int](), 0, 0, False
    for place, value in enumerate(values.tolist()):
        if rising and value > values[high]:
            high = place
        elif not rising and value < values[low]:
            low = place
        elif rising and value < values[high] - least:
            turns.append(high)
            low, rising = place, False
        elif not rising and value > values[low] + least:
            turns.append(low)
            high, rising = place, True
    turns += [] if rising else [low]
    return list(zip(turns[0::2], turns[1::2], turns[2::2], strict=False))


def plain_tops(signal: Floats, accepted: Sequence[Candidate], noise: float) -> list[Candidate]:
    """Tops that rise far out of the noise on both sides: plain to the eye, also where the trace bends everywhere."""
    smooth = gaussian_filter1d(signal, TOP_SCALE, mode="nearest")
    found = []
    for bottom, top, after in _swings(smooth, PLAIN * noise):
        rise = float(smooth[top] - max(smooth[bottom], smooth[after]))
        half = smooth[top] - rise / 2
        sides = smooth[top : bottom - 1 if bottom else None : -1], smooth[top : after + 1]
        width = min(int(np.argmax(side < half)) for side in sides)  # of the side that has no neighbour on it
        if width >= TOP_SCALE and not any(abs(c.apex - top) < 2 * width / HALF for c in accepted):
            found.append(Candidate(top, width / HALF, TOP_SCALE, rise / noise))
    return found


def _second_derivative(signal: Floats, scale: float) -> Floats:
    """Of the trace smoothed with `scale` cells, carried on straight beyond both ends."""
    pad = min(int(4 * scale) + 1, signal.size - 1)
    longer = np.pad(signal, pad, mode="reflect", reflect_type="odd")
    return np.asarray(gaussian_filter1d(longer, scale, order=2)[pad:-pad])


def _quiet_level(answer: Floats, scale: float, accepted: Sequence[Candidate], before: float) -> float:
    """Robust standard deviation away from the peaks found so far; `before` is that of the scale before.

    The quieter pieces speak, since peaks not found yet may lie in the others.
    """
    free = np.ones(answer.size, bool)
    for peak in accepted:
        reach = 3.5 * np.hypot(peak.sigma, scale)
        free[max(0, int(peak.apex - reach)) : int(peak.apex + 1.4 * reach) + 1] = False
    size = max(int(12 * scale), answer.size // PIECES)
    levels = []
    for first in range(0, answer.size, size):
        piece = answer[first : first + size][free[first : first + size]]
        if piece.size >= max(0.4 * size, 8):
            levels.append(1.4826 * _middle(np.abs(piece - _middle(piece))))
    slowest, fastest = (before * 2 ** (power / SCALES_PER_OCTAVE) for power in SLOPES)
    if len(levels) < 2:
        return max(slowest, before)
    level = max(QUIETER * float(np.quantile(levels, QUIET)), slowest)
    return min(level, fastest) if before > 0 else level


def _middle(values: Floats) -> float:
    """The median (the upper one of two), without the price of `np.median` on short arrays."""
    half = values.size // 2
    return float(np.partition(values, half)[half])


def _two_flanks(answer: Floats, left: int, right: int, scale: float) -> bool:
    """Whether the trace bends the other way on both sides: the edge of a step does so on one alone."""
    top, reach = float(answer[left:right].max()), int(1.5 * (right - left) + 2 * scale)
    before, after = answer[max(0, left - reach) : left], answer[right : right + reach]
    least = -FLANK * top
    # A peak that the end of the trace cuts off shows one flank.
    bent = [side.size < 0.5 * reach or bool(side.min() < least) for side in (before, after)]
    return all(bent) and before.size + after.size > 0.5 * reach
