"""The step of methods for equations with noise, as lines of code."""

from __future__ import annotations

from neurodsl.codegen.bodies import Writer, starts_of
from neurodsl.codegen.pages import Body, Site, Step
from neurodsl.integrators.method import Method, Stochastic
from neurodsl.lower.chain import total_derivative
from neurodsl.system import System

Entry = tuple[int, int]


def entries(system: System) -> list[Entry]:
    """Return the pairs of a state and a noise that moves it."""
    return [(i, j) for i, s in enumerate(system.states) for j, g in enumerate(s.diffusion) if g != 0]


def diffusion(system: System, writer: Writer) -> Body:
    """Return the factors of the noises, in the order of ``entries``; a state that is held has none."""
    body = writer.body([system.states[i].diffusion[j] for i, j in entries(system)], state=None)
    held = {action.target for event in system.events for action in event.actions if action.kind == "hold"}
    results = [f"(0.0 if _hold[{i}] > _ts else {r})" if i in held else r for (i, _), r in zip(entries(system), body.results, strict=True)]
    return Body(body.lines, tuple(results))


def stochastic_step(method: Method, system: System, writer: Writer) -> Step:
    """Return the lines of one step of a stochastic method; ``_k[0]`` holds the increments of the noises."""
    assert isinstance(method, Stochastic)
    names, used = [writer.name(s) for s in writer.states], entries(system)
    noises = sorted({j for _, j in used})
    loads = [f"{n} = _y[{i}]" for i, n in enumerate(names)] + [f"_w{j} = _k[0, {j}]" for j in noises]
    first = "".join(f"_g{i}_{j}, " for i, j in used).rstrip()
    loads.append(f"{first} = _diffusion(t, _ts, {', '.join(names)}, _c, _hold)")
    kicks = ["".join(f" + _g{i}_{j}*_w{j}" for k, j in used if k == i) for i in range(len(names))]
    results = [f"_z[{i}] = {n} + _h*_d[{i}]{kicks[i]}" for i, n in enumerate(names)]
    if method.scheme == "milstein":
        slopes = [total_derivative(system.states[i].diffusion[j], system.states[i].symbol, system.varying) for i, j in used]
        body = writer.body(slopes)
        loads += [line for line in body.lines if line not in loads]
        for (i, j), slope in zip(used, body.results, strict=True):
            if slope != "0.0":
                results[i] += f" + 0.5*_g{i}_{j}*({slope})*(_w{j}*_w{j} - _h)"
    if method.scheme in ("platen", "heun"):
        reach = [
            "".join(f" + _g{i}_{j}*{'math.sqrt(_h)' if method.scheme == 'platen' else f'_w{j}'}" for k, j in used if k == i)
            for i in range(len(names))
        ]
        ahead = ", ".join(f"{n} + _h*_d[{i}]{reach[i]}" for i, n in enumerate(names))
        second = "".join(f"_p{i}_{j}, " for i, j in used).rstrip()
        time = "t" if method.scheme == "platen" else "t + _h"
        loads.append(f"{second} = _diffusion({time}, _ts, {ahead}, _c, _hold)")
        if method.scheme == "heun":
            drifts = ", ".join(f"_e{i}" for i in range(len(names))) + ("," if len(names) == 1 else "")
            loads.append(f"{drifts} = _rhs(t + _h, _ts, {ahead}, _c, _hold)")
            kicks = ["".join(f" + 0.5*(_g{i}_{j} + _p{i}_{j})*_w{j}" for k, j in used if k == i) for i in range(len(names))]
            results = [f"_z[{i}] = {n} + 0.5*_h*(_d[{i}] + _e{i}){kicks[i]}" for i, n in enumerate(names)]
        else:
            for i, j in used:
                results[i] += f" + (_p{i}_{j} - _g{i}_{j})*(_w{j}*_w{j} - _h)/(2.0*math.sqrt(_h))"
    return Step(loads=tuple(loads), results=tuple(results))


def sites(system: System, writer: Writer) -> tuple[Site, ...]:
    """Return what is drawn in every step, with its place among the constants; the number of a draw follows the place."""
    places = starts_of(writer.constants)
    return tuple(Site(s.kind, places[s.name], s.size) for s in system.sites)
