"""Tests in words, from numbers written by hand."""

import pandas as pd

from coeruleus.report.sentences import sentence, told

NAN = float("nan")
ROW = {"model": "mixed model", "effect": "drug at 40 min", "estimate": 0.6931472, "ci_low": 0.4, "ci_high": 0.9,
       "df": 12.34, "statistic": 4.567, "p_value": 0.00006, "n_subjects": 8.0, "n_samples": 64.0,
       "reason": None}  # fmt: skip


def test_an_effect_with_its_interval_and_test():
    assert sentence(ROW) == (
        "mixed model, drug at 40 min: 0.6931 (95 % CI 0.4 to 0.9), t(12.3) = 4.57, p < 0.0001; 8 animals, 64 samples."
    )


def test_a_ratio_is_said_in_per_cent_and_the_adjusted_p_beside_it():
    ratio = {"percent": 200.0, "percent_ci_low": 149.2, "percent_ci_high": 246.0, "p_adjusted": 0.0123}
    said = sentence(ROW | ratio)
    assert "200 % (95 % CI 149.2 to 246 %)" in said and "(adjusted p = 0.012)" in said and "0.6931" not in said


def test_an_f_test_has_both_degrees_of_freedom_and_no_estimate():
    said = sentence(ROW | {"estimate": NAN, "df_numerator": 3.0, "ci_low": NAN})
    assert "F(3, 12.3) = 4.57" in said and "CI" not in said and "no estimate" not in said


def test_what_could_not_be_estimated_says_why():
    said = sentence(ROW | {"estimate": NAN, "statistic": NAN, "reason": "one animal only"})
    assert said == "mixed model, drug at 40 min: no estimate (8 animals, 64 samples); one animal only."


def test_its_own_sentence_is_taken_over_with_numbers_of_animals():
    said = sentence(ROW | {"sentence": "NE rose to 200 % of baseline (p < 0.001)."})
    assert said == "NE rose to 200 % of baseline (p < 0.001); 8 animals, 64 samples."


def test_effects_at_times_are_in_order_of_time_and_those_without_an_estimate_are_told_once():
    times = [ROW | {"effect": f"at {time}", "time_min": time} for time in (110.0, 10.0, 30.0)]
    nothing = [ROW | {"effect": f"x{n}", "estimate": NAN, "statistic": NAN, "reason": "too few"} for n in range(3)]
    whole, at_times = told(pd.DataFrame([*times, *nothing, ROW | {"effect": "window"}]))
    assert [one.split(":")[0] for one in at_times] == [f"mixed model, at {t}" for t in ("10.0", "30.0", "110.0")]
    assert len(whole) == 2 and whole[0].startswith("mixed model, window: 0.6931")
    assert whole[1] == "mixed model: no estimate of 3 effects. too few."
