"""Lines of generated functions: what they load, what they compute, in the author's order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sympy import Basic, Expr, Symbol

from neurodsl.codegen.loops import Loops
from neurodsl.codegen.names import identifiers
from neurodsl.codegen.pages import Body
from neurodsl.codegen.printer import Printer, Storage
from neurodsl.lower.elements import OfMatrix, index_symbols
from neurodsl.lower.events import flow_symbol
from neurodsl.model import Steady
from neurodsl.system import STEP, Definition, Draw, Items, Loaded, Quantity, Site, System
from neurodsl.units import describe


class Writer:
    """Writes functions over the constants, the state and the definitions of one system.

    Attributes
    ----------
    names : dict
        The identifier of each name.
    constants : tuple of (str, int)
        The names of what stands in ``_c``, with their sizes: parameters, the step, derived constants, random numbers of a step.
    places : dict
        Where each definition that varies stands in the memory of a rolled system: first those that can be recorded.
    """

    def __init__(self, system: System, lanes: bool = False) -> None:
        self.system = system
        order = [*(p.name for p in system.parameters), *(s.name for s in system.states), *(d.name for d in system.definitions)]
        flows = (*(f"_flow {s.name}" for s in system.states), *(f"d{s.name}/dt" for s in system.states))
        starts = (s.name for s in system.starts)
        self.names = identifiers(
            ["t", "dt", *order, *flows, *starts, *(s.name for s in system.sites), *(s.name for s in system.sizes), *system.tables]
        )
        self.constants = (
            *((p.name, p.size) for p in system.parameters),
            (STEP.name, 1),
            *((d.name, d.size) for d in system.constants),
            *((s.name, s.size) for s in system.sites),
            *((name, 1) for name in system.tables),
        )
        self.states = tuple(s.name for s in system.states)
        hidden = (d for d in system.varying if not d.shown)
        self.places = starts_of([(d.name, d.size) for d in (*system.derived, *hidden)])
        self.objects = 0
        self.print = Printer(self._scalar_names(), system.elements, self._storage("_w"), lanes)
        self.print_observed = Printer(self._scalar_names(), system.elements, self._storage("_derived", 1))
        self.print_setup = Printer(self.names, system.elements, self._setup())

    def _scalar_names(self) -> dict[str, str]:
        """Return the identifiers of what has a name of its own inside a kernel: numbers, and not arrays."""
        system = self.system
        quantities: tuple[Quantity | Site, ...] = (*system.parameters, *system.states, *system.definitions, *system.sites)
        arrays = {q.name for q in quantities if q.shape}
        return {name: text for name, text in self.names.items() if name not in arrays}

    def _storage(self, definitions: str, first: int = 0) -> dict[str, Storage]:
        """Return where the arrays of a kernel lie."""
        system = self.system
        constants: tuple[Quantity | Site, ...] = (*system.parameters, *system.constants, *system.sites)
        shapes = {q.name: q.shape for q in constants}
        found = {name: Storage("_c", shapes[name], start) for name, start in starts_of(self.constants).items() if shapes.get(name)}
        places = starts_of([(s.name, s.size) for s in system.states])
        found |= {s.name: Storage("_y", s.shape, places[s.name]) for s in system.states if s.shape}
        return found | {d.name: Storage(definitions, d.shape, self.places[d.name] + first) for d in system.varying if d.shape}

    def _setup(self) -> dict[str, Storage]:
        """Return where the arrays of a run's preparation lie: under names of their own."""
        system = self.system
        arrays = [q for q in (*system.parameters, *system.constants, *system.starts, *system.states) if q.shape]
        return {q.name: Storage(self.names[q.name], q.shape, whole=True) for q in arrays}

    def indices_in(self, expression: Basic) -> list[Symbol]:
        """Return the index symbols that an expression depends on, by name."""
        return sorted(index_symbols(expression, self.system.elements, self.system.sizes), key=str)

    def name(self, name: str) -> str:
        """Return the identifier of a name."""
        return self.names[name]

    def loops(self, printer: Printer) -> Loops:
        """Return a writer of statements over arrays."""
        return Loops(printer, self.system.elements, self.system.sizes)

    def assign(self, definition: Definition) -> str:
        """Return the line that computes a definition, with the line of the model it comes from."""
        return f"{self.names[definition.name]} = {self.print(definition.expression)}{comment_of(definition)}"

    def draw(self, made: Draw, size: int | None = None) -> str:
        """Return the call that draws a value, or ``size`` of them; each call is an object of its own to the generator."""
        if made.inner is not None:
            chosen = self.draw(Draw("bernoulli", made.arguments[:1]), size)
            return f"{chosen}*{self.draw(Draw(made.inner, made.arguments[1:]), size)}"
        self.objects += 1
        arguments = ", ".join(self.print_setup(a) for a in made.arguments)
        return f"_draw({made.name!a}, {self.objects}, _seed, _element, [{arguments}]{'' if size is None else f', {size}'})"

    def loads(self, used: set[Symbol], state: str | None = "_y", constants: str | None = "_c") -> list[str]:
        """Return the lines that give constants and states, those that are numbers, their names where they are used."""
        names = {s.name for s in used} & self.print.names.keys()
        lines = []
        if constants:
            starts = starts_of(self.constants)
            lines += [f"{self.names[n]} = {constants}[{starts[n]}]" for n, _ in self.constants if n in names]
        if state:
            starts = starts_of([(s.name, s.size) for s in self.system.states])
            lines += [f"{self.names[n]} = {state}[{starts[n]}]" for n in self.states if n in names]
        return lines

    def used(self, expressions: Iterable[Basic]) -> set[Symbol]:
        """Return all symbols that the expressions use, through varying definitions."""
        expressions = list(expressions)
        return self.system.bases(*expressions, *(d.expression for d in self.system.needed(*expressions)))

    def body(self, expressions: Sequence[Basic], state: str | None = "_y") -> Body:
        """Return a function body that loads what the expressions need, computes the definitions and ends in the expressions."""
        lines = self.loads(self.used(expressions), state)
        lines += [self.assign(definition) for definition in self.system.needed(*expressions)]
        return Body(tuple(lines), tuple(self.print(e) for e in expressions))

    def kept(self, constant: Definition, array: str, start: int) -> list[str]:
        """Return the lines that copy a constant to its place among what can be recorded."""
        place = starts_of(self.constants)[constant.name]
        if not constant.shape:
            return [f"{array}[{start}] = _c[{place}]"]
        return [f"for _i in range({constant.size}):", f"    {array}[{start} + _i] = _c[{place} + _i]"]

    def value_lines(self, quantity: Quantity, value: Expr | Draw | Items | Loaded, given: str) -> list[str]:
        """Return the lines that give a parameter or an initial state its value, ``given`` first; an array is one as a whole."""
        name = self.names[quantity.name]
        if not quantity.shape:
            text = self.draw(value) if isinstance(value, Draw) else None
            if text is not None:
                return [f"{name} = {given}[{quantity.name!a}] if {quantity.name!a} in {given} else {text}"]
            assert isinstance(value, Expr)
            *before, last = self.loops(self.print_setup).statement(name, value)
            value_text = last.removeprefix(f"{name} = ")
            return [*before, f"{name} = {given}[{quantity.name!a}] if {quantity.name!a} in {given} else {value_text}"]
        default, lines = "math.nan", []
        if isinstance(value, Draw):
            default = self.draw(value, quantity.size)
        elif isinstance(value, Items):
            default = f"[{', '.join(self.print_setup(v) for v in value.values)}]"
        elif isinstance(value, Expr) and not value.free_symbols:
            default = self.print_setup(value)
        elif isinstance(value, Expr):
            lines = self.array_lines(quantity, value)
            default = name
        return [*lines, f"{name} = _array({given}, {quantity.name!a}, {quantity.shape}, {default})"]

    def array_lines(self, quantity: Quantity, value: Basic) -> list[str]:
        """Return the lines that fill an array with the values of an expression of its indices."""
        name = self.names[quantity.name]
        if isinstance(value, OfMatrix):
            return [f"{name} = {self.of_matrix(value)}"]
        target = f"{name}[{', '.join(self.names[k.name] for k in quantity.indices)}]"
        return [f"{name} = np.zeros({quantity.shape})", *self.loops(self.print_setup).statement(target, value, quantity.indices)]

    def constant_lines(self, definition: Definition) -> list[str]:
        """Return the lines that compute a constant that the author derived."""
        if definition.shape:
            *before, last = self.array_lines(definition, definition.expression)
            return [*before, last + comment_of(definition)]
        if isinstance(definition.expression, OfMatrix):
            return [f"{self.names[definition.name]} = {self.of_matrix(definition.expression)}{comment_of(definition)}"]
        return self.loops(self.print_setup).statement(self.names[definition.name], definition.expression, comment=comment_of(definition))

    def preparation(self) -> tuple[list[str], list[str]]:
        """Return the lines that compute the parameters, with the constants that their defaults use, and those that compute the other constants."""
        rest = list(self.system.constants)
        lines = []
        for p in self.system.parameters:
            for constant in self.system.needed(*expressions_of(p.default), among=rest):
                lines += self.constant_lines(constant)
                rest.remove(constant)
            *before, last = self.value_lines(p, p.default, "_given")
            place = f", line {p.span.line}" if p.span is not None else ""
            lines += [*before, f"{last}  # [{plain(describe(p.unit))}]{place}"]
        return lines, [line for constant in rest for line in self.constant_lines(constant)]

    def of_matrix(self, value: OfMatrix) -> str:
        """Return the call of numpy's linear algebra for a constant matrix."""
        matrix = self.names[value.args[1].name]
        return {
            "_spectral_radius": f"np.max(np.abs(np.linalg.eigvals({matrix})))",
            "_largest_singular_value": f"np.linalg.norm({matrix}, 2)",
            "_inverse": f"np.linalg.inv({matrix})",
        }[value.args[0].name]

    def packed(self, names: Sequence[str]) -> str:
        """Return the expression of one row of numbers for values that may be arrays."""
        system = self.system
        arrays = {q.name for q in (*system.parameters, *system.definitions, *system.states, *system.starts) if q.shape}
        sites = {s.name: s.size for s in system.sites}
        if not arrays & set(names) and not set(names) & set(system.tables) and all(size == 1 for size in sites.values()):
            return f"np.array([{', '.join('0.0' if n in sites else self.names[n] for n in names)}], dtype=np.float64)"
        parts = ", ".join(f"np.zeros({sites[n]})" if n in sites else self.names[n] for n in names)
        tables = "".join(f", {self.samples(name)}" for name in system.tables if name in names)
        return f"np.concatenate([np.ravel(_part) for _part in ({parts}{tables},)]) + 0.0"

    def samples(self, name: str) -> str:
        """Return the text of the samples that a run gives."""
        return f"_given.get({name!a}, np.zeros(0))"

    def table_lines(self) -> list[str]:
        """Return the lines that say where samples begin in ``_c``, behind everything else."""
        places = [str(sum(size for _, size in self.constants))]
        lines = []
        for name in self.system.tables:
            lines.append(f"{self.names[name]} = {' + '.join(places)}")
            places.append(f"np.size({self.samples(name)})")
        return lines

    def rates_loads(self, expressions: Sequence[Basic]) -> list[str]:
        """Return the lines that give the derivatives of the states their names, where the expressions use them."""
        used = {s.name for e in expressions for s in e.free_symbols}
        lines = []
        for i, state in enumerate(self.system.states):
            label = flow_symbol(state).name
            if label in used and label not in self.states:
                lines.append(f"{self.names[label]} = _d[{i}]")
        return lines


