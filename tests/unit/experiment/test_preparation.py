"""Awake or anaesthetised, as people write it; what may be either is neither."""

from __future__ import annotations

import pytest

from coeruleus.experiment.preparation import preparation

AWAKE = ["awake", "Awake, head-fixed", "none", "no", "None (awake)", "no anaesthetic", "without anesthesia",
         "freely moving", "freely-behaving", "unanaesthetised", "unanesthetized", "un-anaesthetised",
         "local lidocaine, awake"]  # fmt: skip
ANAESTHETISED = ["urethane", "Urethane 1.2 g/kg i.p.", "isoflurane", "Isofluran 1,5 %", "iso 1.5 %", "halothane",
                 "chloral hydrate", "α-chloralose", "sodium pentobarbital", "ketamine/xylazine", "K/X", "Avertin",
                 "propofol", "MMF", "Hypnorm + midazolam", "anaesthetised", "deep anesthesia"]  # fmt: skip
EITHER = ["head-fixed", "head fixed", "restrained", "uretane", "yes", "n.a.", "awake (isoflurane for surgery)",
          "none after isoflurane", "not anaesthetised", "non-anaesthetized", "anaesthesia: none", "anaesthetic-free",
          "without any anaesthetic", "never anaesthetised"]  # fmt: skip


@pytest.mark.parametrize("words", AWAKE)
def test_awake(words: str) -> None:
    assert preparation(words) == "awake"


@pytest.mark.parametrize("words", ANAESTHETISED)
def test_anaesthetised(words: str) -> None:
    assert preparation(words) == "anaesthetised"


@pytest.mark.parametrize("words", EITHER)
def test_what_may_be_either_is_neither(words: str) -> None:
    assert preparation(words) is None
