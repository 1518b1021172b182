"""Templates hold layout, never mathematics, and are given exactly the fields of their page."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import jinja2.meta
import pytest

from neurodsl import resources
from neurodsl.codegen.pages import File, Functions, Lanes, NetworkPage, PrecisePage, SweepPage
from neurodsl.codegen.render import environment

TEMPLATES = sorted(resources.folder("templates").rglob("*.j2"))
GIVEN = {"page", "njit", "njit_inline", "njit_lane", "njit_sweep"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_uses_nothing_but_its_page_and_the_decorators(path: Path) -> None:
    undeclared = jinja2.meta.find_undeclared_variables(environment().parse(path.read_text(encoding="utf-8")))
    assert undeclared <= GIVEN


def test_a_network_lays_out_every_field_of_its_sweeps_and_no_other() -> None:
    text = (resources.folder("templates") / "numba" / "network.py.j2").read_text(encoding="utf-8")
    assert set(re.findall(r"\bsweep\.(\w+)", text)) == {field.name for field in dataclasses.fields(SweepPage)}


def test_the_templates_use_every_field_of_the_page_and_no_other() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
    used = set(re.findall(r"\bpage\.(\w+)", text))
    assert used == {field.name for page in (File, Functions, Lanes, NetworkPage, PrecisePage) for field in dataclasses.fields(page)}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_fits_on_a_few_screens(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 150