def observation(system: System, writer: Writer) -> tuple[str, ...]:
    """Return the lines that write the derived quantities behind the flag of ``_derived``."""
    varying = [d for d in system.derived if not d.constant]
    body = writer.body([d.symbol for d in varying])
    results = dict(zip((d.name for d in varying), body.results, strict=True))
    lines = list(body.lines)
    for name, start in starts_of([(d.name, d.size) for d in system.derived]).items():
        if name in results:
            lines.append(f"_derived[{start + 1}] = {results[name]}")
        else:
            lines += writer.kept(next(d for d in system.constants if d.name == name), "_derived", start + 1)
    return tuple(lines)


def expressions_of(value: Expr | Draw | Items | Loaded | Steady) -> tuple[Basic, ...]:
    """Return the expressions in a value with which a run begins."""
    match value:
        case Draw(arguments=values) | Items(values=values):
            return values
        case Expr():
            return (value,)
    return ()


def starts_of(sizes: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return where each name begins when all stand in a row."""
    found: dict[str, int] = {}
    total = 0
    for name, size in sizes:
        found[name] = total
        total += size
    return found


def comment_of(definition: Definition) -> str:
    """Return a comment that points to the line of a definition."""
    return comment(definition.span.line if definition.span else None)


def comment(line: int | None) -> str:
    """Return a comment that points to a line of the model."""
    return f"  # line {line}" if line is not None else ""


def plain(text: str) -> str:
    """Return a text that can stand in a docstring or a comment: printable ASCII without quotes and backslashes."""
    return "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "'" if c == '"' else "?" for c in text)
