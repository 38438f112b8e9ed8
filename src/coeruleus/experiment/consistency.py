"""What must agree between sheets: ids that exist, files inside the experiment, curation that matches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pandas as pd

from coeruleus.experiment.files import links_out
from coeruleus.experiment.model import Experiment
from coeruleus.experiment.nearest import did_you_mean
from coeruleus.experiment.preparation import UNCLEAR, preparation
from coeruleus.experiment.settings import ID
from coeruleus.tables.problems import Problem


class _Findings(list[Problem]):
    def add(self, sheet: str, row: pd.Series | None, column: str, message: str, severity: str = "error") -> None:
        where = f"{sheet}.tsv"
        if row is not None:
            where += f", row {int(row['sheet_row'])}"
        self.append(Problem("experiment", f"{where}, column {column}" if column else where, severity, message))

    def known(self, sheet: str, frame: pd.DataFrame, column: str, known: Iterable[str], where: str) -> None:
        """Every value of a column must be one of `known`, which live in the sheet `where`."""
        if frame.empty:
            return
        names = list(dict.fromkeys(known))
        wanted = frame[column]
        if not set(wanted.dropna()) - set(names):
            return
        for row in _where(frame, wanted.notna() & ~wanted.isin(names)):
            if not pd.isna(row["sheet_row"]):
                self.add(
                    sheet, row, column, f"'{row[column]}' is not in {where}: {did_you_mean(str(row[column]), names)}"
                )


def _where(frame: pd.DataFrame, wrong: pd.Series) -> Iterator[pd.Series]:
    """The rows that are wrong; mostly there are none, and then nothing is cut out."""
    if wrong.any():
        for _, row in frame[wrong].iterrows():
            yield row


def check_consistency(experiment: Experiment) -> list[Problem]:
    """Every disagreement between the sheets of an experiment, with file, row and column."""
    found = _Findings()
    subjects = list(experiment.subjects["subject_id"])
    found.known("sessions", experiment.sessions, "subject_id", subjects, "subjects.tsv")
    found.known("dialysate/probes", experiment.probes, "subject_id", subjects, "subjects.tsv")
    _check_names(experiment, found)
    _check_dialysate(experiment, found)
    _check_recordings(experiment, found)
    _check_curation(experiment, found)
    return found


def check_links(experiment: Experiment) -> list[Problem]:
    """Every file that a reader would open for a row, and every one of the truth, that is a link to elsewhere."""
    found = _Findings()
    _check_files(experiment, found, "dialysate/injections", experiment.injections, ["file"])
    _check_files(experiment, found, "ephys/recordings", experiment.recordings, ["file", "waveforms", "raw_file"])
    for name in links_out(experiment.path, ["truth"], experiment.path.resolve()):
        message = "is a link that leaves the experiment directory: copy the file here"
        found.append(Problem("experiment", name, "error", message))
    return found


def _check_names(experiment: Experiment, found: _Findings) -> None:
    """Ids that become file names must differ in more than case, or a Mac and a PC see one file."""
    for sheet, column, names in (
        ("dialysate/injections", "run", experiment.injections["run"]),
        ("ephys/recordings", "site_id", experiment.recordings["site_id"]),
    ):
        seen: dict[str, str] = {}
        for name in sorted(set(names.dropna())):
            if name.lower() in seen:
                found.add(sheet, None, column, f"'{seen[name.lower()]}' and '{name}' differ in case only: rename one")
            seen[name.lower()] = name


def _check_dialysate(experiment: Experiment, found: _Findings) -> None:
    injections, sheet = experiment.injections, "dialysate/injections"
    subjects = list(experiment.subjects["subject_id"])
    for name, frame in (
        (sheet, injections),
        ("dialysate/events", experiment.dialysate_events),
        ("dialysate/concentrations", experiment.concentrations),
    ):
        if frame is None:
            continue
        found.known(name, frame, "subject_id", subjects, "subjects.tsv")
        found.known(name, frame, "session_id", experiment.sessions["session_id"], "sessions.tsv")
        found.known(name, frame, "probe_id", experiment.probes["probe_id"], "dialysate/probes.tsv")
        _check_owner(found, name, frame, "session_id", experiment.sessions)
        _check_owner(found, name, frame, "probe_id", experiment.probes)
        if "start_min" in frame:
            for row in _where(frame, frame["end_min"] <= frame["start_min"]):
                found.add(name, row, "end_min", f"{row['end_min']:g} is not after start_min {row['start_min']:g}")
    _check_analytes(experiment, found)
    needs_level = injections["kind"].isin(["standard", "qc"])
    for row in _where(injections, needs_level & injections["level"].isna()):
        found.add(
            sheet,
            row,
            "level",
            f"is empty: without its level in standards.tsv this {row['kind']} serves for nothing",
            "warning",
        )
    levels = list(experiment.standards["level"])
    found.known(sheet, injections[needs_level], "level", levels, "dialysate/standards.tsv")
    if experiment.areas is not None:
        found.known("dialysate/areas", experiment.areas, "injection_id", injections["injection_id"], "injections.tsv")
    for row in _where(injections, injections["to_min"] <= injections["from_min"]):
        found.add(sheet, row, "to_min", f"{row['to_min']:g} is not after from_min {row['from_min']:g}")
    for column in ("collected_ul", "injected_ul", "dilution"):
        for row in _where(injections, injections[column] == 0):
            found.add(sheet, row, column, "is 0, which cannot be: give what it was, or n/a")
    shared = ["subject_id", "session_id", "probe_id", "start_min", "end_min"]
    key = ["session_id", "probe_id", "sample_id"]
    several = injections[(injections["kind"] == "dialysate") & injections.duplicated(key, keep=False)]
    for sample, rows in several.groupby(key, dropna=False) if len(several) else ():
        for column in shared:
            if rows[column].nunique(dropna=False) > 1:
                message = f"differs between the injections of the sample {sample[2]}: they are of one sample"
                found.add(sheet, rows.iloc[1], column, message)
    events = experiment.dialysate_events
    for row in _where(events, events["subject_id"].isna() & events["probe_id"].isna()):
        found.add("dialysate/events", row, "subject_id", "is empty, and so is probe_id: say which animal or probe")


def _check_owner(found: _Findings, sheet: str, frame: pd.DataFrame, column: str, owners: pd.DataFrame) -> None:
    if frame.empty:
        return
    owner = dict(zip(owners[column], owners["subject_id"], strict=True))
    for place, (name, subject) in enumerate(zip(frame[column], frame["subject_id"], strict=True)):
        expected = owner.get(name)
        if expected is not None and subject is not None and expected != subject:
            message = f"'{name}' belongs to the subject {expected}, and this row says {subject}"
            found.add(sheet, frame.iloc[place], column, message)


def _check_analytes(experiment: Experiment, found: _Findings) -> None:
    settings = experiment.settings
    if experiment.areas is None and len(experiment.injections):
        if not settings.analytes:
            message = "lists no analytes: chromatograms need each analyte's nominal retention time"
            found.append(Problem("experiment", "experiment.yaml, key analytes", "error", message))
        for name, analyte in settings.analytes.items():
            if analyte.retention_time is None:
                where = f"experiment.yaml, key analytes.{name}.retention_time"
                found.append(Problem("experiment", where, "error", "is not there: give the nominal minutes"))
        found.known("dialysate/standards", experiment.standards, "analyte", settings.analytes, "experiment.yaml")
    for sheet, frame in (
        ("dialysate/areas", experiment.areas),
        ("dialysate/concentrations", experiment.concentrations),
    ):
        for name in sorted(frame["analyte"].dropna().unique()) if frame is not None else ():
            row = frame[frame["analyte"] == name].iloc[0]  # type: ignore[index]
            if not re.match(ID, name):
                message = (
                    f"the analyte's name '{name}' becomes part of file names: use letters, digits, '.', '_' and '-'"
                )
                found.add(sheet, row, "analyte", message)
            elif settings.analytes and name not in settings.analytes:
                message = (
                    f"'{name}' is not among the analytes of experiment.yaml: {did_you_mean(name, settings.analytes)}"
                )
                found.add(sheet, row, "analyte", message, "warning")
    for column in map(str, experiment.probes):
        if column.startswith("recovery_") and column != "recovery_se":
            name = column.removeprefix("recovery_").removesuffix("_se")
            if name not in experiment.analytes:
                hint = did_you_mean(name, [*experiment.analytes, "se"])
                found.add("dialysate/probes", None, column, f"'{name}' is no analyte of experiment.yaml: {hint}")


def _check_files(experiment: Experiment, found: _Findings, sheet: str, frame: pd.DataFrame, columns: list[str]) -> None:
    folder, top = experiment.path / sheet.split("/")[0], experiment.path.resolve()
    for column in columns:
        outside = links_out(folder, frame[column], top)
        for place, name in enumerate(frame[column] if outside else ()):
            if name in outside:
                message = f"'{name}' is a link that leaves the experiment directory: copy the file here"
                found.add(sheet, frame.iloc[place], column, message)
        for name in sorted({*outside} - {*frame[column]}):
            message = (
                f"'{name}', which belongs to a file of this column, is a link that leaves the experiment directory"
            )
            found.add(sheet, None, column, f"{message}: copy the file here")


def _check_recordings(experiment: Experiment, found: _Findings) -> None:
    recordings, sheet = experiment.recordings, "ephys/recordings"
    found.known(sheet, recordings, "subject_id", experiment.subjects["subject_id"], "subjects.tsv")
    found.known(sheet, recordings, "session_id", experiment.sessions["session_id"], "sessions.tsv")
    _check_owner(found, sheet, recordings, "session_id", experiment.sessions)
    for row in _where(recordings, recordings.duplicated(["site_id", "segment"])):
        found.add(sheet, row, "segment", f"site {row['site_id']} has segment {row['segment']} twice")
    subjects: dict[str, set[str]] = {}
    for site, subject in zip(recordings["site_id"], recordings["subject_id"], strict=True):
        if site is not None and subject is not None:
            subjects.setdefault(site, set()).add(subject)
    for site in sorted(site for site, of_site in subjects.items() if len(of_site) > 1):
        row = recordings[recordings["site_id"] == site].iloc[1]
        found.add(sheet, row, "subject_id", f"the site {site} has files of several subjects")
    sessions = experiment.sessions
    unclear = [said is not None and preparation(said) is None for said in sessions["anaesthetic"]]
    of_recordings = sessions["session_id"].isin(recordings["session_id"])
    for row in _where(sessions, of_recordings & pd.Series(unclear, index=sessions.index, dtype=bool)):
        found.add("sessions", row, "anaesthetic", f"'{row['anaesthetic']}' {UNCLEAR}", "warning")
    events = experiment.ephys_events
    found.known("ephys/events", events, "site_id", recordings["site_id"], "recordings.tsv")
    segments = set(zip(recordings["site_id"], recordings["segment"], strict=True))
    sites = set(recordings["site_id"])
    for name, frame in (("ephys/events", events), ("curation/trials", experiment.curation_trials)):
        known = [
            site not in sites or (site, segment) in segments
            for site, segment in zip(frame["site_id"], frame["segment"], strict=True)
        ]
        if not all(known):
            for row in _where(frame, ~pd.Series(known, index=frame.index)):
                have = sorted(segment for site, segment in segments if site == row["site_id"])
                found.add(name, row, "segment", f"site {row['site_id']} has no segment {row['segment']}, only {have}")
    found.known("ephys/identity", experiment.identity, "site_id", recordings["site_id"], "recordings.tsv")


def _check_curation(experiment: Experiment, found: _Findings) -> None:
    peaks = experiment.curation_peaks
    injections = experiment.injections
    found.known("curation/peaks", peaks, "injection_id", injections["injection_id"], "dialysate/injections.tsv")
    found.known("curation/peaks", peaks, "analyte", experiment.analytes, "experiment.yaml")
    bounded = peaks["action"] == "set_bounds"
    for row in _where(peaks, bounded & ~(peaks["from_min"] < peaks["to_min"])):
        found.add("curation/peaks", row, "from_min", "set_bounds needs from_min and a later to_min")
    frame = (
        injections[injections["kind"] == "dialysate"]
        if experiment.concentrations is None
        else experiment.concentrations
    )
    samples = set(zip(frame["session_id"], frame["probe_id"], frame["sample_id"], strict=True))
    for row in _where(experiment.curation_samples, experiment.curation_samples["sample_id"].notna()):
        if (row["session_id"], row["probe_id"], row["sample_id"]) not in samples:
            hint = did_you_mean(row["sample_id"], sorted(str(sample[2]) for sample in samples))
            message = f"no sample {row['sample_id']} of session {row['session_id']} and probe {row['probe_id']}: {hint}"
            found.add("curation/samples", row, "sample_id", message)
    units = experiment.curation_units
    found.known("curation/units", units, "site_id", experiment.recordings["site_id"], "ephys/recordings.tsv")
    for row in _where(units, (units["action"] == "label") & units["label"].isna()):
        found.add("curation/units", row, "label", "is empty: the action label needs one")
    events = experiment.ephys_events
    if experiment.settings.events.rename:
        return  # files are not opened here: the job that tests responses knows their events
    for _, row in experiment.curation_trials.iterrows():
        same = (events["site_id"] == row["site_id"]) & (events["segment"] == row["segment"])
        if not ((events["onset"] - row["onset"]).abs()[same] < 1e-4).any():
            message = f"no event of site {row['site_id']}, segment {row['segment']} begins at {row['onset']:g} s"
            found.add("curation/trials", row, "onset", message)
