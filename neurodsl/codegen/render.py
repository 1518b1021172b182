"""Pages through templates: the one place that knows jinja2."""

from __future__ import annotations

import re

import jinja2

from neurodsl import resources
from neurodsl.codegen.pages import File, Functions, Lanes, NetworkPage, PrecisePage


def environment() -> jinja2.Environment:
    """Return the environment of the templates: an undefined name is an error."""
    loader = jinja2.FileSystemLoader(resources.folder("templates"))
    return jinja2.Environment(
        loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )


HELPER = '@njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False{})'
"""The decorator of functions that only other generated functions call: without the ways in from Python, and without the counting of
references that arrays from the caller do not need, they compile in half the time and run a fifth faster."""

LANE = '@njit(error_model="numpy", forceinline=True, fastmath={"contract", "nsz", "arcp", "reassoc"})'
"""The decorator of functions of a kernel in lanes. Fused and reordered sums are a third faster on FitzHugh-Nagumo and a tenth on Hodgkin-Huxley;
numbers that are not finite keep their meaning."""

SWEEP = '@njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, fastmath={"contract", "nsz", "arcp", "reassoc"})'
"""The decorator of the sweeps of a network: one function for all populations of a kind."""


def render(page: File | Functions | Lanes | NetworkPage | PrecisePage, template: str = "numba/file.py.j2") -> str:
    """Return the generated file of a page."""
    decorators = {"njit": HELPER.format(""), "njit_inline": HELPER.format(", forceinline=True"), "njit_lane": LANE, "njit_sweep": SWEEP}
    text = environment().get_template(template).render(page=page, **decorators)
    return re.sub(r"\n{4,}", "\n\n\n", text)
