"""What an internal standard makes of volumes: a ratio of two areas says how much there is per internal standard.

The injected volume cancels in the ratio. What does not cancel depends on how the internal standard got into the
vial (`internal_standard_in` of experiment.yaml):

- `added_volume`: the same amount each time, with what is added (`added_ul`). A vial with less dialysate holds the
  same internal standard and less analyte, so the concentration in the dialysate goes as ratio × added ÷ collected,
  and the vial's total volume does not matter. (Undoing a dilution of (collected + added) ÷ collected instead would
  be right at one collected volume only.) The scale follows from standards that were treated in the same way (they
  have `collected_ul` and `added_ul` too), or from `internal_standard_concentration` and what standards.tsv says of
  the internal standard, or else the standards' vials are taken to hold what a sample vial of usual volumes does.
- `sample`: it is in the dialysate before anything is added (perfused, or added to the collecting vial in
  proportion): dilution cancels altogether.
- `vial`: every vial holds the same concentration of it whatever the volumes: dilution is undone as without one.

`dilution` multiplies in all three: it is what was done to the sample before the internal standard came in.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from coeruleus.chromatography.settings import Calibration
from coeruleus.chromatography.volumes import Volumes, number_of, volumes_of

VARIES = 0.01  # of added ÷ collected


def ratio_volumes(
    injections: pd.DataFrame, settings: Calibration, held: Mapping[str, float]
) -> tuple[list[Volumes], list[str]]:
    """Volumes for responses that are ratios, one per row, and what a person should know.

    `held`: concentration of the internal standard in the vials of standards and controls, by injection.
    """
    plain, notes = volumes_of(injections, False), list[str]()
    if settings.internal_standard_in == "vial":
        return plain, notes
    rows = injections.to_dict("records")
    known = [c for c in held.values() if c > 0]
    usual = float(np.median(known)) if known else 1.0
    pairs = [(number_of(r.get("collected_ul")), number_of(r.get("added_ul"))) for r in rows]
    mixed = [(c, a) for c, a in pairs if c > 0 and a > 0]
    collected, added = (float(v) for v in np.median(mixed, axis=0)) if mixed else (1.0, 1.0)
    given = settings.internal_standard_concentration
    scale = given / usual if given is not None and known else (collected + added) / added
    result = []
    for row, (own, more), volumes in zip(rows, pairs, plain, strict=True):
        dilution = number_of(row.get("dilution"))
        undo = dilution if np.isfinite(dilution) else 1.0
        if volumes.reason is not None and settings.internal_standard_in == "added_volume":
            result.append(volumes)
            continue
        if settings.internal_standard_in == "added_volume" and own > 0 and more > 0:
            undo *= scale * more / own
        else:
            undo *= held.get(row["injection_id"], usual) / usual
        result.append(Volumes(1.0, undo))
    if settings.internal_standard_in == "added_volume" and mixed and given is None:
        shares = np.array([a / c for c, a in mixed])
        plain_standards = any(
            r["kind"] == "standard" and not (c > 0 and a > 0) for r, (c, a) in zip(rows, pairs, strict=True)
        )
        if plain_standards and np.ptp(shares) > VARIES * np.median(shares):
            notes.append(
                f"the internal standard {settings.internal_standard} comes with added_ul while collected_ul varies: "
                f"the standards' vials are taken to hold what a sample vial of {collected:g} + {added:g} µl does; "
                "give collected_ul and added_ul of the standards, or calibration.internal_standard_concentration"
            )
    return result, notes
