"""`coeruleus verify`: which file differs, and what explains it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coeruleus.cli import app
from coeruleus.experiment.settings import Settings
from coeruleus.provenance import provenance
from coeruleus.staleness import code_digest
from coeruleus.verify import PARTS, compare, explain, outdated

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
CODE = {name: code_digest(SCRIPTS / f"{name}.py") for name in ("quantify_run", "draw_dialysate_figures")}


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path]:
    inputs, results = tmp_path / "exp", tmp_path / "results"
    files = {
        inputs / "experiment.yaml": "title: x\n",
        inputs / "subjects.tsv": "subject_id\na\n",
        inputs / "dialysate/injections.tsv": "injection_id\n",
        inputs / "ephys/recordings.tsv": "site_id\n",
        inputs / "figures.yaml": "png_dpi: 200\n",
        results / "dialysate/peaks.tsv": "1\n",
        results / "units/units.tsv": "2\n",
        results / "figures/dialysate/release+NE.svg": "<svg/>\n",
        results / "report.html": "page\n",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (results / "provenance.json").write_text(
        provenance(inputs, results, {"title": "x", "baseline": {"samples": 3}}, CODE)
    )
    return inputs, results


def call(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["verify", *map(str, arguments)])
    return done.exit_code, done.stdout


def test_untouched_results_pass(made):
    code, said = call(made[1])
    assert code == 0 and said.endswith("4 files, 0 differences\n")


def test_an_edited_a_lost_and_an_added_file_are_named(made):
    (made[1] / "dialysate/peaks.tsv").write_text("7\n")
    (made[1] / "report.html").unlink()
    (made[1] / "notes.txt").write_text("mine\n")
    code, said = call(made[1])
    assert code == 1
    assert "dialysate/peaks.tsv differs: no input, setting or version that it depends on is different" in said
    assert "report.html is missing" in said and "notes.txt was not there" in said and "3 differences" in said


def test_the_input_that_explains_it_is_named_and_no_other(made):
    inputs, results = made
    (results / "dialysate/peaks.tsv").write_text("7\n")
    (results / "figures/dialysate/release+NE.svg").write_text("<svg>new</svg>\n")
    (inputs / "dialysate/injections.tsv").write_text("injection_id\nb\n")
    (inputs / "ephys/recordings.tsv").write_text("site_id\ns\n")
    (inputs / "figures.yaml").write_text("png_dpi: 300\n")
    _, said = call(results, "--experiment", inputs)
    peaks = next(line for line in said.splitlines() if line.startswith("dialysate/peaks.tsv"))
    figure = next(line for line in said.splitlines() if line.startswith("figures/"))
    assert "input dialysate/injections.tsv differs" in peaks and "ephys" not in peaks and "figures.yaml" not in peaks
    assert "injections.tsv" in figure and "figures.yaml" in figure and "ephys" not in figure


def test_inputs_and_settings_that_changed_since_are_said_before_anything_is_run_again(made):
    inputs, results = made
    (inputs / "ephys/recordings.tsv").write_text("site_id\ns\n")
    (inputs / "experiment.yaml").write_text("title: x\nbaseline: {samples: 4}\n")
    code, said = call(results, "--experiment", inputs)
    assert code == 1 and "peaks.tsv" not in said
    assert "input ephys/recordings.tsv differs since these results were made: 2 of 4 files rest on it" in said
    now = {"outputs": dict.fromkeys(("dialysate/peaks.tsv", "release/release.tsv", "units/units.tsv"), "1")}
    then = now | {"settings": {"baseline": {"samples": 3}}}
    (words,) = outdated(then, now | {"settings": {"baseline": {"samples": 4}}})
    assert words.startswith("setting baseline differs since") and "1 of 3 files rest on it" in words


def test_the_record_has_the_version_of_everything_that_is_needed_to_run(made):
    found = json.loads((made[1] / "provenance.json").read_text())["versions"]
    assert {"pybaselines", "pillow", "jinja2", "rainbow-api", "python", "coeruleus"} <= set(found)
    assert not {"pytest", "ruff", "playwright"} & set(found)  # tools of developers reach no result
    assert list(found) == sorted(found)
    record = json.loads((made[1] / "provenance.json").read_text())
    (made[1] / "provenance.json").write_text(json.dumps(record | {"versions": found | {"pybaselines": "0.1"}}))
    code, said = call(made[1])
    assert code == 0 and "note: version of pybaselines: 0.1 then, " in said


def test_two_results_are_compared_by_what_stands_behind_them(made, tmp_path):
    results = made[1]
    record = json.loads((results / "provenance.json").read_text())
    other = record | {
        "versions": record["versions"] | {"scipy": "0.1"},
        "settings": {"title": "x", "baseline": {"samples": 4}},
        "code": CODE | {"quantify_run": "z"},
        "outputs": record["outputs"] | {"release/release.tsv": "1", "units/units.tsv": "9"},
    }
    said = {line.split()[0]: line for line in compare(other, record)}
    assert "setting baseline differs" in said["release/release.tsv"]
    assert "code of quantify_run differs" in said["release/release.tsv"]
    assert "baseline" not in said["units/units.tsv"] and "quantify_run" not in said["units/units.tsv"]
    assert "version of scipy: 0.1 then" in said["units/units.tsv"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other/provenance.json").write_text(json.dumps(other))
    code, words = call(results, "--against", tmp_path / "other")
    assert code == 1 and "beside" in words and "baseline" in words


def test_code_that_changed_since_is_noted_and_explains_what_differs(made):
    results = made[1]
    record = json.loads((results / "provenance.json").read_text())
    (results / "provenance.json").write_text(json.dumps(record | {"code": CODE | {"quantify_run": "older"}}))
    code, said = call(results)
    assert code == 0 and said.endswith("4 files, 0 differences\n")
    assert "note: code of quantify_run differs since: 3 of 4 files rest on it; no file differs until" in said
    assert "draw_dialysate_figures" not in said
    (results / "dialysate/peaks.tsv").write_text("7\n")
    code, said = call(results)
    assert code == 1 and "dialysate/peaks.tsv differs: code of quantify_run differs" in said


def test_a_folder_without_a_record_is_said_to_be_one(tmp_path):
    code, said = call(tmp_path)
    assert code == 2 and "provenance.json" in said


@pytest.mark.parametrize("name", [name for name in PARTS if name])
def test_every_part_rests_on_parts_that_are_there(name):
    changes = {"input": {}, "setting": {}, "code of rule": dict.fromkeys(PARTS[name].scripts, "differs"), "version": {}}
    assert len(explain(f"{name}x.tsv", changes)) == len(PARTS[name].scripts)
    assert all(one in PARTS or any(one.startswith(part) for part in PARTS if part) for one in PARTS[name].rests_on)


def causes(output: str, name: str) -> bool:
    return bool(explain(output, {"input": {name: "differs"}, "setting": {}, "code of rule": {}, "version": {}}))


def test_a_changed_chromatogram_explains_no_figure_of_units_but_those_beside_release_and_truth():
    for name in ("cards/a+u1.png", "unit_plane+lc.svg", "evidence+lc.svg", "raw_trace+a.svg", "drug_response+x+01.svg"):
        assert not causes(f"figures/units/{name}", "dialysate/run_a/1.txt")
        assert not causes(f"figures/units/{name}", "truth/peaks.tsv")
        assert causes(f"figures/units/{name}", "ephys/a.nwb") and causes(f"figures/units/{name}", "figures.yaml")
    assert causes("figures/units/joint+rat01.svg", "dialysate/run_a/1.txt")
    assert not causes("figures/units/joint+rat01.svg", "truth/peaks.tsv")
    for name in ("truth_01.svg", "figures.json"):
        for cause in ("dialysate/run_a/1.txt", "truth/peaks.tsv", "ephys/a.nwb"):
            assert causes(f"figures/units/{name}", cause)


def test_every_setting_every_script_and_every_table_is_known_to_some_part():
    """A setting, rule or result that is added later and forgotten here would explain nothing."""
    named = [part for name, part in PARTS.items() if name]
    assert {key for part in named for key in part.settings} >= set(Settings.model_fields) - {"title"}
    scripts = {path.stem for path in (Path(__file__).parents[2] / "workflow" / "scripts").glob("*.py")}
    assert {script for part in named for script in part.scripts} == scripts - {"refuse_experiments"}
    for name in ("units/sensitivity", "units/disagreements", "units/statistics"):
        changes = {"input": {}, "setting": {"units": "differs"}, "code of rule": {}, "version": {}}
        assert explain(f"{name}.tsv", changes) == ["setting units differs"]
