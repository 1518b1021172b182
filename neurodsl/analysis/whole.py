"""The Jacobian of a network of many neurons at a state in which those of a kind are alike: sparse, from one neuron and one synapse of each kind.

The states x of all neurons follow dx/dt = F(x, u), where u are their inputs, u = A(x, u) + the sum over synapses of c(z), and z = Z(x, u) is what
synapses read of the neurons. F, A and Z are those of one neuron of each kind, c is that of one synapse for each pair of kinds and set of values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sympy import Expr, Float, Integer, Symbol

from neurodsl.analysis.lumping import Ints, Synapses, coded, numbered, stacked
from neurodsl.codegen.functions import functions_of
from neurodsl.lower.chain import total_derivative
from neurodsl.lower.members import Flat
from neurodsl.network import POST, PRE, I, J, Network, Population, Projection
from neurodsl.system import Parameter, State, System
from neurodsl.units import ONE

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Cell:
    """What one neuron of a population has, by the names of its model: states, inputs that synapses add to, quantities that synapses read."""

    population: Population
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    read: tuple[str, ...]
    symbols: Mapping[str, Symbol]

    @property
    def rows(self) -> int:
        """Return the number of derivatives, inputs and quantities."""
        return len(self.states) + len(self.inputs) + len(self.read)

    @property
    def columns(self) -> int:
        """Return what these depend on: states and inputs."""
        return len(self.states) + len(self.inputs)


@dataclass(frozen=True, eq=False)
class Whole:
    """All neurons of a network that is analysed by its kinds.

    Attributes
    ----------
    network : Network
        With all its neurons.
    flat : Flat
        The system of the kinds.
    kinds : mapping of str to array of int
        Of each population, the kind of each neuron.
    synapses : mapping of str to Synapses
        Of each projection.
    formulas : mapping of str to set of str
        Of each projection, the values of its synapses that follow from parameters of the network.
    folder : Path
        A trusted folder, for generated functions.
    """

    network: Network
    flat: Flat
    kinds: Mapping[str, Ints]
    synapses: Mapping[str, Synapses]
    formulas: Mapping[str, frozenset[str]]
    folder: Path

    @cached_property
    def cells(self) -> dict[str, _Cell]:
        """Return what the neurons of each population have."""
        return {p.name: self._cell(p) for p in self.network.populations}

    def _cell(self, p: Population) -> _Cell:
        assert p.system is not None
        into = [c for c in self.network.projections if c.target.population == p.name]
        out = [c for c in self.network.projections if c.source.population == p.name]
        inputs = {name.removeprefix(POST): None for c in into for name, _ in c.synapse.contributions}
        read = {s.name.removeprefix(PRE): None for c in out for s in c.synapse.states if s.name.startswith(PRE)}
        read |= {s.name.removeprefix(POST): None for c in into for s in c.synapse.states if s.name.startswith(POST)}
        symbols = {q.name: q.symbol for q in (*p.system.parameters, *p.system.definitions, *p.system.states)}
        return _Cell(p, tuple(s.name for s in p.system.states), tuple(inputs), tuple(read), symbols)

    @cached_property
    def states(self) -> list[tuple[str, str, Ints]]:
        """Return where each state of each population stands among all: neuron after neuron."""
        found, start = [], 0
        for p in self.network.populations:
            names = self.cells[p.name].states
            for k, name in enumerate(names):
                found.append((p.name, name, start + k + len(names) * np.arange(p.size)))
            start += len(names) * p.size
        return found

    @property
    def size(self) -> int:
        """Return the number of states."""
        return sum(p.size * len(self.cells[p.name].states) for p in self.network.populations)

    def named(self, moving: Sequence[Symbol]) -> list[tuple[Symbol, Ints]]:
        """Return each state of the kinds, of those with the given symbols, with the places of those of all neurons that it stands for."""
        found = []
        for population, name, places in self.states:
            kinds, symbol = self.kinds[population], self.cells[population].symbols[name]
            for kind, (table, _) in enumerate(self.flat.neurons[population]):
                if table[symbol] in moving:
                    found.append((table[symbol], places[kinds == kind]))
        return found

    @cached_property
    def cell_functions(self) -> ModuleType:
        """Return the generated functions of the neurons: the derivatives of all rows of each kind, and what synapses read."""
        entries, values = [], []
        derivatives = {s.symbol: s.derivative for s in self.flat.system.states}
        for p in self.network.populations:
            cell = self.cells[p.name]
            for table, alone in self.flat.neurons[p.name]:
                totals = [table[cell.symbols[n]] for n in cell.inputs]
                own = {*table.values()} - set(totals)
                definitions = [d for d in self.flat.system.varying if d.symbol in own]
                columns = [table[cell.symbols[n]] for n in (*cell.states, *cell.inputs)]
                rows = [derivatives[table[cell.symbols[n]]] for n in cell.states]
                rows += [*(alone[cell.symbols[n]] for n in cell.inputs), *(table[cell.symbols[n]] for n in cell.read)]
                entries += [total_derivative(row, column, definitions) for row in rows for column in columns]
                values += [table[cell.symbols[n]] for n in cell.read]
        return functions_of(self.flat.system, {"entries": entries, "values": values}, self.folder)

    @cached_property
    def synapse_functions(self) -> dict[str, ModuleType]:
        """Return the generated derivatives of what a synapse of each projection adds by what it reads."""
        return {c.name: functions_of(self._synapse(c), {"slopes": _slopes(c)}, self.folder) for c in self.network.projections}

    def _synapse(self, c: Projection) -> System:
        parameters = tuple(replace(p, default=Integer(0)) for p in c.synapse.parameters)
        states = tuple(replace(s, initial=Integer(0)) for s in c.synapse.states)
        return replace(c.synapse, parameters=parameters, states=states, contributions=(), events=(), surfaces=(), edges=())

    def matrix(self, values: Mapping[Symbol, Expr], time: float, y: Floats) -> Any:
        """Return the Jacobian of all neurons as a sparse matrix.

        Parameters
        ----------
        values : mapping of Symbol to Expr
            Of the parameters of the system of the kinds.
        time : float
        y : array of shape (n,)
            The states of the kinds.
        """
        module = self.cell_functions
        given = {p.name: float(values[p.symbol]) for p in self.flat.system.parameters if p.symbol in values}
        constants = np.asarray(module.constants(given), dtype=np.float64)
        with np.errstate(all="ignore"):
            entries = iter(np.array(module.entries(time, time, y, constants), dtype=np.float64))
            read = iter(np.array(module.values(time, time, y, constants), dtype=np.float64))
        blocks, known = {}, {}
        for p in self.network.populations:
            cell = self.cells[p.name]
            kinds = len(self.flat.neurons[p.name])
            blocks[p.name] = np.fromiter(entries, np.float64, kinds * cell.rows * cell.columns).reshape(kinds, cell.rows, cell.columns)
            known[p.name] = np.fromiter(read, np.float64, kinds * len(cell.read)).reshape(kinds, len(cell.read))
        return _composed(self._parts(blocks), self._added(values, time, known))

    def _parts(self, blocks: Mapping[str, Floats]) -> list[Any]:
        """Return the derivatives of F, A and Z by x and by u."""
        found: list[list[list[Any]]] = [[[] for _ in range(2)] for _ in range(3)]
        for p in self.network.populations:
            cell, each = self.cells[p.name], blocks[p.name][self.kinds[p.name]]
            rows = np.cumsum([0, len(cell.states), len(cell.inputs), len(cell.read)])
            columns = np.cumsum([0, len(cell.states), len(cell.inputs)])
            for a in range(3):
                for b in range(2):
                    found[a][b].append(_diagonal(each[:, rows[a] : rows[a + 1], columns[b] : columns[b + 1]]))
        return [[sparse.block_diag(pieces, format="csr") for pieces in line] for line in found]

    def _added(self, values: Mapping[Symbol, Expr], time: float, known: Mapping[str, Floats]) -> Any:
        """Return the derivatives of what synapses add to inputs by what they read."""
        inputs = self._starts(lambda cell: len(cell.inputs))
        reads = self._starts(lambda cell: len(cell.read))
        shape = (
            sum(len(c.inputs) * c.population.size for c in self.cells.values()),
            sum(len(c.read) * c.population.size for c in self.cells.values()),
        )
        whole = sparse.csr_matrix(shape)
        for c in self.network.projections:
            joined = self.synapses[c.name]
            if not len(joined.sources) or not c.synapse.contributions:
                continue
            slopes = self._slopes_of(c, values, time, known)
            target, source = self.cells[c.target.population], self.cells[c.source.population]
            number = 0
            for name, _ in c.synapse.contributions:
                rows = inputs[c.target.population] + joined.targets * len(target.inputs) + target.inputs.index(name.removeprefix(POST))
                for state in c.synapse.states:
                    cell, at, side = (source, joined.sources, PRE) if state.name.startswith(PRE) else (target, joined.targets, POST)
                    columns = reads[cell.population.name] + at * len(cell.read) + cell.read.index(state.name.removeprefix(side))
                    whole = whole + sparse.coo_matrix((slopes[:, number], (rows, columns)), shape=shape).tocsr()
                    number += 1
        return whole

    def _starts(self, count: Any) -> dict[str, int]:
        """Return where the inputs, or what is read, of each population begins among all."""
        sizes = [count(self.cells[p.name]) * p.size for p in self.network.populations]
        return dict(zip(self.cells, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True))

    def _slopes_of(self, c: Projection, values: Mapping[Symbol, Expr], time: float, known: Mapping[str, Floats]) -> Floats:
        """Return the derivatives of what each synapse adds: one evaluation for all that are alike."""
        module, (first, inverse) = self.synapse_functions[c.name], self._alike[c.name]
        source, target = self._ends(c)
        own = self._values(c, values, first)
        names = {p.name: self.flat.synapses[c.name][p.symbol] for p in c.synapse.parameters if p.name not in own}
        shared = {name: float(value.xreplace(dict(values))) for name, value in names.items()}
        found = []
        for number, k in enumerate(first):
            given = shared | {name: float(column[number]) for name, column in own.items()}
            y = np.array([self._read(c, s.name, int(source[k]), int(target[k]), known) for s in c.synapse.states])
            with np.errstate(all="ignore"):
                found.append(module.slopes(time, time, y, np.asarray(module.constants(given), dtype=np.float64)))
        return np.array(found, dtype=np.float64).reshape(len(first), -1)[inverse]

    def _ends(self, c: Projection) -> tuple[Ints, Ints]:
        """Return the kinds of the neurons that each synapse joins."""
        return self.kinds[c.source.population][self.synapses[c.name].sources], self.kinds[c.target.population][self.synapses[c.name].targets]

    @cached_property
    def _alike(self) -> dict[str, tuple[Ints, Ints]]:
        """Return of each projection the first synapse of each kind, and the kind of each: alike also at other values of the parameters."""
        found = {}
        other = {p.symbol: Float(1.1 + 0.37 * k) for k, p in enumerate(self.flat.system.parameters)}
        for c in self.network.projections:
            columns = [*self._ends(c)]
            every = np.arange(len(columns[0]))
            for values in ({}, other) if self.formulas[c.name] else ({},):
                own = self._values(c, values, every) if values else self.synapses[c.name].values
                columns.append(numbered(stacked([np.nan_to_num(own[n]) for n in sorted(own)], len(every))))
            _, first, inverse = np.unique(coded(columns), return_index=True, return_inverse=True)
            found[c.name] = first, inverse.reshape(-1)
        return found

    def _values(self, c: Projection, values: Mapping[Symbol, Expr], chosen: Ints) -> dict[str, Floats]:
        """Return the parameters of some synapses that each has for itself, at values of the parameters of the network."""
        joined, names = self.synapses[c.name], sorted(self.formulas[c.name])
        found = {name: column[chosen] for name, column in joined.values.items() if name not in names}
        if not names:
            return found
        module = self.formula_functions[c.name]
        constants = np.asarray(module.constants({p.name: float(values[p.symbol]) for p in self._known}), dtype=np.float64)
        places = np.column_stack([joined.sources[chosen] - c.source.start, joined.targets[chosen] - c.target.start]).astype(np.float64)
        with np.errstate(all="ignore"):
            rows = np.array([module.values(0.0, 0.0, place, constants) for place in places], dtype=np.float64).reshape(len(places), len(names))
        return found | dict(zip(names, rows.T, strict=True))

    @property
    def _known(self) -> list[Parameter]:
        """Return the parameters of the network itself that are numbers."""
        return [p for p in self.network.parameters if not p.shape]

    @cached_property
    def formula_functions(self) -> dict[str, ModuleType]:
        """Return the generated functions of the indices that formulas of the parameters of the network are."""
        indices = tuple(State(s.name, s, ONE, None, None, initial=Integer(0), derivative=Integer(0)) for s in (I, J))
        known = tuple(replace(p, default=Integer(0)) for p in self._known)
        system = replace(self.flat.system, parameters=known, definitions=self.network.constants, states=indices, elements={}, edges=(), noises=())
        written = {c.name: [c.values[name] for name in sorted(self.formulas[c.name])] for c in self.network.projections}
        return {name: functions_of(system, {"values": formulas}, self.folder) for name, formulas in written.items() if formulas}

    def _read(self, c: Projection, name: str, source: int, target: int, known: Mapping[str, Floats]) -> float:
        """Return the value of what a synapse between two kinds reads."""
        population, kind, side = (c.source.population, source, PRE) if name.startswith(PRE) else (c.target.population, target, POST)
        return float(known[population][kind, self.cells[population].read.index(name.removeprefix(side))])


def _slopes(c: Projection) -> list[Expr]:
    """Return the derivatives of each contribution by each quantity that is read."""
    return [total_derivative(e, s.symbol, c.synapse.varying) for _, e in c.synapse.contributions for s in c.synapse.states]


def _diagonal(blocks: Floats) -> Any:
    """Return blocks of shape (neurons, rows, columns) as a matrix with these on its diagonal."""
    count, rows, columns = blocks.shape
    n, i, j = np.indices(blocks.shape)
    return sparse.coo_matrix((blocks.ravel(), ((n * rows + i).ravel(), (n * columns + j).ravel())), shape=(count * rows, count * columns)).tocsr()


def _composed(parts: Sequence[Sequence[Any]], C: Any) -> Any:
    """Return dF/dx with the inputs put in: F_x + F_u (1 - A_u - C Z_u)^-1 (A_x + C Z_x)."""
    (F_x, F_u), (A_x, A_u), (Z_x, Z_u) = parts
    through, inner = (A_x + C @ Z_x).tocsr(), (A_u + C @ Z_u).tocsr()
    inner.eliminate_zeros()
    if inner.nnz:
        # Inputs that follow other inputs at once do so without circles, so that the series ends.
        term = through
        while term.nnz:
            term = inner @ term
            term.eliminate_zeros()
            through = through + term
    return (F_x + F_u @ through).tocsr()
