"""The table of units: real cells by hand, honest statuses, and every item accounted for."""

import time

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from coeruleus.spikes.measure import measure_units

NO_EVENTS = pd.DataFrame(columns=["site_id", "segment", "onset", "duration", "trial_type", "onset_source", "drug"])
NO_CURATION = pd.DataFrame(columns=["site_id", "unit_id", "action", "label", "reason", "author", "date"])
NO_WAVEFORMS = pd.DataFrame(columns=["site_id", "unit_id", "time_ms", "amplitude_uv"])


def segments(*rows):
    default = {"subject_id": "r1", "condition": None, "highpass_hz": None, "kind": "sorted", "status": "ok"}
    return pd.DataFrame([default | {"segment": 1, "duration_s": 100.0, "reason": None} | row for row in rows])


def spikes(*trains):
    parts = [pd.DataFrame({"site_id": s, "unit_id": u, "segment": n, "time_s": t}) for s, u, n, t in trains]
    return pd.concat(parts, ignore_index=True)


def measure(trains, rows, events=NO_EVENTS, waveforms=NO_WAVEFORMS, curation=NO_CURATION, snr=None, masks=()):
    """`masks`: (site, segment, from, to)."""
    artefacts = pd.DataFrame(masks, columns=["site_id", "segment", "start_s", "end_s"]).assign(kind="flat")
    return measure_units(spikes(*trains), segments(*rows), events, waveforms, curation, snr, artefacts)


REGULAR = np.arange(0.5, 100.0)


@pytest.fixture(scope="module")
def footshock(shared):
    folder = shared / "experiments/lc_footshock/ephys"
    recordings = pd.read_csv(folder / "recordings.tsv", sep="\t", na_values=["n/a"])
    trains, shapes = [], []
    for row in recordings.itertuples():
        found = pd.read_csv(folder / row.file, sep="\t", dtype={"unit_id": str})
        trains.append(found.assign(site_id=row.site_id, segment=row.segment))
        if isinstance(row.waveforms, str):
            shape = pd.read_csv(folder / row.waveforms, sep="\t", dtype={"unit_id": str})
            shapes.append(shape.assign(site_id=row.site_id))
    events = pd.read_csv(folder / "events.tsv", sep="\t").assign(drug=None)
    rows = recordings.assign(condition=None, highpass_hz=np.nan, status="ok", reason=None)
    every = pd.concat(trains, ignore_index=True)
    return recordings, every, measure_units(every, rows, events, pd.concat(shapes, ignore_index=True), NO_CURATION)


def test_footshock_cells_by_hand(footshock):
    recordings, every, measured = footshock
    units = measured.units.set_index("site_id")
    assert len(units) == 26
    for row in recordings[recordings["segment"] == 1].itertuples():
        times = every[(every["site_id"] == row.site_id) & (every["segment"] == 1)]["time_s"].to_numpy()
        unit = units.loc[row.site_id]
        assert unit["n_spikes"] == len(times) and unit["duration_s"] == row.duration_s
        assert unit["firing_rate_hz"] == pytest.approx(len(times) / row.duration_s, rel=1e-12)
        if len(times) >= 20:
            isi = np.diff(np.sort(times))
            assert unit["isi_cv"] == pytest.approx(isi.std() / isi.mean(), rel=1e-9)
            assert unit["cv2"] == pytest.approx(np.mean(2 * np.abs(np.diff(isi)) / (isi[1:] + isi[:-1])), rel=1e-9)
            assert unit["status"] == "ok"
    assert units.loc["cell35", "status"] == "insufficient_spikes" and np.isnan(units.loc["cell35", "isi_cv"])
    assert "3 spontaneous spikes" in units.loc["cell35", "reason"]
    assert measured.problems == []
    peaks = measured.waveform_marks[measured.waveform_marks["mark"] == "peak"]
    assert np.abs(peaks["time_ms"]).max() < 1e-9


def test_published_means_of_these_cells(footshock, shared):
    """Rates of the 26 cells: 1.54 Hz in TH+ and 0.69 Hz in TH− cells (project's table of known facts)."""
    identity = pd.read_csv(shared / "experiments/lc_footshock/ephys/identity.tsv", sep="\t")
    rates = footshock[2].units.merge(identity[["site_id", "result"]], on="site_id").groupby("result")["firing_rate_hz"]
    assert rates.mean()["TH+"] == pytest.approx(1.54, abs=0.01)
    assert rates.mean()["TH-"] == pytest.approx(0.69, abs=0.01)


def test_every_site_keeps_a_row():
    rows = [
        {"site_id": "a"},
        {"site_id": "b"},
        {"site_id": "c", "status": "failed", "reason": "the file is empty", "duration_s": None},
        {"site_id": "d", "kind": "raw", "reason": "no unit: all noise"},
    ]
    units = measure([("a", "1", 1, REGULAR)], rows).units.set_index("site_id")
    assert units["status"].to_dict() == {"a": "ok", "b": "not_found", "c": "failed", "d": "not_found"}
    assert list(units.loc[["b", "c", "d"], "unit_id"]) == [None, None, None]
    assert "the file is empty" in units.loc["c", "reason"] and units.loc["d", "reason"] == "no unit: all noise"
    assert np.isnan(units.loc["c", "firing_rate_hz"])


