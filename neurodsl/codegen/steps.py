"""The step of each family of methods as lines of code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import sympy
from sympy import Expr

from neurodsl.codegen.bodies import Writer
from neurodsl.codegen.pages import Stage, Step
from neurodsl.codegen.rolled import SLOPE
from neurodsl.codegen.stochastic import stochastic_step
from neurodsl.integrators import methods
from neurodsl.integrators.method import Discrete, Exact, ExplicitRungeKutta, ExponentialEuler, Method, Rosenbrock, Stochastic
from neurodsl.lower.chain import total_derivative
from neurodsl.lower.functions import Phi
from neurodsl.system import TIME, System

INSIDE = Fraction(1, 5)
"""Where between two steps a cubic that meets values and slopes at their ends misses the slope most."""


def weighted(coefficients: Sequence[Fraction], terms: Sequence[str]) -> str:
    """Return ``c1*t1 + c2*t2 + ...`` without the terms whose coefficient is 0."""
    parts = [(c, term) for c, term in zip(coefficients, terms, strict=True) if c != 0]
    text = ""
    for c, term in parts:
        factor = term if abs(c) == 1 else f"{float(abs(c))!r}*{term}"
        text += f" {'-' if c < 0 else '+'} {factor}" if text else ("-" if c < 0 else "") + factor
    return text or "0.0"


def slope_line(count: int, time: str = "t", state: str = "_y", target: str = "_d") -> str:
    """Return the line that writes the derivatives of the states to an array; ``_work[5]`` is indexed in one step."""
    entry = f"{target[:-1]}, {{}}]" if target.endswith("]") else f"{target}[{{}}]"
    targets = ", ".join(entry.format(i) for i in range(count)) + ("," if count == 1 else "")
    return f"{targets} = _rhs({time}, _ts, {', '.join(f'{state}[{i}]' for i in range(count))}, _c, _hold)"


def jacobian(system: System) -> list[list[Expr]]:
    """Return the matrix of the derivatives of the right-hand sides by the states, in terms of the definitions."""
    return [[total_derivative(row.derivative, column.symbol, system.varying) for column in system.states] for row in system.states]


def linear_part(system: System) -> tuple[list[list[Expr]], list[Expr]] | None:
    """Return A and b of dy/dt = A y + b where they depend on constants and known switches alone, else None."""
    states = {s.symbol for s in system.states}
    table = {d.symbol: d.expression for d in system.varying}
    rows, rest = [], []
    for state in system.states:
        f = state.derivative
        while used := {s: table[s] for s in f.free_symbols if s in table}:
            f = f.xreplace(used)
            if f.count_ops() > 500:
                return None
        row = [f.diff(s.symbol) for s in system.states]
        if any(entry.free_symbols & (states | {TIME}) for entry in row):
            return None
        constant = f.xreplace({s: sympy.Integer(0) for s in states})
        if TIME in constant.free_symbols or constant.has(sympy.nan, sympy.zoo) or _mixes(f, states):
            return None
        rows.append(row)
        rest.append(constant)
    return rows, rest


def _mixes(f: Expr, states: set[sympy.Symbol]) -> bool:
    """Return whether a condition or a step function looks at a state, whose derivative hides that it is not linear."""
    conditions = f.atoms(sympy.core.relational.Relational)
    functions = f.atoms(sympy.Function)
    return any(c.free_symbols & states for c in conditions) or any(g.free_symbols & states for g in functions if not _is_switch(g))


def _is_switch(f: Expr) -> bool:
    return type(f).__name__ == "Select" and not f.args[0].free_symbols & set(f.args[1].free_symbols | f.args[2].free_symbols)


def is_diagonal(system: System) -> bool:
    """Return whether no state of a linear system moves another."""
    parts = linear_part(system)
    return parts is not None and all(e == 0 for i, row in enumerate(parts[0]) for j, e in enumerate(row) if i != j)


def step_of(method: Method, system: System, writer: Writer) -> tuple[str, Step]:
    """Return the template of a step and its lines.

    For a linear system in which no state moves another, the exponential step of each state is the exact one.

    Raises
    ------
    KeyError
        For a family that has no template.
    """
    families: dict[str, Callable[[Method, System, Writer], Step]] = {
        ExplicitRungeKutta.family: _explicit,
        ExponentialEuler.family: _exponential,
        Exact.family: _exact,
        Rosenbrock.family: _rosenbrock,
        Stochastic.family: stochastic_step,
        Discrete.family: _map,
    }
    if system.rolled:
        return rolled_step(method)
    family = ExponentialEuler.family if isinstance(method, Exact) and is_diagonal(system) else method.family
    return family, families[family](method, system, writer)


def rolled_step(method: Method) -> tuple[str, Step]:
    """Return the template of a step for a system of arrays and its lines.

    The white noise of a step is a number that its derivatives hold like any other: Euler's method is then that of Maruyama.
    """
    if isinstance(method, Discrete):
        return "map", Step(results=("for _i in range(_y.size):", "    _z[_i] = _d[_i]"))
    tableau = methods()["euler"] if isinstance(method, Stochastic) else method
    assert isinstance(tableau, ExplicitRungeKutta)
    rows = [f"_k[{s}, _i]" for s in range(tableau.stages)]
    stages = []
    for s in range(1, tableau.stages):
        time = "t" if tableau.c[s] == 0 else f"t + {weighted([tableau.c[s]], ['_h'])}"
        stages.append(Stage(_increment(tableau.a[s], rows[:s]), SLOPE.format(time, "_z", f"_k[{s}]"), "", ""))
    results = [f"_z[_i] = _y[_i] + _h*({weighted(tableau.b, rows)})"]
    dense: list[str] = []
    if tableau.embedded is not None:
        difference = [b - e for b, e in zip(tableau.b, tableau.embedded, strict=True)]
        results.append(f"_k[{tableau.stages}, _i] = _h*({weighted(difference, rows)})")
        dense = dense_lines(tableau)
    return "rolled_rk", Step(stages=tuple(stages), results=tuple(results), dense=tuple(dense))


def dense_lines(method: ExplicitRungeKutta) -> list[str]:
    """Return the lines of the continuous extension of a method."""
    used = [s for s in range(method.stages) if any(method.dense[s])]
    terms = " + ".join(f"_b{s + 1}*_k[{s}, _i]" for s in used)
    polynomials = [f"_b{s + 1} = {_polynomial(method.dense[s])}" for s in used]
    return [*polynomials, "for _i in range(_y.size):", f"    _z[_i] = _y[_i] + _h*({terms})"]


def _explicit(method: Method, system: System, writer: Writer) -> Step:
    assert isinstance(method, ExplicitRungeKutta)
    names = [writer.name(s) for s in writer.states]
    loads = [f"{n} = _y[{i}]" for i, n in enumerate(names)] + [f"_k1_{n} = _d[{i}]" for i, n in enumerate(names)]
    stages = []
    for s in range(1, method.stages):
        time = "t" if method.c[s] == 0 else f"t + {weighted([method.c[s]], ['_h'])}"
        arguments = [f"{n} + {_increment(method.a[s], [f'_k{j + 1}_{n}' for j in range(s)])}" for n in names]
        targets = "".join(f"_k{s + 1}_{n}, " for n in names).rstrip() if len(names) == 1 else ", ".join(f"_k{s + 1}_{n}" for n in names)
        stages.append(f"{targets} = _rhs({time}, _ts, {', '.join(arguments)}, _c, _hold)")
    all_stages = [[f"_k{s + 1}_{n}" for s in range(method.stages)] for n in names]
    results = [f"_z[{i}] = {n} + _h*({weighted(method.b, all_stages[i])})" for i, n in enumerate(names)]
    dense: list[str] = []
    if method.embedded is not None:
        difference = [b - e for b, e in zip(method.b, method.embedded, strict=True)]
        for i in range(len(names)):
            results += [f"_k[{s}, {i}] = {all_stages[i][s]}" for s in range(method.stages)]
            results.append(f"_k[{method.stages}, {i}] = _h*({weighted(difference, all_stages[i])})")
        dense = dense_lines(method)
    return Step(loads=tuple(loads), stages=tuple(stages), results=tuple(results), dense=tuple(dense))


def _increment(coefficients: Sequence[Fraction], stages: Sequence[str]) -> str:
    """Return the step times a weighted sum; a single term is written so that its factor is computed once for all states."""
    used = [c for c in coefficients if c != 0]
    if len(used) == 1 and used[0] not in (1, -1):
        return weighted(coefficients, [f"_h*{stage}" for stage in stages])
    return f"_h*({weighted(coefficients, stages)})"


def _polynomial(coefficients: Sequence[Fraction]) -> str:
    """Return c1*theta + c2*theta^2 + ... in Horner's form."""
    text = repr(float(coefficients[-1]))
    for c in reversed(coefficients[:-1]):
        text = f"{float(c)!r} + _theta*({text})"
    return f"_theta*({text})"


