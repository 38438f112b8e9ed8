"""What each of several doses changed, where the rate drifts by itself: sizes known, and intervals that hold them."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.responses import doses as study
from scipy import stats

from coeruleus.responses.dose_change import _change, _counts, changes
from coeruleus.responses.dose_series import Dosed
from coeruleus.responses.drift import Effect, effects, last_p
from coeruleus.responses.drug_windows import Window
from coeruleus.simulation.trains import spike_train

TIMES = np.arange(36) - 11.5
DOSE = np.repeat(np.arange(4), [12, 8, 8, 8])


def _designs() -> list[np.ndarray]:
    """A mean, a line and the levels of three doses."""
    return [np.column_stack([np.ones(36), TIMES / 36, DOSE[:, None] == [1, 2, 3]]).astype(float)]


def _drifting(rows: int, memory: float, share: float) -> np.ndarray:
    lag = np.abs(TIMES[:, None] - TIMES)
    root = np.linalg.cholesky((1 - share) * np.eye(36) + share * np.exp(-lag / memory))
    return 5 + np.random.default_rng(5).standard_normal((rows, 36)) @ root.T


@pytest.mark.parametrize(("memory", "share"), [(1.0, 0.0), (60.0, 0.6), (20.0, 0.9)])
def test_intervals_of_all_doses_hold_what_they_did_beside_drift(memory: float, share: float) -> None:
    done = np.array([-1.0, -2.0, -3.0])
    values = _drifting(300, memory, share) + np.r_[0.0, done][DOSE]
    sums = [np.eye(5)[2:]]
    found = [effects(TIMES, row, _designs(), sums) for row in values]
    low, high = (np.array([[getattr(one, end) for one in row] for row in found]) for end in ("low", "high"))
    covered = ((low <= done) & (high >= done)).mean(axis=0)
    assert (covered >= 0.95 - 2.6 * np.sqrt(0.05 * 0.95 / 300)).all()
    size = np.array([[one.size for one in row] for row in found])
    assert size.mean(axis=0) == pytest.approx(done, abs=0.5)
    assert np.all(np.diff(np.median(high - low, axis=0)) > 0)  # the longer ago the first dose, the less is known


def test_an_interval_leaves_out_no_change_where_the_p_value_does_and_moves_with_the_values() -> None:
    sums = [np.eye(5)[2:]]
    for row in _drifting(40, 20.0, 0.5) + np.r_[0.0, 1.0, 2.0, 3.0][DOSE]:
        found = effects(TIMES, row, _designs(), sums)
        for one in found:
            assert (one.low <= 0 <= one.high) == (one.p >= 0.05)
        assert found[-1].p == pytest.approx(last_p(TIMES, row, _designs()))
        moved = effects(TIMES, row + 2.0 * (DOSE == 3) - 0.3 * TIMES, _designs(), sums)[-1]
        assert (moved.low, moved.high) == pytest.approx((found[-1].low + 2, found[-1].high + 2), abs=0.05)


@pytest.mark.parametrize("drift", ["600 s, 0.3", "smooth 800 s, 0.3"])
def test_the_change_by_the_last_dose_where_the_rate_drifts_since_before_the_first(drift: str) -> None:
    """About the measured change, by its p-value alone, intervals held the true one in 77 to 83 % of such trains."""
    plan = study.Plan((0.5,) * 5, 600.0, drift)
    found = study.last_dose(plan, study.measured(plan, 60, [9])[1])
    assert int(str(found["last_dose_tested"])) >= 45
    assert float(str(found["last_dose_covered"])) >= 0.88  # 95 % less 2.6 standard errors


def test_a_clear_last_dose_is_found_and_bounded() -> None:
    """Half is left, of a steady rate: by the p-value alone 8 % were found, and intervals held all there is."""
    plan = study.Plan(study.HALVING[1:], 600.0)
    found = study.last_dose(plan, study.measured(plan, 20, [9])[1])
    assert float(str(found["last_dose_found"])) >= 0.8
    assert -80 < float(str(found["last_dose_low"])) < -50 < float(str(found["last_dose_high"])) < -10


def test_intervals_hold_what_doses_that_come_slowly_did() -> None:
    """A loss that goes on within every window is no straight line in time: beside one, 60 % of intervals held it."""
    leaves, each_s, onset_s = study.hill(4), 600.0, 60.0
    time = np.arange(-600.0, 4 * each_s, study.STEP_S)
    rate = np.full(len(time), 2.0)
    for at, left in zip(each_s * np.arange(4), leaves, strict=True):
        gone = np.exp(-np.maximum(time - at, 0) / onset_s)
        rate = np.where(time >= at, 2 * left + (rate - 2 * left) * gone, rate)
    true = [100 * (rate[(time >= at) & (time < at + each_s)].mean() / 2 - 1) for at in each_s * np.arange(4)]
    rng = np.random.default_rng(4)
    made = [spike_train(rng, rate, 4.0, step_s=study.STEP_S) for _ in range(25)]
    doses = study.tested(made, study.Plan(leaves, each_s))[1].sort_values(["unit_id", "onset"])
    low, high = (doses[f"from_first_dose_percent_ci_{end}"].to_numpy().reshape(-1, 4) for end in ("low", "high"))
    assert ((low <= true) & (high >= true)).mean() >= 0.9
    assert np.median(high[:, -1]) < 0


def _series(rates: tuple[float, ...], blocks: int) -> Dosed:
    windows = [
        Window(30.0 * blocks * (n - 1) + 15 + 30 * np.arange(blocks), np.full(blocks, 30.0), np.full(blocks, 30 * rate))
        for n, rate in enumerate(rates)
    ]
    given = 30.0 * blocks * np.arange(len(rates) - 1)
    return Dosed(windows[0], windows[1:], given, 2.0 ** np.arange(len(rates) - 1), 30.0)


def test_changes_of_even_counts_by_hand_and_a_dose_that_silences() -> None:
    found = changes(_series((2.0, 2.0, 1.0, 0.0), 10), [0.0])
    assert found is not None
    assert [one.percent for one in found] == pytest.approx([0, -50, -100])
    for one in found:
        assert one.low <= one.percent <= one.high
    assert found[2].high < -95 and found[2].p < 0.001 and found[0].p > 0.5


def test_blocks_that_cannot_tell_drift_from_doses_say_nothing() -> None:
    assert changes(_series((2.0, 2.0, 1.0, 0.0), 3), [0.0]) is not None
    assert changes(_series((2.0, 2.0, 1.0, 0.0), 2), [0.0]) is None


@pytest.mark.parametrize("mean", [0.0, 1.0, 3.0, 30.0])
def test_counts_from_the_mean_of_their_roots(mean: float) -> None:
    n = np.arange(200)
    root = float(stats.poisson.pmf(n, mean) @ np.sqrt(n + 3 / 8))
    assert _counts(root) == pytest.approx(mean, rel=0.05, abs=1e-9)


def _of_counts(count: np.ndarray) -> Dosed:
    """Counts of 30-s blocks, shape (5, 20): 600 s before, and four doses of 600 s each."""
    windows = [
        Window(600.0 * (n - 1) + 15 + 30 * np.arange(20), np.full(20, 30.0), own.astype(float))
        for n, own in enumerate(count)
    ]
    return Dosed(windows[0], windows[1:], 600.0 * np.arange(4), 2.0 ** np.arange(4), 30.0)


def _drawn(rate: np.ndarray, seed: int) -> Dosed:
    """Poisson counts of 2 Hz before, and of each dose at `rate` (Hz), shape (20,)."""
    return _of_counts(np.random.default_rng(seed).poisson(30 * np.vstack([np.full(20, 2.0), *[rate] * 4])))


@pytest.mark.parametrize(("rate", "least", "most"), [
    (np.repeat([4.0, 4 / 3], [5, 15]), 0.0, 0.1),  # twice the rate for 150 s, then two thirds: no change of the mean
    (np.full(20, 1.0), 0.7, 1.0),  # of a halving, less is sure the longer ago the first dose
])  # fmt: skip
def test_the_p_value_is_of_the_change_of_the_mean(rate: np.ndarray, least: float, most: float) -> None:
    """Beside a straight line alone, the drug that wanes had changed the rate in every train."""
    found = [changes(_drawn(rate, seed), [0.0, 90.0]) or [] for seed in range(10)]
    p = np.array([[one.p for one in row] for row in found])
    assert p.shape == (10, 4) and least <= (p <= 0.05).mean() <= most


@pytest.mark.parametrize(("left", "high"), [(0.62, None), (2.0, 100 * (20.25 / 3.95 - 1))])
def test_a_change_of_a_rate_that_may_have_fallen_to_nothing_has_no_upper_end(left: float, high: float | None) -> None:
    """60 counts a block before, 20 under the dose; √(n + 3/8) of those without it may be as low as `left`."""
    series = _of_counts(np.repeat([60.0, 50, 40, 30, 20], 20).reshape(5, 20))
    level = float(np.sqrt(20.375))
    found = _change(Effect(level - 3, level - 4, level - left, 1e-6), series.before, series.after[-1], level)
    assert found.low < found.percent == pytest.approx(-200 / 3) and found.p == 1  # a rise beside drift, of less spikes
    assert np.isnan(found.high) if high is None else found.high == pytest.approx(high, rel=0.05)


def _effects(series: Dosed, onsets_s: list[float]) -> list[Effect]:
    """As `changes` has them, of each dose beside a straight line."""
    courses = [series.come(onset) for onset in onsets_s]
    own = [series.of == number for number in range(1, len(series.windows))]
    sums = [np.array([[0.0, 0.0, *come[blocks].mean(axis=0)] for blocks in own]) for come in courses]
    return effects(series.time / 30, series.value, [np.column_stack([series.straight, come]) for come in courses], sums)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_where_time_courses_disagree_the_interval_holds_what_each_finds(seed: int) -> None:
    """Twice the rate for the first 90 s of each dose: at once it changes a lot, beside a line, and slowly not at all.

    Sought from the mean of both, which neither accepts, the ends were the mean itself.
    """
    series = _drawn(np.repeat([4.0, 2.0], [3, 17]), seed)
    for both, *single in zip(*(_effects(series, onsets) for onsets in ([0.0, 90.0], [0.0], [90.0])), strict=True):
        assert both.low <= min(one.size for one in single) < both.size < max(one.size for one in single) <= both.high
        assert both.high - both.low > min(one.high - one.low for one in single)
