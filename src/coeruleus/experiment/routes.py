"""Routes of drugs, and for how long after one an effect is looked for."""

from __future__ import annotations

LOCAL_ROUTES = ("local", "ionto", "pressure", "micro", "puff", "topical", "bath")
SYSTEMIC_S, LOCAL_S = 600.0, 120.0


def is_local(route: object) -> bool:
    """Whether a drug was put beside the cell; a route that is not stated is systemic."""
    return any(word in str(route or "").lower() for word in LOCAL_ROUTES)


def reach_s(route: object) -> float:
    """For how long (s) after a drug a change of rate counts as its effect."""
    return LOCAL_S if is_local(route) else SYSTEMIC_S
