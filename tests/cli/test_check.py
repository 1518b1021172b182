"""What `neurodsl check` prints of what it proves."""

from __future__ import annotations

import json
from pathlib import Path

from cli.conftest import Command

WEAK = """\
param tau = 10 [ms], V_th = -50 [mV], V_rest = -65 [mV]
input I = 10 [mV]
init V = V_rest
tau*dV/dt = -(V - V_rest) + I
on V >= V_th: V = V_rest
"""


def test_a_finding_is_printed_with_its_place_its_reason_and_its_argument(command: Command, here: Path) -> None:
    (here / "weak.neuro").write_text(WEAK)
    ended = command("check", "weak.neuro")
    assert ended.out.splitlines() == [
        "warning[M201]: V_th = -50 mV is never reached: sup V = -55 mV; proof: at V = -55 mV the flow points back, "
        "whatever the other states are and whenever the drive acts",
        " --> weak.neuro:5:1",
        "  |",
        "5 | on V >= V_th: V = V_rest",
        "  | ^^^^^^^^^^^^",
        "  = help: `I` has to pass 15 mV; it is 10 mV",
        "weak.neuro: ok, 1 warning",
    ]
    assert (ended.code, ended.err) == (0, "")


def test_what_was_proved_once_is_printed_again_from_the_cache(command: Command, here: Path) -> None:
    (here / "weak.neuro").write_text(WEAK)
    assert command("check", "weak.neuro") == command("check", "weak.neuro")


def test_a_finding_is_an_entry_of_the_json_object(command: Command, here: Path) -> None:
    (here / "weak.neuro").write_text(WEAK)
    (file,) = json.loads(command("check", "--json", "weak.neuro").out)["files"]
    assert [(f["code"], f["severity"], f["line"], f["column"]) for f in file["findings"]] == [("M201", "warning", 5, 1)]
    assert file["ok"] is True


def test_every_code_of_a_proof_is_explained(command: Command) -> None:
    codes = ["M201", "M202", "M203", "M204", "M205", "M206", "M207", "M208", "M209", "M302"]
    assert [f"[{code}]" in command("explain", code).out for code in codes] == [True] * len(codes)
