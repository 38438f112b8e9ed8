"""Units of concentration, and one into another, through the molar mass where it takes one."""

from __future__ import annotations

import re

MOLAR_MASS = {  # g/mol, free base
    "NE": 169.18,
    "DA": 153.18,
    "EPI": 183.20,
    "5-HT": 176.21,
    "DHBA": 139.15,
    "DOPAC": 168.15,
    "HVA": 182.17,
    "5-HIAA": 191.18,
    "MHPG": 184.19,
}
ALIASES = {
    "na": "NE",
    "noradrenaline": "NE",
    "norepinephrine": "NE",
    "dopamine": "DA",
    "e": "EPI",
    "epinephrine": "EPI",
    "adrenaline": "EPI",
    "5ht": "5-HT",
    "serotonin": "5-HT",
    "5hiaa": "5-HIAA",
}
PREFIX = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15, "a": 1e-18}
_CONCENTRATION = re.compile(r"^([munpfa]?)(M|mol|g)(?:/([munpfa]?)[lL])?$")


class UnitError(ValueError):
    """A unit that is not understood, or two that need a molar mass that is not known."""


def parse_unit(unit: str) -> tuple[float, str]:
    """(factor, kind): `kind` is mol or g, and factor × value is mol/l or g/l. Raises UnitError."""
    text = unit.strip().replace("µ", "u").replace("μ", "u").replace(" ", "")
    text = re.sub(r"·?([munpfa]?[lL])(?:\^?-1|⁻¹)$", r"/\1", text)
    match = _CONCENTRATION.match(text)
    if match is None or (match[2] == "M") == (match[3] is not None):
        raise UnitError(f"the unit {unit!r} is not one of concentration; use one like nM, pM, pg/ul or ng/ml")
    volume = PREFIX[match[3]] if match[3] is not None else 1.0
    return PREFIX[match[1]] / volume, "g" if match[2] == "g" else "mol"


def molar_mass(analyte: str) -> float | None:
    """Molar mass of the free base in g/mol, by the analyte's name in any common spelling."""
    upper = analyte.strip().upper()
    name = upper if upper in MOLAR_MASS else ALIASES.get(analyte.strip().lower().replace("-", ""), "")
    return MOLAR_MASS.get(name)


def conversion(source: str, to: str, analyte: str) -> float:
    """What a value in `source` is multiplied by to be in `to`. Raises UnitError."""
    if source.strip() == to.strip():
        return 1.0
    (first, kind), (second, wanted) = parse_unit(source), parse_unit(to)
    if kind == wanted:
        return first / second
    mass = molar_mass(analyte)
    if mass is None:
        raise UnitError(f"{source} to {to} needs the molar mass of {analyte!r}, which is not known")
    return first / second * (mass if kind == "mol" else 1 / mass)
