"""Two units that fire at once just after a masked artefact: both spikes are found, and none is made up beside them."""

import numpy as np

from coeruleus.spikes.sort import sort_trace

from .raw_traces import RATE, add, background, matched, slow_train, waveform

SHAKEN_S = (30.0, 30.8)
TOGETHER_S = 31.2  # the mask ends about 0.1 s after the movement
APART_S = 0.0006  # at once to the sample they would cancel, pointing either way


def test_spikes_after_a_mask_belong_to_who_fired_them():
    rng = np.random.default_rng(17)
    broad, narrow = waveform(0.9, 0.3, 0.35), waveform(0.45, 0.6)
    trains = [slow_train(rng, rate, 3, 60) for rate in (1.5, 5.0)]
    quiet = [train[(train < SHAKEN_S[0] - 0.5) | (train > TOGETHER_S + 1.2)] for train in trains]
    alone_s = [np.array([TOGETHER_S + 0.5]), np.array([TOGETHER_S + 0.8])]
    both_s = [TOGETHER_S, TOGETHER_S + APART_S]
    trains = [np.sort(np.r_[train, at, own]) for train, at, own in zip(quiet, both_s, alone_s, strict=True)]
    trace = background(rng, 60)
    for train, (t, y), amplitude in zip(trains, (broad, narrow), (170.0, -120.0), strict=True):
        add(trace, train, (t, y), amplitude)
    shaken = slice(*(int(at * RATE) for at in SHAKEN_S))
    n = shaken.stop - shaken.start
    trace[shaken] += (np.cumsum(rng.normal(0, 40, n)) + rng.normal(0, 300, n)) * np.hanning(n)
    found = sort_trace(trace, RATE)
    assert len(found.units) == 2
    (mask,) = [one for one in found.artefacts if one.kind == "movement artefact"]
    assert mask.end_s < TOGETHER_S
    for train in trains:
        unit = max(found.units, key=lambda unit: matched(train, unit.times_s[0])[0])
        true, seen = (times[(times > mask.end_s) & (times < 32.3)] for times in (train, unit.times_s[0]))
        assert matched(true, seen) == (2, 0, 0)
