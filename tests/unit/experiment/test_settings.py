"""experiment.yaml: defaults of the contract, and its problems in words."""

import pytest

from coeruleus.experiment.settings import Settings, parse_settings


def test_only_the_title_is_required() -> None:
    settings, problems = parse_settings("title: Small\n")
    assert problems == []
    assert settings is not None
    assert settings.concentration_unit == "nM"
    assert settings.calibration.drift_correction is True
    assert settings.dialysis.flow_rate_ul_per_min is None
    assert settings.baseline.max_cv == 0.20
    assert settings.units.rulesets == ["lc_anaesthetised_rat"]


def test_nitric_oxide_is_not_false() -> None:
    settings, _ = parse_settings("title: x\nanalytes:\n  NO: {retention_time: 5}\n")
    assert settings is not None
    assert list(settings.analytes) == ["NO"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title: x\nbaselin: {}\n", "did you mean 'baseline'?"),
        ("title: x\ncalibration: {weighting: 1/y}\n", "1/x"),
        ("title: x\ncalibration: {internal_standard: DHBA}\n", "not among the analytes"),
        ("title: x\nbaseline: {samples: three}\n", "three"),
        ("title: x\nbaseline: {max_cv: .nan}\n", "found"),
        (f"title: x\nbaseline: {{samples: {'1' * 400}}}\n", f"found {'1' * 40}: no number here is beyond"),
        ("title: x\ntitle: y\n", "stands twice"),
        ("a: &a [*a]\n", "alias"),
        ("- x\n", "does not hold keys"),
        ("title: !!python/object:os.system x\n", "cannot be read"),
        ("title: [", "cannot be read"),
        ("", "required"),
        ("title: x\nanalytes: {a/b: {retention_time: 1}}\n", "file names"),
    ],
)
def test_problems_in_words(text: str, says: str) -> None:
    _, problems = parse_settings(text)
    assert any(says in problem.message for problem in problems)
    assert all("Traceback" not in problem.message for problem in problems)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("dialysis: {flow_rate_ul_per_min: 1e300}", "dialysis.flow_rate_ul_per_min"),
        ("release: {window_min: [0, 1e299]}", "release.window_min"),
        ("baseline: {samples: 999999999999999999999}", "baseline.samples"),
        ("recovery: {retrodialysis_standard: x, perfusate_concentration: 1e-99}", "recovery.perfusate_concentration"),
    ],
)
def test_numbers_that_no_lab_has(text: str, key: str) -> None:
    _, problems = parse_settings(f"title: x\n{text}\n")
    (one,) = (problem for problem in problems if "no number here is" in problem.message)
    assert one.item == f"experiment.yaml, row 2, key {key}"


def test_every_setting_is_described() -> None:
    waiting = [Settings]
    while waiting:
        for field in waiting.pop().model_fields.values():
            assert field.description
            if isinstance(field.annotation, type) and issubclass(field.annotation, Settings.__base__):
                waiting.append(field.annotation)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ("integration: fixed_bounds", "needs integration_from_min"),
        ("integration: fixed_bounds, integration_from_min: 6, integration_to_min: 5", "a later integration_to_min"),
        ("integration_from_min: 5", "are of fixed_bounds"),
        ("negative_peak: true", "choose a classical integration"),
        ("integration: tangent_skim, integration_baseline: automatic", "not with tangent_skim"),
        ("integration: tangent_skimm", "tangent_skim"),
    ],
)
def test_integration_keys_that_do_not_go_together(keys: str, says: str) -> None:
    _, problems = parse_settings(f"title: t\nanalytes:\n  NE: {{retention_time: 5, {keys}}}\n")
    assert any(says in p.message and p.severity == "error" and "row 3" in p.item for p in problems)


def test_fixed_bounds_place_an_analyte() -> None:
    text = "title: t\nanalytes:\n  NE: {integration: fixed_bounds, integration_from_min: 5, integration_to_min: 6}\n"
    settings, problems = parse_settings(text)
    assert settings is not None
    assert not problems
    assert settings.retention_time_of("NE") == 5.5
