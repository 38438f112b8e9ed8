"""Two neurons nearer to each other than d′ 4: reported as one multi-unit, with the reason; single ones without it."""

from __future__ import annotations

from collections.abc import Iterator

from recordings import recordings
from score import ours, score

COUNTS = {"near": 24, "one electrode": 16, "tetrode": 5, "long": 2}
WIDE = 2.0  # d′; nearer ones spread no more than one neuron may
Line = tuple[str, str, str, bool | None]


def alike(seed: int, scale: float) -> Iterator[Line]:
    """Shares of pairs and of single units that carry the word multi-unit."""
    said: dict[str, list[bool]] = {"wide": [], "close": [], "single": []}
    for kind, count in COUNTS.items():
        for recording in recordings(kind, max(1, round(count * scale)), seed):
            found = ours(recording)
            scored = score(recording, found)
            for accuracy, single, index in zip(scored.accuracy, scored.single, scored.found, strict=True):
                word = index is not None and "multi-unit" in (found.reasons[index] or "")
                group = "single" if single else "wide" if recording.apart.max() >= WIDE else "close"
                if not single:
                    word = word and accuracy >= 0.7 and not scored.invented
                    print(f"  {recording.name}: d′ {recording.apart.max():.1f}, {accuracy:.3f}, {found.reasons}")
                said[group].append(word)
                if single and word:
                    print(f"  {recording.name}: single, accuracy {accuracy:.3f}, {found.reasons[index]}", flush=True)
    counts = {group: (sum(marks), len(marks)) for group, marks in said.items()}
    texts = {group: f"{share[0]} of {share[1]}" for group, share in counts.items()}
    wide, single = (counts[group][0] / max(1, counts[group][1]) for group in ("wide", "single"))
    yield ("two units d′ 2–4 apart: one multi-unit, with the reason", texts["wide"], "≥ 0.9", wide >= 0.9)
    yield ("  the same, nearer than d′ 2", texts["close"], "", None)
    yield ("single units called multi-unit by mistake", texts["single"], "≤ 0.05", single <= 0.05)
