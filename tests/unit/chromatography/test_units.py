import pytest

from coeruleus.chromatography.units import UnitError, conversion


@pytest.mark.parametrize(
    ("source", "to", "analyte", "factor"),
    [
        ("nM", "pM", "x", 1000),
        ("µM", "nM", "x", 1000),
        ("μM", "uM", "x", 1),
        ("fmol/ul", "nM", "x", 1),
        ("pmol/ml", "nM", "x", 1),
        ("nmol/L", "nM", "x", 1),
        ("ng/ml", "pg/ul", "x", 1),
        ("ug/l", "ng/ml", "x", 1),
        ("nM", "pg/ul", "NE", 0.16918),
        ("pg/ul", "nM", "noradrenaline", 1 / 0.16918),
        ("pg/ml", "pM", "DA", 1 / 0.15318),
        ("nM", "ng/ml", "5-HIAA", 0.19118),
        ("odd", "odd", "x", 1),
    ],
)
def test_known_conversions(source: str, to: str, analyte: str, factor: float) -> None:
    assert conversion(source, to, analyte) == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize(("source", "to"), [("pg", "nM"), ("nM", "mmHg"), ("M/l", "nM"), ("", "nM")])
def test_what_is_no_concentration_is_refused(source: str, to: str) -> None:
    with pytest.raises(UnitError, match="not one of concentration"):
        conversion(source, to, "NE")


def test_an_unknown_molar_mass_is_said() -> None:
    with pytest.raises(UnitError, match="molar mass of 'glucose'"):
        conversion("mM", "g/l", "glucose")
