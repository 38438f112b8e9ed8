"""Whether an animal was awake, read from what people write under `anaesthetic`."""

from __future__ import annotations

import re
from typing import Literal

_AWAKE = re.compile(
    r"\b(awake|un-?ana?estheti[sz]ed|freely[ -](moving|behaving)|(no|none|nil|without) ana?esthe\w+)\b|"
    r"^(no|none|nil)\b",
    re.IGNORECASE,
)
_ANAESTHETISED = re.compile(
    r"fluran|halothan|\bether\b|nitrous oxide|urethan|chloral|barbit|pentobarb|nembutal|inactin|thiopent|"
    r"methohexit|ketamin|xylazin|propofol|etomidat|tribromoethanol|avertin|tiletamin|zoletil|telazol|fluanison|hypnorm|"
    r"alphaxalon|alfaxalon|althesin|saffan|medetomidin|midazolam|fentanyl|equi-?thesin|\b(iso|sevo|ket|xyl|k/?x|mmf)\b",
    re.IGNORECASE,
)
_STEM = re.compile(r"ana?esthe", re.IGNORECASE)
_NEGATED = re.compile(r"\b(not?|non|never|without|nil|none|free)\b|\bnonana?esthe", re.IGNORECASE)
UNCLEAR = "does not say whether the animal was awake: name the anaesthetic, or write awake"


def preparation(anaesthetic: str) -> Literal["awake", "anaesthetised"] | None:
    """What the words say of the animal; None where they say neither, or both.

    A head-fixed animal may be either, "awake, isoflurane for surgery" names both, and "anaesthetised" with a "not" or
    "none" somewhere says too little.
    """
    text = anaesthetic.strip()
    rest = _AWAKE.sub(" ", text)
    awake = rest != text
    anaesthetised = bool(_ANAESTHETISED.search(rest) or (_STEM.search(rest) and not _NEGATED.search(rest)))
    if awake == anaesthetised:
        return None
    return "awake" if awake else "anaesthetised"