def _exponential(method: Method, system: System, writer: Writer) -> Step:
    diagonal = [total_derivative(s.derivative, s.symbol, system.varying) for s in system.states]
    body = writer.body(diagonal)
    loads = list(body.lines)
    results = []
    for i, a in enumerate(diagonal):
        growth = "" if a == 0 else f"*{writer.print(Phi(sympy.Integer(1), sympy.Symbol('_h') * a))}"
        if not (a.is_number or a.free_symbols <= {d.symbol for d in (*system.parameters, *system.constants)}):
            growth += f" + 0.0*({writer.print(a)})"
        results.append(f"_z[{i}] = _y[{i}] + _h*_d[{i}]{growth}")
    return Step(loads=tuple(loads), results=tuple(results))


def _map(method: Method, system: System, writer: Writer) -> Step:
    return Step(results=tuple(f"_z[{i}] = _d[{i}]" for i in range(len(system.states))))


def _exact(method: Method, system: System, writer: Writer) -> Step:
    parts = linear_part(system)
    assert parts is not None
    matrix, rest = parts
    n = len(rest)
    entries = [(i, j, matrix[i][j]) for i in range(n) for j in range(n)] + [(i, n, rest[i]) for i in range(n)]
    entries = [(i, j, e) for i, j, e in entries if e != 0]
    body = writer.body([e for _, _, e in entries], state=None)
    held = held_states(system)
    results = []
    for (i, j, _), text in zip(entries, body.results, strict=True):
        results.append(f"_a[{i}, {j}] = 0.0 if _hold[{i}] > _ts else {text}" if i in held else f"_a[{i}, {j}] = {text}")
    return Step(loads=body.lines, results=tuple(results))


