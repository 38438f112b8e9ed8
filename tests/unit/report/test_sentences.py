"""Tests in words, from numbers written by hand."""

from coeruleus.report.sentences import sentence

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
    assert said == "mixed model, drug at 40 min: no estimate (8 animals, 64 samples). one animal only."
