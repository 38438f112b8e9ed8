"""An event whose segment is empty is a problem in words, never taken for segment 1."""

from pathlib import Path

import pytest

from coeruleus.experiment.load import load_experiment
from coeruleus.experiment.model import BrokenExperiment


@pytest.mark.parametrize("segment", ["", "n/a", "one", "1e400"])
def test_it_is_refused(tmp_path: Path, segment: str) -> None:
    (tmp_path / "x/ephys").mkdir(parents=True)
    (tmp_path / "x/experiment.yaml").write_text("title: X\n")
    (tmp_path / "x/subjects.tsv").write_text("subject_id\na\n")
    (tmp_path / "x/ephys/recordings.tsv").write_text("site_id\tsubject_id\tfile\tkind\ns\ta\ts.tsv\tsorted\n")
    head = "site_id\tsegment\tonset\tduration\ttrial_type\n"
    (tmp_path / "x/ephys/events.tsv").write_text(f"{head}s\t{segment}\t5\t1\tpaw_pinch\n")
    with pytest.raises(BrokenExperiment) as broken:
        load_experiment(tmp_path / "x")
    assert [problem.item for problem in broken.value.problems] == ["ephys/events.tsv, row 2, column segment"]
