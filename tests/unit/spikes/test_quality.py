"""Contamination, presence, bursts against a gamma neuron, lost and masked time: against known truths."""

import numpy as np
import pandas as pd
import pytest

from coeruleus.simulation.trains import bursty_train, flat_rate, labelled_bursts, spike_train
from coeruleus.spikes.gamma_bursts import gamma_bursts
from coeruleus.spikes.held import masked_within, while_held, without_masks
from coeruleus.spikes.measure import measure_units
from coeruleus.spikes.profiles import correlogram_rows
from coeruleus.spikes.quality import contamination, presence
from coeruleus.spikes.spontaneous import Stretch
from coeruleus.spikes.trains import autocorrelogram, time_at_lags


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3])
def test_contamination_covers_the_truth(share):
    rng = np.random.default_rng(3)
    own = np.cumsum(0.004 + rng.exponential(0.1, 16000))
    own = own[own < 1500]
    total = len(own) / (1 - share)
    other = rng.uniform(0, 1500, round(total * share))
    found = contamination([np.sort(np.concatenate([own, other]))], [(0.0, 1500.0)])
    assert found.reason is None
    assert found.low - 0.01 <= share <= found.high + 0.01
    assert found.high - found.low < 0.15


def test_few_spikes_cannot_show_contamination():
    found = contamination([np.arange(1.0, 300.0)], [(0.0, 300.0)])
    assert np.isnan(found.fraction) and "insufficient_spikes" in found.reason


def test_presence():
    times = np.arange(0.25, 100, 0.5)
    assert presence([times], [(0.0, 100.0)]) == 1.0
    assert presence([times[times < 50]], [(0.0, 100.0)]) == pytest.approx(0.5, abs=0.1)
    assert np.isnan(presence([times[:30]], [(0.0, 100.0)]))


@pytest.mark.parametrize("shape", [1.0, 2.0, 6.0])
def test_a_gamma_neuron_does_not_burst(shape):
    train = spike_train(np.random.default_rng(4), flat_rate(900.0, 2.0), shape)
    found = gamma_bursts([train])
    assert found.fraction < 0.01
    assert found.shape == pytest.approx(shape, rel=0.12)


def test_bursts_on_a_regular_train_are_found():
    regular = np.arange(0.0, 400.0, 1.0) + np.random.default_rng(5).normal(0, 0.1, 400)
    starts = regular[10:390:20]
    train = np.sort(np.concatenate([regular, starts + 0.02, starts + 0.05]))
    found = gamma_bursts([train])
    assert found.fraction == pytest.approx(3 * len(starts) / len(train), rel=0.1)
    assert gamma_bursts([train[:20]]) is None
    bursty = gamma_bursts([bursty_train(np.random.default_rng(1), flat_rate(900.0, 1.0), burst_probability=0.1)])
    assert bursty.fraction > 0.1


@pytest.mark.parametrize(("rate", "shape"), [(0.5, 3.0), (1.0, 3.0), (2.0, 6.0)])
def test_most_spikes_of_frequent_bursts_are_found_and_the_null_stays_regular(rate, shape):
    train, within = labelled_bursts(np.random.default_rng(7), rate, shape, 0.3)
    found = gamma_bursts([train])
    marked = np.zeros(len(train), dtype=bool)
    for burst in found.bursts[0]:
        marked |= (train >= burst.start_s) & (train <= burst.end_s)
    assert np.mean(marked[within]) > 0.85
    assert np.mean(marked[~within]) < 0.2
    assert found.shape == pytest.approx(shape, rel=0.35)


def test_time_is_cut_where_a_unit_is_lost_and_where_it_is_masked():
    whole = [Stretch(1, 0.0, 100.0)]
    times = np.arange(0.5, 50.0, 0.5)
    [kept], [said] = while_held(whole, {1: times})
    assert kept.end_s == pytest.approx(50, abs=1) and said.startswith("lost at 50 s of segment 1")
    assert while_held(whole, {1: np.append(times, 99.0)}) == (whole, [])
    parts = without_masks(whole, {1: [(10.0, 20.0), (15.0, 30.0)]})
    assert [(part.start_s, part.end_s) for part in parts] == [(0.0, 10.0), (30.0, 100.0)]
    assert masked_within(5.0, 25.0, [(10.0, 20.0), (15.0, 30.0)]) == 15.0


@pytest.mark.parametrize(("masked_to", "missing"), [(92.0, 0), (85.0, 30)])
def test_a_hole_that_a_mask_cut_is_no_loss(masked_to, missing):
    """2 Hz and no spike after 20 s, from where it is masked: 8 s seen after that should hold 16 spikes, 15 s 30."""
    times, masks = np.arange(0.25, 20.0, 0.5), {1: [(20.0, masked_to)]}
    parts = without_masks([Stretch(1, 0.0, 100.0)], masks)
    kept, said = while_held(parts, {1: times}, masks)
    assert kept == (parts[:1] if missing else parts)
    assert said == (
        [f"lost at 20 s of segment 1 (its rate predicts {missing} more spikes; that time is not counted)"]
        if missing
        else []
    )


