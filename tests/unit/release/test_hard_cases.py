"""Studies that are small, full of holes or below every limit: numbers or reasons, never a fall."""

import numpy as np
import pytest

from coeruleus.release.compute import Release

from .studies import run, samples, study


def sound(result: Release) -> None:
    """Every effect has an estimate or a reason; no interval is the wrong way round; nothing is infinite."""
    table = result.statistics
    assert len(table) and (table["estimate"].notna() | table["statistic"].notna() | table["reason"].notna()).all()
    known = table[table["ci_low"].notna()]
    assert (known["ci_low"] <= known["estimate"]).all() and (known["estimate"] <= known["ci_high"]).all()
    for frame in (result.release, result.summary, result.baselines, result.turnover, result.turnover_summary, table):
        numbers = frame.select_dtypes("number")
        assert not np.isinf(numbers.to_numpy(dtype=float)).any()
        for name in numbers:
            if str(name).endswith("_se"):
                assert not (numbers[name] < 0).any(), name


def calibrated(rows: list[dict]) -> list[dict]:
    """Baselines in run a, the rest in run b, with errors that each run shares; two analytes of each sample."""
    both = []
    for place, row in enumerate(rows):
        value = row["concentration"]
        shared = {"calibration_1": 0.02, "calibration_2": None if value is None else 0.05 * value}
        here = {**row, **shared, "run": "a" if row["start_min"] < 0 else "b", "injection_id": f"i{place}"}
        both += [here, {**here, "analyte": "MHPG", "injection_id": f"m{place}"}]
    return both


def low(rows: list[dict], share: float, rng: np.random.Generator) -> list[dict]:
    """A share of the samples below detection, without a number."""
    hidden = {"concentration": None, "status": "below_lod", "lod": 0.8}
    return [{**row, **(hidden if rng.random() < share else {})} for row in rows]


@pytest.mark.parametrize("correlation", ["independent", "ar1"])
@pytest.mark.parametrize(
    ("animals", "groups", "share"), [(1, 1, 0.0), (1, 2, 0.3), (3, 1, 0.3), (3, 2, 1.0), (3, 2, 0.8), (4, 2, 0.4)]
)
def test_few_animals_one_group_and_samples_below_limits(animals, groups, share, correlation):
    rng = np.random.default_rng(3)
    effects = dict(list({"vehicle": 0.0, "drug": 0.7}.items())[:groups])
    rows, named = study(rng, effects, animals=animals, after=3)
    rows = calibrated(low(rows, share, rng))
    result = run(rows, named, reference_group="vehicle", correlation=correlation, baseline_unstable="keep")
    sound(result)
    assert len(result.release) == len(rows)
    if animals == 1 or share == 1.0:
        mixed = result.statistics[result.statistics["model"].str.contains("mixed")]
        assert mixed["estimate"].isna().all() and mixed["reason"].notna().all()


@pytest.mark.parametrize("correlation", ["independent", "ar1"])
def test_gaps_and_lost_samples(correlation):
    rng = np.random.default_rng(8)
    rows, groups = study(rng, {"vehicle": 0.0, "drug": 0.7}, animals=4, after=5)
    kept = [row for row in rows if rng.random() < 0.75]
    for row in kept[::9]:
        row |= {"status": "missing", "concentration": None, "reason": "tube lost"}
    result = run(calibrated(kept), groups, reference_group="vehicle", correlation=correlation)
    sound(result)
    lost = result.release[result.release["status"] == "missing"]
    assert len(lost) and lost["percent_baseline"].isna().all()


@pytest.mark.parametrize("correlation", ["independent", "ar1"])
def test_a_cross_over_with_two_treatments_and_samples_below_a_limit(correlation):
    """Each animal has a session of vehicle and one of drug, in runs of their own."""
    rng = np.random.default_rng(5)
    rows, sessions = [], []
    for number in range(5):
        level = rng.normal(0, 0.3)
        for treatment, effect in (("vehicle", 0.0), ("drug", 0.8)):
            name = f"a{number}_{treatment}"
            logs = level + rng.normal(0, 0.1, 7) + effect * (np.arange(7) >= 3)
            made = samples(f"a{number}", np.exp(logs).tolist(), session_id=name, run=name, calibration_1=0.02)
            rows += [{**row, "injection_id": f"{name}{row['sample_id']}", "loq": 0.75} for row in made]
            sessions.append({"session_id": name, "subject_id": f"a{number}", "condition": treatment})
    result = run(rows, sessions=sessions, reference_group="vehicle", correlation=correlation, baseline_unstable="keep")
    sound(result)
    found = result.statistics.set_index("effect")
    one = found.loc["drug − vehicle: difference of change from baseline at 50 min"]
    assert one["ci_low"] < 0.8 < one["ci_high"] and "censored" in one["model"] and one["calibration_se"] > 0
    assert ("AR(1)" in one["model"]) == (correlation == "ar1")
