"""A run of a network in words, for the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from neurodsl.diagnostics import printable
from neurodsl.solution.network import NetworkResult, mean_cv, mean_rate, rate_unit

MOST_ROWS = 12
"""Populations and projections that are told one by one."""


def network_summary(result: NetworkResult) -> str:
    """Return the lines that tell a person what a run of a network did."""
    meta, time = result.meta, "" if result.time_unit == "1" else f" {result.time_unit}"
    step = f" of {meta['dt']:g}{time}" if meta.get("dt") and not meta.get("adaptive") else ""
    rows = [
        ("stopped", result.stopped),
        ("method", _method_in_words(result)),
        ("steps", f"{meta.get('steps')}{step}, {result.elapsed:g}{time}"),
        *_listed("spikes", _spikes_in_words(result)),
        *_listed("synapses", _synapses_in_words(meta.get("projections") or {})),
        ("seed", "none" if meta.get("seed") is None else str(meta["seed"])),
        ("kept", _checkpoint_in_words(result, time)),
        ("time", ", ".join(f"{key.removesuffix('_s')} {seconds:.3g} s" for key, seconds in meta.get("timing", {}).items())),
    ]
    head = f"{meta.get('model')}: {meta['title']}" if meta.get("title") else str(meta.get("model"))
    return "\n".join(printable(line) for line in [head, *(f"  {key:<10}{text}" for key, text in rows if text)])


def _listed(key: str, lines: list[str]) -> list[tuple[str, str]]:
    """Return rows of which the first has a name."""
    return [(key if k == 0 else "", line) for k, line in enumerate(lines)]


def _method_in_words(result: NetworkResult) -> str:
    """Return by which methods the populations were advanced and why, and how events act."""
    meta = result.meta
    found = {name: p for name, p in (meta.get("populations") or {}).items() if p.get("method")}
    methods = {name: _with_reason(p) for name, p in found.items()}
    kinds = list(dict.fromkeys(methods.values()))
    if len(kinds) > 1:
        told = ", ".join(f"{name} {method}" for name, method in list(methods.items())[:MOST_ROWS])
    else:
        told = kinds[0] if kinds else _with_reason(meta)
    return f"{told}, events {meta.get('events', 'grid')}{_threads_in_words(meta)}"


def _threads_in_words(meta: Mapping[str, Any]) -> str:
    """Return on how many threads a network ran, where it was more than one or could not be as many as were asked for."""
    threads, asked = meta.get("threads") or 1, meta.get("threads_asked") or 1
    if asked > threads:
        return f", {threads} of {asked} threads: it cannot be divided among more"
    return f", {threads} threads" if threads > 1 else ""


def _with_reason(about: Mapping[str, Any]) -> str:
    """Return a method and, where it was chosen, why."""
    return f"{about.get('method')} ({about['reason']})" if about.get("reason") else str(about.get("method"))


def _spikes_in_words(result: NetworkResult) -> list[str]:
    """Return a line for each population: its size, spikes, mean rate and the regularity of its intervals."""
    factor, unit = rate_unit(result.time_unit)
    of_time = "per unit of time" if unit == "1" else unit
    shown = list(result.sizes)[:MOST_ROWS]
    names = max((len(name) for name in shown), default=0)
    lines = []
    for name in shown:
        size, count, cv = result.sizes[name], result.spikes[name].count, mean_cv(result, name)
        told = "no spikes"
        if count:
            regularity = "" if math.isnan(cv) else f", mean CV {cv:.3g}"
            told = f"{count} {'spike' if count == 1 else 'spikes'}, mean rate {mean_rate(result, name) * factor:.4g} {of_time}{regularity}"
        lines.append(f"{name:<{names}}  {size} {'neuron' if size == 1 else 'neurons'}: {told}")
    more = len(result.sizes) - len(shown)
    return [*lines, f"and {more} more populations"] if more else lines


def _synapses_in_words(projections: Mapping[str, int]) -> list[str]:
    """Return a line for each projection, and the sum where there are several."""
    shown = list(projections.items())[:MOST_ROWS]
    names = max(6, *(len(name) for name, _ in shown)) if shown else 0
    whole = sum(projections.values())
    width = len(str(whole))
    lines = [f"{name:<{names}}  {count:>{width}}" for name, count in shown]
    more = len(projections) - len(shown)
    lines += [f"and {more} more projections"] if more else []
    return [*lines, f"{'in all':<{names}}  {whole}"] if len(projections) > 1 else lines


def _checkpoint_in_words(result: NetworkResult, time: str) -> str:
    """Return where the last checkpoint is; the empty text where there is none."""
    kept = result.meta.get("checkpoint")
    return "" if kept is None else f"checkpoint `{kept['file']}` at {kept['t']:g}{time}; `--resume {kept['file']}` goes on from there"
