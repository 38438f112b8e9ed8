"""The methods paragraph: what was done with which settings and versions, for a paper's methods section."""

from __future__ import annotations

from coeruleus.report.cells import plural
from coeruleus.report.facts import Facts
from coeruleus.report.methods_dialysate import chromatography, release
from coeruleus.report.methods_units import units
from coeruleus.report.overview import Tables, get

SOFTWARE = {
    "elephant": "Denker et al. 2018, Neuroinformatics 2018, P19",
    "matplotlib": "Hunter 2007, Comput. Sci. Eng. 9:90",
    "neo": "Garcia et al. 2014, Front. Neuroinform. 8:10",
    "numpy": "Harris et al. 2020, Nature 585:357",
    "pandas": "McKinney 2010, Proc. 9th Python in Science Conf. 56",
    "pybaselines": "Erb 2024, doi:10.5281/zenodo.5608581",
    "scipy": "Virtanen et al. 2020, Nat. Methods 17:261",
    "snakemake": "Mölder et al. 2021, F1000Research 10:33",
}


def build_methods(tables: Tables, facts: Facts) -> list[str]:
    """Paragraphs in words; only of the halves that the experiment has."""
    paragraphs = []
    if len(get(tables, "dialysate/peaks")):
        paragraphs.append(chromatography(tables, facts))
    if len(get(tables, "release/release")):
        paragraphs.append(release(tables, facts))
    if len(get(tables, "units/units")):
        paragraphs.append(units(tables, facts))
    decided = _people(tables)
    if decided:
        paragraphs.append(decided)
    versions = _versions(facts)
    if versions:
        listed = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
        paragraphs.append(f"Software: {listed}.")
        cited = [f"{name}: {source}" for name, source in SOFTWARE.items() if name in versions]
        if cited:
            paragraphs.append(f"References for the software: {'; '.join(cited)}.")
    return paragraphs


def _versions(facts: Facts) -> dict[str, str]:
    """Of the software that this experiment used: pybaselines draws automatic baselines and nothing else."""
    analytes = (facts.setting("analytes") or {}).values()
    automatic = any(one["integration_baseline"] == "automatic" for one in analytes)
    return {name: version for name, version in facts.versions.items() if name != "pybaselines" or automatic}


def _people(tables: Tables) -> str:
    """How often people overruled the software."""
    counts = [
        plural(len(get(tables, f"curation/{sheet}")), noun)
        for sheet, noun in (("peaks", "peak"), ("samples", "sample"), ("units", "unit"), ("trials", "event"))
        if len(get(tables, f"curation/{sheet}"))
    ]
    if not counts:
        return ""
    return f"People decided about {', '.join(counts)}; each decision is listed with its reason, author and effect."
