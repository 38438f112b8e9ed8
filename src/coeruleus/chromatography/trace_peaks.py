"""The peaks of one trace, with no list of analytes: where each begins, tops and ends, and which stand together.

A peak is where the smoothed second derivative stands out of its own spread in the quieter parts of the trace:
offset and slope have no second derivative, so a drifting baseline is no peak. It is looked for on scales from
one cell to a thirtieth of the trace, the finest that shows it first, so that neighbours stay apart and faint
wide peaks are seen all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d

from coeruleus.chromatography.arrays import Floats

THRESHOLD = 5.5  # of the second derivative over its spread
SCALES_PER_OCTAVE = 1.5
FEWEST_SIGMAS, MOST_SIGMAS = 2.8, 12.0  # from the apex to where a peak ends
FLAT = 0.003  # of the greatest curvature: below it a flank has become baseline
PIECES = 24
SLOPES = (-0.5, 0.75)  # of noise against scale: white noise falls so, and more than a random walk (0.5) is signal
QUIET = 0.12  # of the pieces are taken to hold no peak
QUIETER = 1.45  # what noise alone has over the quietest of its pieces
WIDEST = 3.0  # half the width between inflections, in scales
PLATEAU = 0.85  # of the bend half a sigma earlier: it no longer falls off, and so is the baseline's own
FOOT = 0.05  # of the height: what counts as the level of the baseline
FLANK = 0.06  # of its concavity: how much a peak's either side must bend the other way
STRONG = 50.0  # z of a peak whose flanks can be followed with little smoothing


@dataclass(frozen=True)
class TracePeak:
    """One peak. Times in minutes; `height` above the line that joins its own ends, in signal units.

    `first` and `last` are the ends of the cluster that it stands in: of the peak itself where it stands alone.
    `start` and `end` inside a cluster are the valleys on either side.
    """

    apex: float
    sigma: float
    start: float
    end: float
    first: float
    last: float
    height: float
    z: float


@dataclass(frozen=True)
class _Candidate:
    apex: int
    sigma: float  # cells
    scale: float  # cells
    z: float


def find_trace_peaks(time: Floats, signal: Floats, threshold: float = THRESHOLD) -> list[TracePeak]:
    """Peaks in order of time on an even grid; `time` minutes and `signal`, both (n,). For dips, give -signal."""
    if signal.size < 16 or np.ptp(signal) == 0:
        return []
    candidates = sorted(_candidates(signal, threshold), key=lambda c: c.apex)
    if not candidates:
        return []
    pairs = list(pairwise(candidates))
    apart = [_gap(signal, a, b) for a, b in pairs]
    valleys = [_valley(signal, a, b) if gap is None else gap for gap, (a, b) in zip(apart, pairs, strict=True)]
    ends = []
    for k, candidate in enumerate(candidates):
        low = valleys[k - 1] if k else 0
        high = valleys[k] if k < len(valleys) else signal.size - 1
        ends.append((_walk(signal, candidate, low), _walk(signal, candidate, high)))
    touching = [gap is None for gap in apart]
    groups = _clusters(signal, candidates, valleys, ends, touching)
    peaks = []
    for group in groups:
        first = _carried_on(
            signal, [candidates[k] for k in group], ends[group[0]][0], ends[group[0] - 1][1] if group[0] else 0
        )
        after = ends[group[-1] + 1][0] if group[-1] + 1 < len(candidates) else signal.size - 1
        last = _carried_on(signal, [candidates[k] for k in group], ends[group[-1]][1], after)
        for k in group:
            start = valleys[k - 1] if k != group[0] else first
            end = valleys[k] if k != group[-1] else last
            peaks.append(_peak(time, signal, candidates[k], (start, end, first, last)))
    return [p for p in peaks if p is not None]


def _candidates(signal: Floats, threshold: float) -> list[_Candidate]:
    """Maxima of the negative second derivative, from the finest scale to the coarsest.

    A peak is accepted where the finest scale shows it, and measured where it stands out most while it is alone.
    """
    accepted: list[_Candidate] = []
    octaves, noise = np.log2(max(signal.size / 30, 2.0)), 0.0
    for scale in 2.0 ** np.arange(0, octaves, 1 / SCALES_PER_OCTAVE):
        answer = -_second_derivative(signal, float(scale)) * scale**2
        noise = _quiet_level(answer, scale, accepted, noise)
        if not noise > 0:
            continue
        edges = np.flatnonzero(np.diff(np.concatenate([[False], answer > 0, [False]]).astype(int)))
        for left, right in zip(edges[::2], edges[1::2], strict=True):
            top = int(left + np.argmax(answer[left:right]))
            z = float(answer[top] / noise)
            if z < threshold or not _two_flanks(answer, left, right, scale):
                continue
            inside = [k for k, c in enumerate(accepted) if left <= c.apex < right]
            half = max(top - left, right - top)  # the side away from a neighbour that it touches
            if half > WIDEST * scale:
                continue  # a coarser scale sees it as a whole
            sigma = float(np.sqrt(max(half**2 - scale**2, (0.3 * scale) ** 2)))
            new = _Candidate(top, sigma, float(scale), z)
            if not inside:
                accepted.append(new)
            elif len(inside) == 1:
                finer = accepted[inside[0]]
                if z > finer.z and finer.scale < scale and sigma < 3 * finer.sigma:
                    accepted[inside[0]] = new
    return accepted


def _second_derivative(signal: Floats, scale: float) -> Floats:
    """Of the trace smoothed with `scale` cells, carried on straight beyond both ends."""
    pad = min(int(4 * scale) + 1, signal.size - 1)
    longer = np.pad(signal, pad, mode="reflect", reflect_type="odd")
    return np.asarray(gaussian_filter1d(longer, scale, order=2)[pad:-pad])


def _quiet_level(answer: Floats, scale: float, accepted: Sequence[_Candidate], before: float) -> float:
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
            levels.append(1.4826 * float(np.median(np.abs(piece - np.median(piece)))))
    slowest, fastest = (before * 2 ** (power / SCALES_PER_OCTAVE) for power in SLOPES)
    if len(levels) < 2:
        return max(slowest, before)
    level = max(QUIETER * float(np.quantile(levels, QUIET)), slowest)
    return min(level, fastest) if before > 0 else level


def _two_flanks(answer: Floats, left: int, right: int, scale: float) -> bool:
    """Whether the trace bends the other way on both sides: the edge of a step does so on one alone."""
    top, reach = float(answer[left:right].max()), int(1.5 * (right - left) + 2 * scale)
    before, after = answer[max(0, left - reach) : left], answer[right : right + reach]
    least = -FLANK * top
    # A peak that the end of the trace cuts off shows one flank.
    bent = [side.size < 0.5 * reach or bool(side.min() < least) for side in (before, after)]
    return all(bent) and before.size + after.size > 0.5 * reach


def _valley(signal: Floats, left: _Candidate, right: _Candidate) -> int:
    """Between two tops: the lowest point, or where there is none, the one farthest below the line from top to top."""
    smooth = gaussian_filter1d(signal, max(0.3 * min(left.sigma, right.sigma), 0.5), mode="nearest")
    between = smooth[left.apex : right.apex + 1]
    lowest = int(np.argmin(between))
    if not 0 < lowest < between.size - 1:
        lowest = int(np.argmin(between - np.linspace(between[0], between[-1], between.size)))
    return left.apex + lowest


def _bend(signal: Floats, peak: _Candidate, way: int, reach: int) -> tuple[Floats, float]:
    """Second derivative from the apex outwards, and the value under which it is none."""
    smooth = max((0.5 if peak.z > STRONG else 1.0) * peak.sigma, 1.0)
    margin = int(4 * smooth)
    low, high = max(0, peak.apex - reach - margin), min(signal.size, peak.apex + reach + margin + 1)
    bend = gaussian_filter1d(signal[low:high], smooth, order=2, mode="nearest")
    along = bend[peak.apex - low :: way][: reach + 1]
    return along, float(np.abs(along).max()) * max(FLAT, 3 / max(peak.z, 2.0) ** 1.5)


def _walk(signal: Floats, peak: _Candidate, limit: int) -> int:
    """From the apex towards `limit`, past the sharpest bend of the flank, to where the trace no longer bends."""
    way = 1 if limit > peak.apex else -1
    reach = min(abs(limit - peak.apex), int(np.ceil(MOST_SIGMAS * peak.sigma)))
    least = int(np.ceil(FEWEST_SIGMAS * peak.sigma))
    if least >= reach:
        return peak.apex + way * reach
    along, flat = _bend(signal, peak, way, reach)
    begin = max(int(np.argmax(along[: max(least, 2)])), least)
    ahead = max(int(0.5 * peak.sigma), 2)
    rest = along[begin:]
    done = rest <= flat
    if rest.size > ahead:
        own = rest[:-ahead] < 0.1 * np.abs(along).max()
        done[: rest.size - ahead] |= own & (rest[ahead:] >= PLATEAU * rest[:-ahead])
    return peak.apex + way * min(begin + int(np.argmax(done)) if done.any() else reach, reach)


def _carried_on(signal: Floats, group: Sequence[_Candidate], foot: int, limit: int) -> int:
    """The foot of a cluster, where a small outermost member ends before the tail of a large one does."""
    way = 1 if limit > foot else -1
    for peak in group:
        reach = min(abs(limit - peak.apex), int(np.ceil(MOST_SIGMAS * peak.sigma)))
        done = abs(foot - peak.apex)
        if done >= reach or (foot - peak.apex) * way < 0:
            continue
        along, flat = _bend(signal, peak, way, reach)
        ended = along[done:] <= flat
        farther = peak.apex + way * (done + int(np.argmax(ended)) if ended.any() else reach)
        if signal[farther] < signal[foot]:  # so that the baseline never runs above the trace
            foot = farther
    return foot


def _gap(signal: Floats, left: _Candidate, right: _Candidate) -> int | None:
    """Where a peak has run out before the next begins: the trace has stayed straight for a while. None: nowhere."""
    for peak, other, way in ((left, right, 1), (right, left, -1)):
        room = abs(other.apex - peak.apex) - int(1.5 * other.sigma)
        stay, least = max(int(peak.sigma), 5), int(np.ceil(FEWEST_SIGMAS * peak.sigma))
        if room < least + stay:
            continue
        along, flat = _bend(signal, peak, way, min(room, int(MOST_SIGMAS * peak.sigma) + stay))
        straight = np.abs(along) <= flat
        for k in range(least, straight.size - stay + 1):
            if straight[k : k + stay].all():
                return peak.apex + way * k
    return None


def _clusters(
    signal: Floats,
    peaks: Sequence[_Candidate],
    valleys: Sequence[int],
    ends: Sequence[tuple[int, int]],
    touching: Sequence[bool],
) -> list[list[int]]:
    """Peaks whose flanks meet at the valley between them stand together, unless the valley reaches the baseline."""
    groups = [[0]]
    for k, valley in enumerate(valleys):
        meet = ends[k][1] >= valley and ends[k + 1][0] <= valley
        at_baseline = _level(signal, valley, ends[k][0], peaks[k]) or _level(
            signal, valley, ends[k + 1][1], peaks[k + 1]
        )
        if touching[k] and meet and not at_baseline:
            groups[-1].append(k + 1)
        else:
            groups.append([k + 1])
    result = []
    while groups:
        group = groups.pop(0)
        first, last = ends[group[0]][0], ends[group[-1]][1]
        line = np.interp([valleys[k] for k in group[:-1]], [first, last], [signal[first], signal[last]])
        below = [line[n] - signal[valleys[k]] for n, k in enumerate(group[:-1])]
        if below and max(below) > 0:  # the baseline may not run above the trace
            cut = int(np.argmax(below)) + 1
            groups = [group[:cut], group[cut:], *groups]
        else:
            result.append(group)
    return result


def _lowest(time: Floats, smooth: Floats, valley: int) -> float:
    """The time of a valley between cells."""
    a, b, c = smooth[valley - 1 : valley + 2]
    shift = float(np.clip(0.5 * (a - c) / (a - 2 * b + c), -0.5, 0.5)) if a - 2 * b + c > 0 else 0.0
    return float(time[valley] + shift * (time[1] - time[0]))


def _level(signal: Floats, valley: int, foot: int, peak: _Candidate) -> bool:
    """Whether a valley lies as low as the other foot of a peak beside it, within a little of its height."""
    return bool(abs(signal[valley] - signal[foot]) <= FOOT * (signal[peak.apex] - signal[foot]))


def _peak(time: Floats, signal: Floats, peak: _Candidate, places: tuple[int, int, int, int]) -> TracePeak | None:
    start, end, first, last = places
    if end - start < 3:
        return None
    step = float(time[1] - time[0])
    inside = slice(start, end + 1)
    smooth = gaussian_filter1d(signal, max(0.25 * peak.sigma, 0.3), mode="nearest")
    line = np.interp(np.arange(start, end + 1), [first, last], [signal[first], signal[last]])
    above = smooth[inside] - line
    near = slice(max(peak.apex - start - int(peak.sigma), 0), peak.apex - start + int(peak.sigma) + 1)
    top = near.start + int(np.argmax(above[near])) if above[near].size else peak.apex - start
    shift = 0.0
    if 0 < top < above.size - 1:
        a, b, c = smooth[inside][top - 1 : top + 2]
        shift = 0.5 * (a - c) / (a - 2 * b + c) if a - 2 * b + c < 0 else 0.0
    apex = float(time[start + top] + np.clip(shift, -1, 1) * step)
    height = float(above[top])
    if not height > 0:
        return None
    own = [float(time[k]) if k in (first, last) else _lowest(time, smooth, k) for k in (start, end)]
    return TracePeak(apex, peak.sigma * step, own[0], own[1], float(time[first]), float(time[last]), height, peak.z)
