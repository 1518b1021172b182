"""A run in words, for the terminal."""

from __future__ import annotations

import math

import numpy as np

from neurodsl.diagnostics import printable
from neurodsl.solution.result import Result, Value, over_copies

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0}
"""The units of time for which a rate is told in Hz, at hand without loading all units."""
FEW = 6
"""An array of at most so many elements is told element by element."""


def summary(result: Result) -> str:
    """Return the lines that tell a person what a run did."""
    meta, unit = result.meta, result.units.get("t", "1")
    time = "" if unit == "1" else f" {unit}"
    title = meta.get("title")
    reason = f" ({meta['reason']})" if meta.get("reason") else ""
    rejected = f", {meta['rejected']} rejected" if meta.get("rejected") else ""
    step = f" of {meta['dt']:g}{time}" if meta.get("dt") and not meta.get("adaptive") else ""
    rows = [
        ("method", f"{meta.get('method')}{reason}, events {meta.get('events')}"),
        ("copies", _copies_in_words(result)),
        ("steps", f"{meta.get('steps')}{step}{rejected}, {result.elapsed:g}{time}{'' if result.copies is None else ' each'}"),
        ("spikes", _spikes_in_words(result, unit)),
        *_final_in_words(result),
        ("seed", "none" if meta.get("seed") is None else str(meta["seed"])),
        ("kept", _checkpoint_in_words(result, time)),
        ("time", ", ".join(f"{key.removesuffix('_s')} {seconds:.3g} s" for key, seconds in meta.get("timing", {}).items())),
    ]
    if not meta.get("complete", True):
        rows.insert(0, ("stopped", str(meta.get("stopped") or "before the end")))
    head = f"{meta.get('model')}: {title}" if title else str(meta.get("model"))
    return "\n".join(printable(line) for line in [head, *(f"  {key:<8}{text}" for key, text in rows if text)])


def _checkpoint_in_words(result: Result, time: str) -> str:
    """Return where the last checkpoint is; the empty text where there is none."""
    kept = result.meta.get("checkpoint")
    if kept is None:
        return ""
    use = "writes the result of the complete run again" if result.meta.get("complete") else "goes on from there"
    use = f"`--resume {kept['file']}{' --out FILE' if result.meta.get('complete') else ''}` {use}"
    return f"checkpoint `{kept['file']}` at {kept['t']:g}{time}; {use}"


def _copies_in_words(result: Result) -> str:
    """Return how many copies ran, on how many threads; the empty text where there are none."""
    if result.copies is None:
        return ""
    complete, threads = result.meta.get("copies_complete", result.copies), result.meta.get("threads", 1)
    shared = f", on {threads} threads" if threads > 1 else ""
    return f"{result.copies}{shared}" if complete == result.copies else f"{complete} of {result.copies} complete{shared}"


def _spikes_in_words(result: Result, unit: str) -> str:
    """Return the number of spikes and their mean rate, then the first and the last, or how the rates of copies are spread."""
    spikes, many = result.spikes, result.copies is not None
    if spikes.count == 0:
        return "none"
    factor, of_time = (SECONDS[unit], "Hz") if unit in SECONDS else (1.0, f"per {'unit of time' if unit == '1' else unit}")
    if many:
        rate = over_copies((result.rates() / factor).tolist())
        return f"{spikes.count} in all, rate of a copy {_spread(rate['mean'], rate['sd'], '.4g')} {of_time}"
    time = "" if unit == "1" else f" {unit}"
    times = [f"{value:.6g}{time}" for value in (spikes.times[0], spikes.times[-1])]
    where = f"at {times[0]}" if spikes.count == 1 else f"first at {times[0]}, last at {times[1]}"
    elements = result.meta.get("elements", 1)
    each = f" of each of {elements} elements" if elements > 1 else ""
    return f"{spikes.count} (mean rate {spikes.rate(result.elapsed) / factor / elements:.4g} {of_time}{each}), {where}"


def _spread(mean: object, deviation: object, form: str) -> str:
    """Return a mean over copies and, where it is known, the standard deviation around it."""
    return f"{mean:{form}}" if not isinstance(deviation, float) or math.isnan(deviation) else f"{mean:{form}} ± {deviation:.3g}"


def _final_in_words(result: Result) -> list[tuple[str, str]]:
    """Return the rows of the final state: a state each, or up to four on a line where there are many."""
    entries = [f"{name} = {_value_in_words(result, value)}{_after_space(result.units.get(name, '1'))}" for name, value in result.final.items()]
    shown = entries[:12]
    width = 1 if len(shown) <= 4 else 4
    lines = [", ".join(shown[k : k + width]) for k in range(0, len(shown), width)]
    if len(entries) > len(shown):
        lines[-1] += f", and {len(entries) - len(shown)} more"
    if result.copies is not None and lines:
        lines.append("(mean ± standard deviation over copies)" if any("±" in line for line in lines) else "(mean over copies)")
    return [("final" if k == 0 else "", line) for k, line in enumerate(lines)]


def _value_in_words(result: Result, value: Value) -> str:
    """Return a number; of an array its elements, or where there are many its shape, mean and range; of copies the mean and the deviation."""
    if result.copies is not None:
        found = over_copies(value)
        mean, deviation = np.asarray(found["mean"]), np.asarray(found["sd"])
        if mean.ndim == 0:
            return _spread(float(mean), float(deviation), ".5g")
        if mean.size <= FEW:
            pairs = zip(mean.ravel().tolist(), deviation.ravel().tolist(), strict=True)
            return f"({', '.join(_spread(m, d, '.4g') for m, d in pairs)})"
        return f"{_shape_in_words(mean.shape)}, mean {mean.mean():.6g}, from {mean.min():.6g} to {mean.max():.6g}"
    numbers = np.asarray(value, dtype=np.float64)
    if numbers.ndim == 0:
        return f"{float(numbers):.6g}"
    if numbers.size <= FEW:
        return f"({', '.join(f'{number:.4g}' for number in numbers.ravel().tolist())})"
    return f"{_shape_in_words(numbers.shape)}, mean {numbers.mean():.6g}, from {numbers.min():.6g} to {numbers.max():.6g}"


def _shape_in_words(shape: tuple[int, ...]) -> str:
    """Return the shape of an array."""
    return f"{' x '.join(map(str, shape))} numbers"


def _after_space(unit: str) -> str:
    """Return a unit after a space, nothing where there is none."""
    return "" if unit == "1" else f" {unit}"
