"""Units of signals as files write them: found in column names, and scaled by the file's own multiplier."""

from __future__ import annotations

import re

KNOWN = frozenset(
    f"{prefix}{unit}"
    for unit, prefixes in {
        "A": ["", "m", "µ", "u", "μ", "n", "p", "f"],
        "C": ["", "m", "µ", "u", "μ", "n", "p"],
        "V": ["", "m", "µ", "u", "μ", "n", "p"],
        "AU": ["", "m", "µ", "u", "μ"],
        "RIU": ["", "m", "µ", "u", "μ", "n"],
        "S": ["m", "µ", "u", "μ", "n"],
        "FU": ["", "R"],
        **{whole: [""] for whole in ("cps", "counts", "%", "MPa", "kPa", "bar", "psi", "LU")},
    }.items()
    for prefix in prefixes
)
SMALLER = {"m": "µ", "µ": "n", "n": "p"}
WORDS = {"volts": "V", "volt": "V", "mvolts": "mV", "mvolt": "mV", "millivolts": "mV", "microvolts": "µV"}
WORDS |= {"uvolts": "µV", "µvolts": "µV", "microvolt": "µV", "a.u.": "AU", "absorbance units": "AU", "nanoamps": "nA"}


def tidy_unit(text: str) -> str | None:
    """One spelling for a unit: µ instead of u or the Greek letter; None where there is none."""
    unit = text.strip().strip("[]()").strip()
    unit = WORDS.get(unit.casefold(), unit).replace("\u03bc", "µ").replace(" uV", " µV")
    if unit in KNOWN and unit.startswith("u"):
        unit = "µ" + unit[1:]
    return unit or None


def unit_of_column(name: str) -> str | None:
    """The unit in a column's name: "Value (nC)", "ED1 [mV]", "signal_nA", "Intensity, mV"; None where it has none."""
    bracketed = re.search(r"[\[(]([^\[\]()]*)[\])]\s*$", name)
    if bracketed:
        return tidy_unit(bracketed[1])
    last = re.split(r"[_\s,/]+", name.strip())[-1]
    return tidy_unit(last) if last in KNOWN or last.casefold() in WORDS else None


def name_of_column(name: str) -> str:
    """A column's name without a unit in brackets at its end."""
    return re.sub(r"\s*[\[(][^\[\]()]*[\])]\s*$", "", name).strip() or name.strip()


def scaled_unit(unit: str | None, multiplier: float) -> str | None:
    """The unit of numbers that the file multiplies to get `unit`: mV with 0.001 are numbers in µV."""
    if unit is None or multiplier == 1:
        return unit
    if multiplier == 0.001:
        base = unit[1:] if unit[0] in SMALLER and unit in KNOWN else unit
        prefix = SMALLER.get(unit[0], "m") if base != unit else "m"
        if prefix + base in KNOWN:
            return prefix + base
    return f"{multiplier:g} {unit}"