def held_states(system: System) -> set[int]:
    """Return the numbers of the states that an event holds."""
    return {action.target for event in system.events for action in event.actions if action.kind == "hold"}


def _rosenbrock(method: Method, system: System, writer: Writer) -> Step:
    assert isinstance(method, Rosenbrock)
    n = len(system.states)
    matrix = jacobian(system)
    drift = [total_derivative(s.derivative, TIME, system.varying) for s in system.states]
    entries = [(f"_a[{i}, {j}]", i, matrix[i][j]) for i in range(n) for j in range(n)] + [(f"_b[{i}]", i, drift[i]) for i in range(n)]
    entries = [entry for entry in entries if entry[2] != 0]
    body = writer.body([e for _, _, e in entries])
    held = held_states(system)
    results = [
        f"{target} = 0.0 if _hold[{i}] > _ts else {text}" if i in held else f"{target} = {text}"
        for (target, i, _), text in zip(entries, body.results, strict=True)
    ]
    rows = [f"_k[{j}, _i]" for j in range(method.stages)]
    stages = []
    for s in range(method.stages):
        argument = weighted(method.a[s], rows[:s])
        coupling = weighted(method.c[s], rows[:s])
        stages.append(
            Stage(
                "" if argument == "0.0" else f" + {argument}",
                slope_line(n, f"t + {float(method.alpha[s])!r}*_h", "_x", "_f"),
                repr(float(method.d[s])),
                "" if coupling == "0.0" else f" + ({coupling})/_h",
            )
        )
    used = [s for s in range(method.stages) if any(method.dense[s])]
    inside = [sum((c * INSIDE ** (k + 1) for k, c in enumerate(row)), Fraction(0)) for row in method.dense]
    rates = [sum((c * (k + 1) * INSIDE**k for k, c in enumerate(row)), Fraction(0)) for row in method.dense]
    return Step(
        loads=body.lines,
        stages=tuple(stages),
        inside=f" + {weighted(inside, rows)}",
        inside_slope=slope_line(n, f"t + {float(INSIDE)!r}*_h", "_x", "_f"),
        inside_rate=f"({weighted(rates, rows)})/_h",
        results=tuple(results),
        gamma=repr(float(method.gamma)),
        solution=f" + {weighted(method.m, rows)}",
        error=weighted(method.e, rows),
        weights=tuple(f"_b{s + 1} = {_polynomial(method.dense[s])}" for s in used),
        dense_sum=" + " + " + ".join(f"_b{s + 1}*_k[{s}, _i]" for s in used),
    )
