"""Connections: which neurons are joined, by what, and with which values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

from neurodsl import rules
from neurodsl.diagnostics import Report, nearest
from neurodsl.lang.agreement import phrase
from neurodsl.lang.clauses import PHRASES
from neurodsl.lang.draws import outside
from neurodsl.lang.names import short
from neurodsl.lang.networks.populations import Named, file_of, target_of
from neurodsl.lang.networks.synapses import Ends, Synapse, bind
from neurodsl.lang.networks.values import Given, Surroundings, check_entry
from neurodsl.lang.nodes import Array, Expression, Index, Load, Name
from neurodsl.lang.tree import Clause, ConnectTree, Draw, Entry, PartTree, PathTree, parts
from neurodsl.model import Distribution, Model, Part, Population, Projection, Rule
from neurodsl.resources import shipped_synapses
from neurodsl.units import ONE, Unit

KINDS = ("all to all", "one to one", "probability", "indegree", "outdegree", "pairs", "matrix", "small world", "scale free")
"""The clauses of which one says which neurons are joined."""
WITH_REPLACEMENT = ("indegree", "outdegree")
CHOSEN = ("all to all", "one to one", "probability", *WITH_REPLACEMENT)
"""The rules that choose among the pairs for which ``where`` holds."""
IN_ORDER = ("all to all", "one to one", "pairs")
"""The rules whose synapses stand in an order that is known, so that numbers of a file can belong to them."""
PAIR = ("i", "j")
Bindings = dict[tuple[str, str, str, str | None], Model | None]
"""The synapses that have been read for certain models, by its name and those of the models."""


@dataclass
class Connections:
    """Makes projections of the connections of a network."""

    around: Surroundings
    known: Named
    unclear: Collection[str]
    populations: Mapping[str, Population]
    time: Unit
    bound: Bindings = field(default_factory=dict)

    def read(self, tree: ConnectTree) -> list[Projection]:
        """Return the projections of a connection, one for each pair of a source and a target; none where an error was reported."""
        report = self.around.report
        before = len(report.found)
        sources, targets = [self._joined(p) for p in tree.sources], [self._joined(p) for p in tree.targets]
        synapse = self._synapse(tree.synapse)
        clauses = self._clauses(tree, synapse)
        rule = self._rule(tree, clauses, synapse)
        delay = self._delay(tree, clauses, synapse)
        third = self._third(clauses)
        values = self._values(tree, synapse, clauses, rule)
        if synapse is not None and "third" in clauses and not any(name.startswith("third.") for name in synapse.model.states):
            help = "leave it out, or use `third.x` in the synapse"
            report.add(rules.SYNTAX, f"the synapse `{synapse.name}` uses no `third.` quantity", clauses["third"].span, help)
        if synapse is None or len(report.found) > before:
            return []
        found = []
        for source, target in product(sources, targets):
            model = None if source is None or target is None else self._bound(synapse, source, target, third, tree)
            if model is not None and source is not None and target is not None and rule is not None:
                name = f"{source.population} -> {target.population}"
                found.append(Projection(name, source, target, synapse.name, model, rule, delay, values, tree.span, third))
        return found if len(report.found) == before else []

    def _joined(self, tree: PartTree) -> Part | None:
        """Return a part that synapses join, which has no step."""
        if tree.step is not None:
            help = "name neurons in a row, `E[0:100]`, or choose pairs: `where mod(i, 10) == 0`"
            self.around.report.add(rules.NOT_SUPPORTED, "a part with a step cannot be connected yet", tree.span, help)
        return self.part(tree)

    def part(self, tree: PartTree) -> Part | None:
        """Return the part of a population that a text names; None where it is not known."""
        report, name = self.around.report, tree.name.id
        if name not in self.around.declarations.populations:
            if name not in self.unclear and name not in self.around.declarations.unclear:
                near = nearest(name, self.around.declarations.populations)
                listed = ", ".join(f"`{other}`" for other in self.around.declarations.populations) or "none"
                report.add(
                    rules.UNKNOWN_NAME, f"unknown population `{name}`", tree.name.span, f"did you mean `{near}`?" if near else f"there are: {listed}"
                )
            return None
        if isinstance(tree.single, Array):
            report.add(
                rules.BAD_INDEX, f"the neurons of `{name}` are numbered in a row: one index", tree.span, f"write `{name}[0:100]` or `{name}[5]`"
            )
            return None
        bounds = (tree.single if tree.single is not None else tree.start, tree.stop, tree.step)
        start, stop, step = (None if b is None else self.around.number(b, f"the number of a neuron of `{name}`") for b in bounds)
        known = name in self.populations and all((a is None) == (b is None) for a, b in zip(bounds, (start, stop, step), strict=True))
        return Part(name, start, stop, tree.span, tree.single is not None, step) if known else None

    def _synapse(self, name: Name) -> Synapse | None:
        found = self.known.get(name.id)
        if isinstance(found, Synapse):
            return found
        if found is not None:
            kind = "model of a neuron" if isinstance(found, Model) else "network"
            self.around.report.add(rules.WRONG_KIND, f"`{name.id}` is a {kind} and no synapse", name.span, "a synapse is a block `synapse NAME:`")
        elif name.id not in self.unclear:
            synapses = [other for other, made in self.known.items() if isinstance(made, Synapse)]
            near = nearest(name.id, synapses)
            listed = ", ".join(f"`{other}`" for other in synapses) or "none"
            help = f"did you mean `{near}`?" if near else f"synapses here: {listed}; `synapse {name.id}:` makes one"
            if len(shipped_synapses().get(name.id, ())) == 1:
                help = f"`import {name.id}` at the top of the file takes the shipped one; `synapse {name.id}:` makes one"
            self.around.report.add(rules.UNKNOWN_NAME, f"unknown synapse `{name.id}`", name.span, help)
        return None

    def _clauses(self, tree: ConnectTree, synapse: Synapse | None) -> dict[str, Clause]:
        """Return the clauses of a connection by their words; what is unknown, stands twice or has too many operands is reported."""
        report, found = self.around.report, dict[str, Clause]()
        for clause in tree.clauses:
            if isinstance(clause, Entry):
                continue
            phrase = PHRASES.get(clause.word)
            if phrase is None:
                own = () if synapse is None else synapse.model.parameters
                near = nearest(clause.word, (*PHRASES, *own))
                listed = ", ".join(f"`{words}`" for words in PHRASES)
                help = f"did you mean `{near}`?" if near else f"a quantity gets its value with `{clause.word} = ...`; the clauses are {listed}"
                report.add(rules.SYNTAX, f"unknown clause `{clause.word}`", clause.word_span, help)
                continue
            first = found.setdefault(clause.word, clause)
            if first is not clause:
                report.add(
                    rules.DUPLICATE, f"`{clause.word}` stands twice", clause.word_span, "remove one of them", ((first.word_span, "the first"),)
                )
            if len(clause.operands) != phrase.operands:
                count = f"{phrase.operands} value{'s' if phrase.operands != 1 else ''}"
                report.add(rules.ARGUMENTS, f"`{clause.word}` takes {count}, not {len(clause.operands)}", clause.span, phrase.doc)
                found.pop(clause.word, None)
            if clause.target is not None and clause.word != "matrix":
                report.add(rules.SYNTAX, f"`{clause.word}` has no `as`", clause.target.span, 'that of a matrix is `matrix "g.npy" as g`')
        return found

    def _rule(self, tree: ConnectTree, clauses: Mapping[str, Clause], synapse: Synapse | None) -> Rule | None:
        report = self.around.report
        kinds = [clause for word, clause in clauses.items() if word in KINDS]
        for clause in kinds[1:]:
            also = ((kinds[0].word_span, "the first"),)
            report.add(
                rules.SYNTAX, f"`{kinds[0].word}` and `{clause.word}` exclude each other", clause.word_span, "one rule for each connection", also
            )
        where = clauses.get("where")
        condition = None
        if where is not None and isinstance(where.operands[0], Expression):
            condition = self.around.condition(where.operands[0], PAIR)
        elif where is not None:
            report.add(rules.SYNTAX, "`where` takes a condition", where.span, PHRASES["where"].doc)
        kind = kinds[0].word if kinds else "all to all"
        single, own = "no multiple" in clauses, "no self" in clauses
        if where is not None and kind not in CHOSEN:
            report.add(rules.SYNTAX, f"`where` does not go with `{kind}`", where.word_span, "it goes with `all to all`, `probability` and degrees")
        if single and kind not in (*WITH_REPLACEMENT, "pairs"):
            place = clauses["no multiple"].word_span
            report.add(rules.SYNTAX, f"`{kind}` joins no two neurons twice", place, "`no multiple` goes with `indegree`, `outdegree` and `pairs`")
        if own and kind in ("pairs", "small world", "scale free"):
            report.add(rules.SYNTAX, f"`no self` does not go with `{kind}`", clauses["no self"].word_span, "leave it out")
        multiple = kind in (*WITH_REPLACEMENT, "pairs") and not single
        if not kinds:
            return Rule(kind, (), None, condition, own, multiple, None, tree.span)
        return self._kind(kinds[0], condition, own, multiple, synapse)

    def _kind(self, clause: Clause, condition: Expression | None, own: bool, multiple: bool, synapse: Synapse | None) -> Rule | None:
        """Return the rule that a clause says, with its arguments."""
        report, kind = self.around.report, clause.word
        arguments: list[Expression] = []
        path = next((operand for operand in clause.operands if isinstance(operand, PathTree)), None)
        if kind == "pairs" and path is None:
            report.add(rules.SYNTAX, "`pairs` takes the name of a file in quotes", clause.span, PHRASES[kind].doc)
        if path is not None and kind not in ("pairs", "matrix"):
            report.add(rules.SYNTAX, f"`{kind}` takes a number and no file", path.span, PHRASES[kind].doc)
        for number, operand in enumerate(clause.operands):
            if isinstance(operand, PartTree):
                report.add(rules.SYNTAX, f"`{kind}` takes a number, not `{operand.span.text}`", operand.span, PHRASES[kind].doc)
            elif not isinstance(operand, PathTree):
                made = self._argument(kind, number, operand, clause, synapse)
                arguments += [] if made is None else [made]
        target = clause.target.id if clause.target is not None else "w" if kind == "matrix" else None
        if target is not None and synapse is not None and target not in _settable(synapse.model):
            place = clause.target.span if clause.target is not None else clause.span
            near = nearest(target, _settable(synapse.model))
            help = f"did you mean `as {near}`?" if near else 'name one of the quantities of the synapse: `matrix "g.npy" as g`'
            report.add(rules.UNKNOWN_NAME, f"the synapse `{synapse.name}` has no `{target}` that could be the elements of a matrix", place, help)
        file = None if path is None else file_of(path)
        if path is not None and path.unit is not None:
            self._check_bracket(path, target, clause, synapse)
        return Rule(kind, tuple(arguments), file, condition, own, multiple, target, clause.span)

    def _check_bracket(self, path: PathTree, target: str | None, clause: Clause, synapse: Synapse | None) -> None:
        """Report a bracket behind the name of a file in which its numbers cannot be given."""
        report, bracket = self.around.report, path.unit
        made = None if synapse is None or target is None else synapse.model.quantity(target)
        if bracket is not None and clause.word == "pairs":
            report.add(rules.UNIT_PLACE, "a file of pairs has no unit", bracket.span, "write that of a column into its title: `w [nS]`")
        elif bracket is not None and bracket.unit is not None and made is not None and not made.unit.same_dimension(bracket.unit):
            help = f'write the unit of the numbers in the file, or, where they are in that of `{target}`, `{clause.word} "{path.path}"`'
            report.add(rules.DIMENSIONS, f"`{target}` is {phrase(made.unit)}, and the bracket says `{bracket.span.text}`", bracket.span, help)

    def _argument(self, kind: str, number: int, operand: Expression, clause: Clause, synapse: Synapse | None) -> Expression | None:
        """Return an argument of a rule once it is checked."""
        small = ("the number of neighbours", "the probability of a new link", "a value")[min(number, 2)]
        what = {"small world": small, "probability": "the probability"}.get(kind, f"the {kind}")
        if kind == "matrix":
            return self._matrix(operand, clause, synapse)
        if kind == "probability" or (kind == "small world" and number == 1):
            if words := outside(operand, "probability"):
                self.around.report.add(rules.BAD_VALUE, f"{what} {words}, not `{short(operand)}`", operand.span)
                return None
            found = self.around.value(operand, ONE, what, PAIR if kind == "probability" else ())
            return found if isinstance(found, Expression) else None
        return self.around.number(operand, what)

    def _matrix(self, operand: Expression, clause: Clause, synapse: Synapse | None) -> Expression | None:
        """Return an array of the network as the elements of a matrix."""
        target = clause.target.id if clause.target is not None else "w"
        unit = ONE if synapse is None else self._unit_in(synapse.model, target)
        found = self.around.value(operand, unit or ONE, f"the matrix `{short(operand)}`")
        entry = self.around.declarations.parameters.get(operand.id) if isinstance(operand, Name) else None
        written = operand if entry is None else entry.value
        if found is not None and not any(isinstance(node, Array | Load) for node in _walk(written)):
            help = 'write it out, `param W = ((0, 1), (1, 0))`, or read it: `param W = load("w.npy")`'
            self.around.report.add(rules.NOT_SUPPORTED, f"`{short(operand)}` is no array whose elements are written out", operand.span, help)
        own = self.around.algebra.unit_of(operand)
        if (
            found is not None
            and any(isinstance(node, Load) for node in _walk(written))
            and isinstance(own, Unit)
            and unit is not None
            and not own.same_dimension(unit)
        ):
            help = f"write the unit of the numbers in the file behind `load`, of the dimension of `{target}`"
            self.around.report.add(rules.DIMENSIONS, f"`{target}` is {phrase(unit)}, and `{short(operand)}` {phrase(own)}", operand.span, help)
        return found if isinstance(found, Expression) else None

    @staticmethod
    def _unit_in(model: Model, name: str) -> Unit | None:
        made = model.quantity(name)
        return None if made is None else made.unit

    def _delay(self, tree: ConnectTree, clauses: Mapping[str, Clause], synapse: Synapse | None) -> Given | None:
        report = self.around.report
        clause = clauses.get("delay")
        given: Expression | Draw | None = None
        if clause is not None and isinstance(clause.operands[0], Expression):
            given = clause.operands[0]
        elif clause is not None:
            report.add(rules.SYNTAX, "`delay` takes a time", clause.span, PHRASES["delay"].doc)
        for entry in tree.clauses:
            if isinstance(entry, Entry) and target_of(entry) == "delay" and synapse is not None and "delay" not in _settable(synapse.model):
                given = entry.value
        if given is None:
            return None
        if synapse is not None and not any(event.kind == "pre" for event in synapse.model.events):
            message = f"a delay is the time from a spike to `on pre`, and the synapse `{synapse.name}` has none"
            report.add(rules.NOT_SUPPORTED, message, given.span, "leave it out: what acts all the time acts at once; `on post after 1 [ms]:` waits")
            return None
        if isinstance(given, Expression) and (words := outside(given, "not negative")):
            report.add(rules.BAD_VALUE, f"a delay {words}, not `{short(given)}`", given.span, "what acts at once has no `delay`")
            return None
        return self.around.value(given, self.time, "the delay", PAIR)

    def _third(self, clauses: Mapping[str, Clause]) -> Part | None:
        clause = clauses.get("third")
        if clause is None:
            return None
        operand = clause.operands[0]
        if isinstance(operand, Name):
            operand = PartTree(operand, None, None, None, None, operand.span)
        elif isinstance(operand, Index) and len(operand.indices) == 1:
            operand = PartTree(Name(operand.span, operand.id), operand.indices[0], None, None, None, operand.span)
        if not isinstance(operand, PartTree):
            self.around.report.add(rules.SYNTAX, "`third` names a population", clause.span, "write `third DA` or `third DA[0:10]`")
            return None
        return self._joined(operand)

    def _values(self, tree: ConnectTree, synapse: Synapse | None, clauses: Mapping[str, Clause], rule: Rule | None) -> dict[str, Given]:
        """Return the values that a connection gives to quantities of its synapses."""
        found: dict[str, Given] = {}
        report = self.around.report
        for entry in tree.clauses:
            if not isinstance(entry, Entry) or synapse is None:
                continue
            name = target_of(entry)
            check_entry(entry, report)
            if name in found or (rule is not None and name == rule.target):
                report.add(rules.DUPLICATE, f"`{name}` has two values", entry.target.span, "remove one of them")
            if name == "delay" and name not in _settable(synapse.model):
                if "delay" in clauses:
                    report.add(rules.DUPLICATE, "the delay stands twice", entry.span, "remove one of them")
                continue
            if name not in _settable(synapse.model):
                near = nearest(name, (*_settable(synapse.model), *PHRASES))
                listed = ", ".join(f"`{other}`" for other in _settable(synapse.model)) or "none"
                help = f"did you mean `{near}`?" if near else f"its parameters and states: {listed}"
                if name in PHRASES:
                    help = f"the clause `{name}` has no sign before its value: `{name} ...`"
                report.add(rules.UNKNOWN_NAME, f"the synapse `{synapse.name}` has no parameter or state `{name}`", entry.target.span, help)
                continue
            unit = self._unit_of(tree, synapse, name)
            if unit is None:
                continue
            numbers = [node for node in _walk(entry.value) if isinstance(node, Load | Array)]
            if numbers and rule is not None and rule.kind not in IN_ORDER:
                message = f"numbers of a file, or an array, have no order with `{rule.kind}`"
                report.add(rules.BAD_VALUE, message, numbers[0].span, 'those of each synapse stand in the file of `pairs`, or are a `matrix "w.npy"`')
                continue
            value = self.around.value(entry.value, unit, f"`{name}` of `{synapse.name}`", PAIR)
            if value is not None:
                found[name] = value
                self._check_pathways(name, value, entry, synapse)
        return found

    def _check_pathways(self, name: str, value: Given, entry: Entry, synapse: Synapse) -> None:
        """Report a value that differs between synapses and shifts their events: only the delay of a connection does."""
        differs = isinstance(value, Distribution) or any(isinstance(node, Name) and node.id in PAIR for node in value.walk())
        uses = (node for event in synapse.model.events if event.trigger is not None for node in event.trigger.walk())
        if differs and any(isinstance(node, Name) and node.id == name for node in uses):
            message = f"`{name}` is what `{synapse.name}` waits beyond the delay, and one for all synapses of the connection"
            self.around.report.add(rules.NOT_SUPPORTED, message, entry.span, "a delay that differs between synapses is the `delay` of the connection")

    def _unit_of(self, tree: ConnectTree, synapse: Synapse, name: str) -> Unit | None:
        """Return the unit of a quantity of a synapse in this connection; None where the synapse does not fit its neurons."""
        sources, targets = ([p.name.id for p in side if p.name.id in self.populations] for side in (tree.sources, tree.targets))
        if not sources or not targets:
            return None
        third = next((c for c in tree.clauses if isinstance(c, Clause) and c.word == "third" and c.operands), None)
        place = None if third is None else self._third({"third": third})
        here = Part(sources[0], None, None, tree.span), Part(targets[0], None, None, tree.span)
        model = self._bound(synapse, *here, place, tree)
        return None if model is None else self._unit_in(model, name)

    def _bound(self, synapse: Synapse, source: Part, target: Part, third: Part | None, tree: ConnectTree) -> Model | None:
        """Return a synapse with the units of the neurons that it joins."""
        before, behind = self.populations[source.population], self.populations[target.population]
        beside = None if third is None else self.populations[third.population]
        key = synapse.name, before.kind, behind.kind, None if beside is None else beside.kind
        if key not in self.bound:
            report = Report()
            if behind.model is None:
                message = f"`{behind.name}` is a source of spikes and has no synapses"
                self.around.report.add(rules.WRONG_KIND, message, target.span, "connect it to a population of neurons")
                return None
            models = {"pre": before.model, "post": behind.model}
            names = {"pre": before.name, "post": behind.name}
            if beside is not None:
                models["third"], names["third"] = beside.model, beside.name
            ends = Ends(models, names, tree.span)
            self.bound[key] = bind(synapse, ends, self.time, self.around.dimensionless, report)
            self._tell(report)
            self._check_spikes(synapse, ends)
        return self.bound[key]

    def _tell(self, report: Report) -> None:
        """Report what was found of a synapse in a connection, unless it was found at this place in another one."""
        told = {(d.rule, d.message, d.span) for d in self.around.report.found}
        for finding in report.found:
            if (finding.rule, finding.message, finding.span) not in told:
                self.around.report.add(finding.rule, finding.message, finding.span, finding.help, finding.also)

    def _check_spikes(self, synapse: Synapse, ends: Ends) -> None:
        """Point out events that wait for spikes of neurons which have none."""
        for kind in dict.fromkeys(event.kind for event in synapse.model.events):
            model = ends.models[kind]
            if model is not None and not any(event.spikes for event in model.events):
                message = f"`on {kind}` of `{synapse.name}` never acts: the model `{model.name}` of `{ends.names[kind]}` has no spikes"
                self.around.report.add(rules.NEVER_ACTS, message, ends.span, f"give `{model.name}` an event, `on V >= V_th: ...`")


def _walk(value: Expression | Draw) -> list[Expression]:
    return [node for part in parts(value) for node in part.walk()]


def _settable(model: Model) -> list[str]:
    """Return the quantities of a synapse that a connection can give a value to."""
    return [*model.parameters, *(name for name in model.states if "." not in name)]


def named(projections: list[Projection]) -> tuple[Projection, ...]:
    """Return projections with names of which each stands once: ``E -> I``, with the synapse and a number where that is needed."""
    first = [p.name for p in projections]
    longer = [p.name if first.count(p.name) == 1 else f"{p.name} with {p.kind}" for p in projections]
    found = []
    for k, (projection, name) in enumerate(zip(projections, longer, strict=True)):
        number = longer[:k].count(name) + 1
        found.append(replace(projection, name=name if number == 1 else f"{name} {number}"))
    return tuple(found)
