"""Tables of the chromatography half: peaks, calibration, accuracy, concentrations."""

from coeruleus.tables.model import Table, boolean, integer, number, text

LOADINGS = ("calibration_1", "calibration_2", "calibration_3")
INJECTION = text("injection_id", "injection, as named in dialysate/injections.tsv")
ANALYTE = text("analyte", "analyte, as named in experiment.yaml")
RUN = text("run", "HPLC sequence on one column")
STATUS = text("status", "ok, or what stands against the number; see the glossary of statuses")
REASON = text("reason", "the cause of a status that is not ok")

PEAKS = Table(
    "dialysate/peaks",
    "injection × analyte",
    ("injection_id", "analyte"),
    (
        INJECTION,
        ANALYTE,
        number(
            "retention_time_min",
            "time of the peak's apex; where it was not found, the time that the run predicts",
            "min",
        ),
        number("height", "height of the fitted peak above its baseline", "signal unit"),
        number("area", "area of the fitted peak; may be negative in a blank", "signal unit × s"),
        number("area_se", "standard error of the area, from the noise of this trace", "signal unit × s"),
        number("snr", "area divided by its standard error"),
        number("width_half_min", "full width at half height", "min"),
        number("tailing", "USP symmetry factor at 5 % of the height"),
        number("resolution", "to the nearer neighbour, from widths at half height (USP <621>)"),
        STATUS,
        REASON,
        RUN,
        text("kind", "blank, standard, qc or dialysate"),
        text(
            "area_method",
            "how the area was found: fit, perpendicular_drop, valley_to_valley, tangent_skim, fixed_bounds, "
            "bounds set by a person, or typed in areas.tsv",
        ),
        text("signal_unit", "unit of the detector's signal"),
        number("fit_score", "root mean square of residual ÷ noise around the peak; 1 is perfect"),
        number("area_uncurated", "area before a person's decision in curation/peaks.tsv", "signal unit × s"),
        number("start_min", "where the integration starts; n/a for a fit", "min"),
        number("end_min", "where the integration ends; n/a for a fit", "min"),
    ),
)

CALIBRATION = Table(
    "dialysate/calibration",
    "run × analyte",
    ("run", "analyte"),
    (
        RUN,
        ANALYTE,
        text("model", "linear, linear_through_origin or quadratic"),
        text("weighting", "none, 1/x or 1/x^2"),
        number("slope", "response per unit of concentration or amount (at zero, if quadratic)", "response / unit"),
        number("intercept", "response at zero", "response"),
        number("slope_se", "standard error of the slope", "response / unit"),
        number("r_squared", "weighted coefficient of determination"),
        integer("n_standards", "standard injections used in the fit"),
        integer("n_rejected", "standard injections left out of the fit, each named in accuracy.tsv"),
        number("lowest", "lowest standard used", "see unit"),
        number("highest", "highest standard used", "see unit"),
        number("lod", "limit of detection, 3.3 σ ÷ slope (ICH Q2)", "see unit"),
        number("loq", "limit of quantification, 10 σ ÷ slope (ICH Q2)", "see unit"),
        text("unit", "unit of concentration; with µl appended where calibration is in amount on column"),
        STATUS,
        REASON,
        number("quadratic", "coefficient of the square, for the quadratic model", "response / unit²"),
        number("quadratic_se", "its standard error", "response / unit²"),
        number("intercept_se", "standard error of the intercept", "response"),
        number("residual_sd", "weighted residual standard deviation of the standards", "response"),
        number(
            "drift_percent",
            "change of sensitivity from the first to the last injection of the run; n/a where it was not corrected for",
            "%",
        ),
        text("response", "what is calibrated: area, or area ÷ area of the internal standard"),
        text(
            "limits_from",
            "the σ of lod and loq: blanks, residual_sd (of the standards about the line, at the lowest), intercept_sd "
            "(standard error of the line at zero), or what stood in where there is no blank",
        ),
        number("lod_blanks", "limit of detection with the σ of blanks", "see unit"),
        number("lod_residual_sd", "limit of detection with the residual σ of the line", "see unit"),
        number("lod_intercept_sd", "limit of detection with the standard error of the line at zero", "see unit"),
    ),
)

ACCURACY = Table(
    "dialysate/accuracy",
    "standard or qc injection × analyte in its level",
    ("injection_id", "analyte"),
    (
        INJECTION,
        ANALYTE,
        number("nominal", "what the level contains", "see unit"),
        number("found", "what calibration says it contains", "see unit"),
        number("accuracy_percent", "found ÷ nominal × 100", "%"),
        boolean("accepted", "within the limits, and for a standard: used in the fit"),
        REASON,
        text("unit", "unit of nominal and found"),
        RUN,
        text("level", "level, as named in dialysate/standards.tsv"),
        text("kind", "standard or qc"),
    ),
)

CONCENTRATIONS = Table(
    "dialysate/concentrations",
    "dialysate injection × analyte",
    ("injection_id", "analyte"),
    (
        INJECTION,
        ANALYTE,
        text("subject_id", "animal"),
        text("session_id", "animal and day"),
        text("probe_id", "dialysis probe"),
        text("sample_id", "sample; its injections share it"),
        number("start_min", "start of collection on the bench clock", "min"),
        number("end_min", "end of collection on the bench clock", "min"),
        number("concentration", "concentration in the dialysate as collected", "see unit"),
        number("concentration_se", "its standard error, from area and calibration", "see unit"),
        text("unit", "unit of concentration"),
        STATUS,
        REASON,
        RUN,
        number("lod", "limit of detection in this sample", "see unit"),
        number("loq", "limit of quantification in this sample", "see unit"),
        number("sensitivity", "electrode sensitivity at this injection, relative to the run's standards"),
        number("calibration_se", "the part of concentration_se that all injections of the run share", "see unit"),
        *(
            number(
                name,
                f"the {place} of three independent parts of what injections of one run share of their errors: the "
                "covariance of two is the sum of the products of their parts",
                "see unit",
            )
            for name, place in zip(LOADINGS, ("first", "second", "third"), strict=True)
        ),
    ),
)

SUITABILITY = Table(
    "dialysate/suitability",
    "run × analyte × test of system suitability (USP <621>)",
    ("run", "analyte", "test"),
    (
        RUN,
        ANALYTE,
        text(
            "test",
            "resolution (to the nearer neighbour, by half-height widths), tailing (symmetry at 5 %), plates (half "
            "height), retention_factor, signal_to_noise (2 × height ÷ range of noise over five widths, lowest "
            "standard; not the snr of peaks.tsv), retention_rsd, area_rsd and area_rsd_corrected (replicates of a "
            "level, the second without the drift of sensitivity), internal_standard_rsd",
        ),
        number("value", "median of the standards, or for the rsd tests the pooled value", "see unit"),
        text("unit", "unit of value: % or none"),
        number("lowest", "lowest of the injections (of the levels, for the rsd tests)", "see unit"),
        number("highest", "highest of them", "see unit"),
        number("limit_low", "limit from below, as set in experiment.yaml", "see unit"),
        number("limit_high", "limit from above", "see unit"),
        integer("n_injections", "injections (levels, for the rsd tests) behind the value"),
        text("verdict", "pass, fail or not_tested"),
        REASON,
    ),
)
