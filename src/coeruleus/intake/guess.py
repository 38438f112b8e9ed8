"""What the names of a file and its sample say about an injection: read only where they leave no doubt."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

WORDS = {
    "standard": r"std|stds|standards?|cal|calib|calibrations?|calibrators?|calibrants?",
    "blank": r"blanks?|blk|solvent|mobile ?phase",
    "qc": r"qc|quality ?control|check ?standard",
    "dialysate": r"samples?|dialysates?|dialysis|fractions?|timepoints?",
}
TYPES = {"standard": "standard", "calibration standard": "standard", "blank": "blank", "check standard": "qc"}
SAMPLE = re.compile(
    r"(?:^|[_\s-])((?:rat|mouse|animal|subject|r|m|a)[ _]?\d+)[_\s-]+(?:sample|fraction|dial|s|f|d)[ _]?(\d+)(?![\d.,])"
)
SUBJECT = re.compile(
    r"(?<![a-z0-9])((?:rat|mouse|animal|subject)[ _-]?\d{1,3})(?!\d|[.,]\d|-\d|[ _-]?"
    r"(?:[kmuµ]?g|d|days?|wk|weeks?|h|hours?|s|sec|mins?|minutes?|[pnuµm]m|[uµm]l|k?hz)(?![a-z0-9]))"
)
NUMBERED = re.compile(r"(?:samples?|fraction|timepoint)[ _-]?(\d+)(?![\d.,])")
UNITS = {"pm": "pM", "nm": "nM", "um": "µM", "µm": "µM", "mm": "mM"}
UNITS |= {unit: unit for unit in ("pg/ul", "pg/ml", "ng/ml", "ug/ml", "fmol/ul", "pmol/ml")}
AMOUNT = re.compile(rf"(?<![\w.,])(?:([a-z][a-z0-9-]*?)[ _-]+)?(\d+(?:[.,]\d+)?)[ _]?({'|'.join(UNITS)})(?![a-z])")
LEVEL = re.compile(r"(?:std|standard|cal|calibrator|calibrant|level|l)[ _-]?(\d{1,2})(?![\d.,]|[ _]?[pnuµm]?[mg][/\b])")
ANALYTES = {
    **dict.fromkeys(("ne", "na", "nad", "noradrenaline", "norepinephrine"), "NE"),
    **dict.fromkeys(("da", "dopamine"), "DA"),
    **dict.fromkeys(("epi", "adrenaline", "epinephrine"), "EPI"),
    **dict.fromkeys(("5-ht", "5ht", "serotonin"), "5-HT"),
    **{word.casefold(): word for word in ("DHBA", "DOPAC", "HVA", "5-HIAA", "MHPG")},
}
NO_ANALYTES = frozenset({"hplc", "mix", "mixed", "run", "test", "inj", "injection", "medium", "of", "at", "in", "to"})


@dataclass(frozen=True)
class Guess:
    """What names say; None where they do not. `concentration` is the number as written, with `unit`."""

    kind: str | None = None
    level: str | None = None
    analyte: str | None = None
    concentration: float | None = None
    unit: str | None = None
    subject: str | None = None
    sample: int | None = None


def guess(stem: str, sample_name: str = "", sample_type: str = "") -> Guess:
    """Kind, level, subject and number of a sample from a file's name without suffix, and its header.

    The two names are read one by one, the file's first; where they say different kinds, the kind stays open. A type
    in the header counts only where no name says one, and "unknown" says nothing: it is every vendor's default.
    LabSolutions writes a number before it, 1:Standard.
    """
    texts = [_folded(stem), _folded(sample_name)]
    kinds = [_kind(text) for text in texts]
    said = {kind for kind in kinds if kind}
    if len(said) > 1 or "?" in said:
        return Guess()
    kind = next(iter(said), None) or TYPES.get(re.sub(r"^\d ?: ?", "", sample_type.strip().casefold()))
    first = texts if kinds[0] or not kinds[1] else texts[::-1]
    if kind in ("standard", "qc"):
        return next((found for text in first if (found := _level(text, kind))), Guess(kind))
    if kind == "blank":
        return Guess(kind)
    for text in first:
        if match := SAMPLE.search(text):
            return Guess("dialysate", subject=re.sub(r"[ _]", "", match[1]), sample=int(match[2]))
    numbers = [int(match[1]) for text in first if (match := NUMBERED.search(text))]
    return Guess(kind, sample=numbers[0] if kind and numbers else None)


def subject_in(path: str) -> str | None:
    """The one animal that the names of a file and its folders say in full, "rat 3" or "mouse_12"; else None."""
    said = {re.sub(r"[ _-]", "", match[1]) for match in SUBJECT.finditer(_folded(path))}
    return said.pop() if len(said) == 1 else None


def _folded(text: str) -> str:
    return " ".join(text.casefold().replace("\u03bc", "µ").split())


def _kind(text: str) -> str | None:
    """The kind that a text's words say; "?" where they say two, None where none."""
    found = {kind for kind, words in WORDS.items() if re.search(rf"(?<![a-z])(?:{words})(?![a-z])", text)}
    if SAMPLE.search(text):
        found.add("dialysate")
    if {"standard", "qc"} <= found:
        found.discard("standard")
    return None if not found else next(iter(found)) if len(found) == 1 else "?"


def _level(text: str, kind: str) -> Guess | None:
    """The level that a text names: by its one concentration, else by its number."""
    spaced = re.sub(r"(?<![a-z])(std|cal|standard)(?=\d)", r"\1 ", text.replace("_", " ").replace("-", " "))
    amounts = [match.groups() for match in AMOUNT.finditer(spaced)]
    if len(amounts) == 1:
        word, number, unit = amounts[0]
        value = float(number.replace(",", "."))
        analyte = _analyte(word)
        level = f"{analyte}_{value:g}" if analyte else f"{value:g}{UNITS[unit].replace('µ', 'u').replace('/', '_per_')}"
        return Guess(kind, level, analyte, value, UNITS[unit])
    match = LEVEL.search(text) if not amounts else None
    return Guess(kind, f"{'qc' if kind == 'qc' else 'cal'}{int(match[1])}") if match else None


def _analyte(word: str | None) -> str | None:
    """A word before a concentration as an analyte, unless it is a word of another meaning."""
    if not word or word in NO_ANALYTES or any(re.fullmatch(words, word) for words in WORDS.values()):
        return None
    misspelt = difflib.get_close_matches(word, ("standards", "calibration", "sample", "dialysate"), 1, 0.75)
    return ANALYTES.get(word) or (word if re.fullmatch(r"[a-z][a-z0-9-]{3,}", word) and not misspelt else None)