def test_masked_time_is_no_silence():
    times = np.arange(0.25, 100.0, 0.5)
    times = times[(times < 40) | (times > 60)]
    segments = pd.DataFrame(
        [{"site_id": "s", "segment": 1, "subject_id": "r", "duration_s": 100.0, "kind": "raw", "status": "ok"}]
    ).assign(condition=None, highpass_hz=None, reason=None)
    spikes = pd.DataFrame({"site_id": "s", "unit_id": "1", "segment": 1, "time_s": times})
    artefacts = pd.DataFrame([{"site_id": "s", "segment": 1, "start_s": 40.0, "end_s": 60.0, "kind": "clipped"}])
    empty = pd.DataFrame(columns=["site_id", "segment", "trial_type", "onset", "duration", "unit_id", "action"])
    shapes = pd.DataFrame(columns=["site_id", "unit_id", "time_ms", "amplitude_uv"])
    found = measure_units(spikes, segments, empty, shapes, empty, None, artefacts)
    [row] = found.units.to_dict("records")
    assert row["duration_s"] == pytest.approx(80.0) and row["masked_s"] == pytest.approx(20.0)
    assert row["firing_rate_hz"] == pytest.approx(2.0)
    assert row["longest_interval_s"] == pytest.approx(0.5) and row["n_silences"] == 0
    rates = found.rates[found.rates["rate_hz"].notna()]
    assert rates["rate_hz"].to_numpy(float) == pytest.approx(2.0)


def test_autocorrelogram_by_hand():
    counts = autocorrelogram([np.array([0.0, 0.015, 0.04]), np.array([1.0, 1.005])], 0.01, 5)
    assert counts.tolist() == [1, 1, 1, 0, 1]


def test_time_at_lags_by_hand():
    """Spikes 0.5 and 0.2 s before the ends of two stretches: the second has no time left beyond 0.2 s."""
    seen = time_at_lags([np.array([0.5]), np.array([2.8])], [(0.0, 1.0), (2.0, 3.0)], 0.15, 4)
    assert seen == pytest.approx([0.3, 0.2, 0.15, 0.05])


@pytest.mark.parametrize(("rate", "length"), [(1.0, 10.0), (0.5, 2.0)])
def test_the_autocorrelogram_of_a_poisson_train_is_flat_in_short_stretches(rate, length):
    rng = np.random.default_rng(8)
    bounds = [(2 * length * n, 2 * length * n + length) for n in range(round(8000 / rate / length))]
    trains = [np.sort(rng.uniform(low, high, rng.poisson(rate * length))) for low, high in bounds]
    rates = [row["rate_hz"] for row in correlogram_rows("s", "1", trains, bounds)]
    for tenth in np.array_split(np.array(rates), 10):
        assert tenth.mean() == pytest.approx(rate, rel=0.2)


def measured(times, segments, events=()):
    """The row of one unit; `segments` are the lengths of its recordings, `times` its trains."""
    row = {"site_id": "s", "subject_id": "r", "kind": "sorted", "status": "ok"}
    rows = pd.DataFrame([row | {"segment": n + 1, "duration_s": length} for n, length in enumerate(segments)])
    parts = [
        pd.DataFrame({"site_id": "s", "unit_id": "1", "segment": n + 1, "time_s": one}) for n, one in enumerate(times)
    ]
    columns = ["site_id", "segment", "trial_type", "onset", "duration", "unit_id", "action", "onset_source", "drug"]
    empty = pd.DataFrame(columns=columns)
    shapes = pd.DataFrame(columns=["site_id", "unit_id", "time_ms", "amplitude_uv"])
    given = pd.DataFrame(events, columns=columns)
    rows = rows.assign(condition=None, highpass_hz=None, reason=None)
    return measure_units(pd.concat(parts), rows, given, shapes, empty).units.to_dict("records")[0]


def test_a_unit_that_was_lost_was_not_present_throughout():
    """Lost half-way, and lost in the second of two recordings: there for half of the time."""
    half = np.arange(0.25, 100.0, 0.5)
    for times, segments in (([half], [200.0]), ([half, half[:0]], [100.0, 100.0])):
        row = measured(times, segments)
        assert row["presence"] == pytest.approx(0.5, abs=0.1)
        assert row["firing_rate_hz"] == pytest.approx(2.0, rel=0.02)


def test_short_stretches_warn_of_their_cv():
    """0.3 Hz in the 10 s between pinches: about three spikes a stretch."""
    times = np.sort(np.random.default_rng(2).uniform(0, 4000, 1200))
    pinch = {"site_id": "s", "segment": 1, "trial_type": "paw_pinch", "duration": 0.0, "onset_source": "ttl"}
    row = measured([times], [4000.0], [pinch | {"onset": 20.0 * n} for n in range(200)])
    assert row["isi_cv"] < 0.95 and "isi_cv: too low" in row["quality_reason"]
    assert "isi_cv" not in (measured([times], [4000.0])["quality_reason"] or "")