def test_a_failed_segment_does_not_take_the_unit_down():
    rows = [{"site_id": "a"}, {"site_id": "a", "segment": 2, "status": "missing", "reason": "no such file"}]
    unit = measure([("a", "1", 1, REGULAR)], rows).units.iloc[0]
    assert unit["status"] == "ok" and unit["firing_rate_hz"] == 1.0 and "segment 2 not used" in unit["reason"]


def test_wrong_duration_gives_no_rate():
    measured = measure([("a", "1", 1, REGULAR)], [{"site_id": "a", "duration_s": 60.0}])
    assert measured.units.iloc[0]["status"] == "failed" and np.isnan(measured.units.iloc[0]["firing_rate_hz"])
    assert [problem.severity for problem in measured.problems] == ["error"]
    unknown = measure([("a", "1", 1, REGULAR)], [{"site_id": "a", "duration_s": None}]).units.iloc[0]
    assert np.isnan(unknown["firing_rate_hz"]) and "duration_s" in unknown["reason"]


def test_a_unit_lost_is_not_a_silent_unit():
    rows = [{"site_id": "a"}, {"site_id": "a", "segment": 2}]
    measured = measure([("a", "1", 1, REGULAR)], rows)
    unit = measured.units.iloc[0]
    assert (unit["duration_s"], unit["firing_rate_hz"]) == (100.0, 1.0)
    assert "segment 2" in unit["reason"] and len(measured.problems) == 1


@pytest.mark.parametrize(
    ("masked_from", "lost", "masked_s"),
    [(0.0, False, 100.0), (15.0, False, 85.0), (40.0, True, 60.0)],  # 20 spikes are too many to lack
)
def test_a_segment_that_was_masked_says_nothing_of_a_loss(masked_from, lost, masked_s):
    rows = [{"site_id": "a"}, {"site_id": "a", "segment": 2}]
    measured = measure([("a", "1", 1, REGULAR)], rows, masks=[("a", 2, masked_from, 100.0)])
    unit = measured.units.iloc[0]
    assert unit["masked_s"] == masked_s and unit["held"] == ("lost" if lost else "held")
    assert ("no spike in segment 2" in str(unit["reason"])) == lost == bool(measured.problems)
    assert unit["duration_s"] == (100.0 if lost else 100.0 + masked_from)


def test_a_rate_elsewhere_counts_the_time_that_was_seen():
    """30 spikes in the 30 s of segment 1 that were seen: 1 Hz, and 25 s of segment 2 without a spike are a loss."""
    rows = [{"site_id": "a"}, {"site_id": "a", "segment": 2, "duration_s": 25.0}]
    measured = measure([("a", "1", 1, REGULAR[:30])], rows, masks=[("a", 1, 30.0, 100.0)])
    unit = measured.units.iloc[0]
    assert (unit["held"], unit["held_reason"]) == ("lost", "no spike in segment 2 (25 expected)")
    assert "no spike in segment 2, where its rate elsewhere" in unit["reason"] and unit["masked_s"] == 70.0


@pytest.mark.parametrize("drug", [False, True])
def test_a_trace_that_goes_flat_loses_no_unit(drug):
    """1 Hz, flat from 500 to 600 s, clonidine at 450 s."""
    events = [
        {"site_id": "a", "segment": 1, "onset": 450.0, "duration": 0.0, "trial_type": "drug", "drug": "clonidine"}
    ]
    events = pd.DataFrame(events).assign(onset_source="typed", dose=1.0, route="iv") if drug else NO_EVENTS
    row = {"site_id": "a", "duration_s": 600.0}
    measured = measure([("a", "1", 1, np.arange(0.5, 500.0))], [row], events, masks=[("a", 1, 500.0, 600.0)])
    unit = measured.units.iloc[0]
    assert unit["held"] == "held" and pd.isna(unit["held_reason"]) and pd.isna(unit["reason"])
    assert unit["firing_rate_hz"] == pytest.approx(1.0) and not measured.problems


def test_both_ends_of_the_interval_of_violations_are_known():
    """2 of 101 intervals: 0.24 to 6.97 % (Clopper & Pearson 1934)."""
    times = np.sort(np.r_[REGULAR, 10.501, 20.501])
    unit = measure([("a", "1", 1, times)], [{"site_id": "a"}]).units.iloc[0]
    assert unit["isi_violation_fraction"] == pytest.approx(2 / 101)
    exact = binomtest(2, 101).proportion_ci(method="exact")
    assert (unit["isi_violation_ci_low"], unit["isi_violation_ci_high"]) == pytest.approx((exact.low, exact.high))


def test_bad_times_are_said():
    times = np.concatenate([REGULAR, [0.5, np.nan]])
    measured = measure([("a", "1", 1, times)], [{"site_id": "a"}])
    assert measured.units.iloc[0]["n_spikes"] == 100
    assert [problem.severity for problem in measured.problems] == ["error", "warning"]
    stray = measure([("a", "1", 1, REGULAR), ("zz", "1", 1, REGULAR)], [{"site_id": "a"}])
    assert [problem.item for problem in stray.problems] == ["zz"]


