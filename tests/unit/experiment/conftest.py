"""A small sound experiment directory that tests break in one place at a time."""

from pathlib import Path

import pytest

FILES = {
    "experiment.yaml": "title: Small\nanalytes:\n  NE: {retention_time: 5.2}\n  DA: {retention_time: 11.5}\n",
    "subjects.tsv": "subject_id\tgroup\n007\tvehicle\n008\tdrug\n",
    "dialysate/injections.tsv": (
        "injection_id\trun\tfile\tkind\tlevel\tsubject_id\tstart_min\tend_min\n"
        "i1\tr1\ti1.txt\tstandard\tS1\tn/a\tn/a\tn/a\n"
        "i2\tr1\ti2.txt\tdialysate\tn/a\t007\t-20\t0\n"
        "i3\tr1\ti3.txt\tdialysate\tn/a\t008\t0\t20\n"
    ),
    "dialysate/standards.tsv": "level\tanalyte\tconcentration\nS1\tNE\t1\nS1\tDA\t0\n",
    "ephys/recordings.tsv": (
        "site_id\tsubject_id\tfile\tkind\ns1\t007\ta.tsv\tsorted\ns1\t007\tb.tsv\tsorted\ns2\t008\tc.tsv\tsorted\n"
    ),
    "ephys/events.tsv": "site_id\tsegment\tonset\tduration\ttrial_type\ns1\t2\t10\t0\tpaw_pinch\n",
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    directory = tmp_path / "small"
    for name, text in FILES.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    return directory
