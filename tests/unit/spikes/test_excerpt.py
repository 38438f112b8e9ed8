"""Excerpts of raw traces: where they are taken, and that they hold what the trace holds."""

import numpy as np
import pytest

from coeruleus.spikes.artefacts import Artefact
from coeruleus.spikes.excerpt import Window, choose_windows, close_ups, condense, cut

RATE = 20000.0


def test_the_typical_piece_is_neither_the_best_nor_the_worst():
    """Pieces of 3 s with 9, 1 and 4 spikes of the only unit: the one with 4."""
    train = np.concatenate([np.linspace(0.1, 2.9, 9), [4.0], np.linspace(6.2, 8.8, 4)])
    assert choose_windows([[train]], [], [9.0]) == [Window("spikes", 0, 6.0, 9.0)]


def test_a_piece_in_which_all_units_fire_wins_and_masked_ones_are_not_taken():
    one, two = np.array([0.5, 3.5, 6.5]), np.array([3.6, 6.6])
    masked = Artefact(0, 4.0, 4.5, "clipped")
    windows = choose_windows([[one], [two]], [masked], [9.0])
    assert windows[0] == Window("spikes", 0, 6.0, 9.0)
    assert windows[1] == Window("masked", 0, 3.25, 6.25)


def test_a_trace_that_is_masked_all_over_shows_only_that():
    windows = choose_windows([], [Artefact(0, 0.0, 9.0, "flat")], [9.0])
    assert windows == [Window("masked", 0, 0.0, 3.0)]


def test_a_trace_shorter_than_a_piece_is_shown_whole():
    assert choose_windows([], [], [1.2]) == [Window("spikes", 0, 0.0, 1.2)]


def test_the_second_segment_is_read_on_its_own_clock():
    windows = choose_windows([[np.empty(0), np.array([4.0])]], [], [6.0, 6.0])
    assert windows == [Window("spikes", 1, 3.0, 6.0)]


def test_no_sample_is_lost_by_condensing():
    rng = np.random.default_rng(5)
    trace = rng.normal(0, 10, (int(10 * RATE), 2)).astype(np.float32)
    trace[101234, 1] = 900.0
    time, signal, band = cut(lambda a, b: trace[a:b], len(trace), RATE, 1, Window("spikes", 0, 3.0, 6.0))
    assert len(time) == 60000 and signal == pytest.approx(trace[60000:120000, 1])
    assert np.std(band) < np.std(signal) and time[np.argmax(np.abs(band))] == pytest.approx(101234 / RATE, abs=1e-4)
    short = condense(time, signal, band)
    assert len(short) == 1000
    assert (short["signal_low"].min(), short["signal_high"].max()) == (signal.min(), signal.max())


def test_missing_samples_stay_missing():
    trace = np.zeros((int(3 * RATE), 1), dtype=np.float32)
    trace[20000:40000] = np.nan
    time, signal, band = cut(lambda a, b: trace[a:b], len(trace), RATE, 0, Window("spikes", 0, 0.0, 3.0))
    short = condense(time, signal, band)
    assert short["signal_low"].isna().sum() == pytest.approx(333, abs=2) and not short["band_low"].isna().any()


def test_each_unit_is_seen_closely_at_its_first_whole_spike():
    window = Window("spikes", 0, 3.0, 6.0)
    found = close_ups([[np.array([3.001, 4.0])], [np.array([1.0])]], window)
    assert found == [(0, Window("close", 0, 3.996, 4.008))]


def test_a_trace_of_a_few_samples_has_no_excerpt():
    assert choose_windows([], [Artefact(0, 0.0, 0.01, "flat")], [0.01]) == []
    assert choose_windows([], [], [0.0]) == []
