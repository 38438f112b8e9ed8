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
    r"ana?esthe|fluran|halothan|\bether\b|nitrous oxide|urethan|chloral|barbit|pentobarb|nembutal|inactin|thiopent|"
    r"methohexit|ketamin|xylazin|propofol|etomidat|tribromoethanol|avertin|tiletamin|zoletil|telazol|fluanison|hypnorm|"
    r"alphaxalon|alfaxalon|althesin|saffan|medetomidin|midazolam|fentanyl|equi-?thesin|\b(iso|sevo|ket|xyl|k/?x|mmf)\b",
    re.IGNORECASE,
)
UNCLEAR = "does not say whether the animal was awake: name the anaesthetic, or write awake"


def preparation(anaesthetic: str) -> Literal["awake", "anaesthetised"] | None:
    """What the words say of the animal; None where they say neither, or both.

    A head-fixed animal may be either, and "awake, isoflurane for surgery" names both.
    """
    text = anaesthetic.strip()
    rest = _AWAKE.sub(" ", text)
    awake, anaesthetised = rest != text, _ANAESTHETISED.search(rest) is not None
    if awake == anaesthetised:
        return None
    return "awake" if awake else "anaesthetised"