def test_exclusion_by_a_person_keeps_the_numbers():
    curation = pd.DataFrame([{"site_id": "a", "unit_id": "1", "action": "exclude", "reason": "outside LC"}])
    unit = measure([("a", "1", 1, REGULAR)], [{"site_id": "a"}], curation=curation).units.iloc[0]
    assert unit["status"] == "excluded" and "outside LC" in unit["reason"] and unit["firing_rate_hz"] == 1.0


def test_the_sorter_has_its_say():
    snr = pd.DataFrame([{"site_id": "a", "unit_id": "1", "snr": 7.5, "reason": "multi-unit"}])
    unit = measure([("a", "1", 1, REGULAR)], [{"site_id": "a"}], snr=snr).units.iloc[0]
    assert unit["snr"] == 7.5 and unit["reason"] == "multi-unit" and unit["status"] == "ok"


def test_a_unit_with_a_waveform_but_no_spike_is_silent():
    shape = pd.DataFrame(
        {"site_id": "a", "unit_id": "1", "time_ms": np.arange(20) / 10, "amplitude_uv": np.arange(20.0)}
    )
    unit = measure([("b", "1", 1, REGULAR)], [{"site_id": "a"}, {"site_id": "b"}], waveforms=shape).units.iloc[0]
    assert unit["firing_rate_hz"] == 0 and unit["status"] == "insufficient_spikes"
    assert unit["firing_rate_ci_high_hz"] == pytest.approx(0.0369, abs=1e-3)


@pytest.mark.parametrize("unit", ["µV", None])
def test_amplitudes_keep_the_unit_that_the_file_states(unit):
    shape = pd.DataFrame({"site_id": "a", "unit_id": "1", "time_ms": np.arange(20) / 10, "amplitude_uv": 0.5})
    shape["amplitude_unit"] = unit
    assert set(measure([("a", "1", 1, REGULAR)], [{"site_id": "a"}], waveforms=shape).waveforms["amplitude_unit"]) == {
        unit
    }


def test_rates_and_intervals_add_up():
    measured = measure([("a", "1", 1, REGULAR)], [{"site_id": "a", "duration_s": 105.0}])
    widths = measured.rates["time_high_s"] - measured.rates["time_low_s"]
    assert (measured.rates["rate_hz"] * widths).sum() == pytest.approx(100)
    assert measured.isi["count"].sum() == 99


def test_order_of_rows_changes_nothing():
    trains = [("a", "1", 1, REGULAR), ("a", "2", 1, REGULAR[::3]), ("b", "1", 2, REGULAR)]
    rows = [{"site_id": "a"}, {"site_id": "b"}, {"site_id": "b", "segment": 2}]
    forward = measure(trains, rows).units
    backward = measure([(s, u, n, t[::-1]) for s, u, n, t in trains[::-1]], rows[::-1]).units
    pd.testing.assert_frame_equal(forward, backward)


def test_560_sites_take_seconds():
    rng = np.random.default_rng(0)
    names = [f"s{number:03d}" for number in range(560)]
    trains = [(name, "1", 1, np.sort(rng.uniform(0, 1000, 1000))) for name in names]
    t = np.arange(0, 6, 0.05)
    y = 100 * np.exp(-(((t - 2) / 0.5) ** 2)) - 30 * np.exp(-(((t - 4) / 0.7) ** 2))
    shapes = pd.concat([pd.DataFrame({"site_id": n, "unit_id": "1", "time_ms": t, "amplitude_uv": y}) for n in names])
    start = time.process_time()
    measured = measure(trains, [{"site_id": name, "duration_s": 1000.0} for name in names], waveforms=shapes)
    assert time.process_time() - start < 20
    assert len(measured.units) == 560 and (measured.units["status"] == "ok").all()


def test_spikes_that_stand_twice_are_handed_on_once():
    """Rates before events and under drugs come from these: doubled, they would not fit the firing rate."""
    doubled = np.concatenate([REGULAR, REGULAR, [np.nan]])
    found = measure([("s1", "a", 1, doubled)], [{"site_id": "s1"}])
    assert found.units["firing_rate_hz"].tolist() == [1.0]
    assert found.spikes["time_s"].tolist() == REGULAR.tolist()
    said = " ".join(problem.message for problem in found.problems)
    assert "100 spike times stand twice and were counted once" in said and "1 spike times are not numbers" in said


def test_few_spikes_do_not_say_how_many_are_missing():
    known = {"site_id": "s1", "unit_id": "a", "snr": 9.0, "isolation": 8.0, "noise_fraction": 0.0, "reason": None}
    for missed, said in ((np.nan, True), (0.1, False)):
        snr = pd.DataFrame([known | {"missed_fraction": missed}])
        (row,) = measure([("s1", "a", 1, REGULAR)], [{"site_id": "s1"}], snr=snr).units.to_dict("records")
        assert ("missed_fraction: insufficient_spikes: 100" in (row["quality_reason"] or "")) == said
