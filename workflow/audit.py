"""Known vulnerabilities of what the locks install, by pip-audit: `make audit`.

Ends with 1 where one is known. Where nobody answers (offline, or a package index without advisories) it says that
nothing was audited, and that is no failure.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-slurm.lock")
PINNED = re.compile(r"^[A-Za-z0-9._-]+==[^\s;\\]+", re.MULTILINE)
PATIENCE_S = 15  # for one package; the others are only asked for where this one was answered


def ask(auditor: list[str], pins: list[str], seconds: float) -> list[dict]:
    """What is known of each pinned package; raises OSError, ValueError or TimeoutExpired where nobody answers."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pins.txt"
        file.write_text("\n".join(pins) + "\n", encoding="utf-8")
        options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "5", "--format", "json"]
        call = [*auditor, *options, "--requirement", str(file)]
        done = subprocess.run(call, capture_output=True, text=True, timeout=seconds, check=False)
    return list(json.loads(done.stdout)["dependencies"])


def audit(auditor: list[str]) -> tuple[int, list[str]]:
    """Exit status and what to say."""
    pins = [pin for lock in LOCKS for pin in PINNED.findall((ROOT / lock).read_text(encoding="utf-8"))]
    try:
        answered = "skip_reason" not in ask(auditor, pins[:1], PATIENCE_S)[0]
        found = ask(auditor, pins, 20 * PATIENCE_S) if answered else []
    except (OSError, ValueError, LookupError, subprocess.TimeoutExpired):
        found = []
    audited = [each for each in found if "skip_reason" not in each]
    if not audited:
        return 0, [f"audit: no advisories can be reached from here; none of {len(pins)} packages was audited"]
    said = [
        f"{each['name']} {each['version']}: {one['id']}, mended in {', '.join(one['fix_versions']) or 'no version yet'}"
        for each in audited
        for one in each["vulns"]
    ]
    count = f"audit: {len(audited)} of {len(pins)} packages audited, {len(said)} known vulnerabilities"
    return int(bool(said)), [*said, count]


if __name__ == "__main__":
    status, lines = audit(sys.argv[1:] or ["pip-audit"])
    print("\n".join(lines))
    sys.exit(status)
