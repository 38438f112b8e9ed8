"""The peaks of one trace, with no list of analytes: where each begins, tops and ends, and which stand together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d

from coeruleus.chromatography.arrays import Floats
from coeruleus.chromatography.trace_candidates import Candidate, find_candidates, plain_tops

FEWEST_SIGMAS, MOST_SIGMAS = 2.8, 12.0  # from the apex to where a peak ends
FLAT = 0.003  # of the greatest curvature: below it a flank has become baseline
PLATEAU = 0.85  # of the bend half a sigma earlier: it no longer falls off, and so is the baseline's own
FOOT = 0.05  # of the height: what counts as the level of the baseline
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


def find_trace_peaks(time: Floats, signal: Floats, *, dips: bool = False) -> list[TracePeak]:
    """Peaks, or dips upside down, in order of time on an even grid; `time` minutes and `signal`, both (n,)."""
    if signal.size < 16 or np.ptp(signal) == 0:
        return []
    signal = -signal if dips else signal
    candidates, noise = find_candidates(signal)
    if not dips:  # where a sloping baseline meets the foot of a peak there is a plain bottom, but no dip
        candidates += plain_tops(signal, candidates, noise)
    candidates = sorted(candidates, key=lambda c: c.apex)
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
        cuts = [_lowest(time, signal, valleys[k], candidates[k], candidates[k + 1]) for k in group[:-1]]
        own = list(pairwise([float(time[first]), *cuts, float(time[last])]))
        cells = list(pairwise([first, *(valleys[k] for k in group[:-1]), last]))
        for n, k in enumerate(group):
            peaks.append(_peak(time, signal, candidates[k], (*cells[n], first, last), own[n]))
    return [p for p in peaks if p is not None]


def _valley(signal: Floats, left: Candidate, right: Candidate) -> int:
    """Between two tops: the lowest point, or where there is none, the one farthest below the line from top to top."""
    smooth = gaussian_filter1d(signal, max(0.3 * min(left.sigma, right.sigma), 0.5), mode="nearest")
    # A rider on the flank of a large peak bends most before its top.
    first = _uphill(smooth, left.apex, right.apex)
    last = _uphill(smooth, right.apex, first)
    between = smooth[first : last + 1]
    lowest = int(np.argmin(between))
    if not 0 < lowest < between.size - 1:
        first, between = left.apex, smooth[left.apex : right.apex + 1]
        lowest = int(np.argmin(between - np.linspace(between[0], between[-1], between.size)))
    return first + lowest


def _uphill(smooth: Floats, place: int, limit: int) -> int:
    """The top that a climb from `place` towards `limit` reaches."""
    way = 1 if limit > place else -1
    along = smooth[place : limit + way : way] if limit + way >= 0 else smooth[place::way]
    falls = np.flatnonzero(np.diff(along) <= 0)
    return place + way * int(falls[0] if falls.size else 0)


def _bend(signal: Floats, peak: Candidate, way: int, reach: int) -> tuple[Floats, float]:
    """Second derivative from the apex outwards, and the value under which it is none."""
    smooth = max((0.5 if peak.z > STRONG else 1.0) * peak.sigma, 1.0)
    margin = int(4 * smooth)
    low, high = max(0, peak.apex - reach - margin), min(signal.size, peak.apex + reach + margin + 1)
    bend = gaussian_filter1d(signal[low:high], smooth, order=2, mode="nearest")
    along = bend[peak.apex - low :: way][: reach + 1]
    return along, float(np.abs(along).max()) * max(FLAT, 3 / max(peak.z, 2.0) ** 1.5)


def _walk(signal: Floats, peak: Candidate, limit: int) -> int:
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


def _carried_on(signal: Floats, group: Sequence[Candidate], foot: int, limit: int) -> int:
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


def _gap(signal: Floats, left: Candidate, right: Candidate) -> int | None:
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
    peaks: Sequence[Candidate],
    valleys: Sequence[int],
    ends: Sequence[tuple[int, int]],
    touching: Sequence[bool],
) -> list[list[int]]:
    """Peaks whose flanks meet at the valley between them stand together, unless the valley reaches the baseline."""
    groups = [[0]]
    for k, valley in enumerate(valleys):
        meet = ends[k][1] >= valley and ends[k + 1][0] <= valley
        at_baseline = _level(signal, valley, ends[k][0], peaks[k]) and _level(
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


def _lowest(time: Floats, signal: Floats, valley: int, left: Candidate, right: Candidate) -> float:
    """The time of a valley between cells, one for both its peaks."""
    if not 0 < valley < signal.size - 1:  # the trace begins or ends at the top of a peak that another touches
        return float(time[valley])
    part = 0.1 if min(left.z, right.z) > STRONG else 0.25
    smooth = gaussian_filter1d(signal, max(part * min(left.sigma, right.sigma), 0.3), mode="nearest")
    a, b, c = smooth[valley - 1 : valley + 2]
    shift = float(np.clip(0.5 * (a - c) / (a - 2 * b + c), -0.5, 0.5)) if a - 2 * b + c > 0 else 0.0
    return float(time[valley] + shift * (time[1] - time[0]))


def _level(signal: Floats, valley: int, foot: int, peak: Candidate) -> bool:
    """Whether a valley lies as low as the other foot of a peak beside it, within a little of its height."""
    return bool(abs(signal[valley] - signal[foot]) <= FOOT * (signal[peak.apex] - signal[foot]))


def _peak(
    time: Floats,
    signal: Floats,
    peak: Candidate,
    places: tuple[int, int, int, int],
    own: tuple[float, float],
) -> TracePeak | None:
    start, end, first, last = places
    if end - start < 3:
        return None
    step = float(time[1] - time[0])
    inside = slice(start, end + 1)
    smooth = gaussian_filter1d(signal, max((0.1 if peak.z > STRONG else 0.25) * peak.sigma, 0.3), mode="nearest")
    line = np.interp(np.arange(start, end + 1), [first, last], [signal[first], signal[last]])
    above = smooth[inside] - line
    near = slice(max(peak.apex - start - int(peak.sigma), 0), peak.apex - start + int(peak.sigma) + 1)
    top = near.start + int(np.argmax(above[near])) if above[near].size else peak.apex - start
    if not 0 < top < above.size - 1:  # a rider on a flank has no top of its own, but bends most here
        top = peak.apex - start
    shift = 0.0
    if 0 < top < above.size - 1:
        a, b, c = smooth[inside][top - 1 : top + 2]
        shift = 0.5 * (a - c) / (a - 2 * b + c) if a - 2 * b + c < 0 else 0.0
    apex = float(time[start + top] + np.clip(shift, -1, 1) * step)
    height = float(above[top])
    if not height > 0:
        return None
    apex = float(np.clip(apex, *own))
    return TracePeak(apex, peak.sigma * step, *own, float(time[first]), float(time[last]), height, peak.z)
