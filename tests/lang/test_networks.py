"""What a network is once it is read, and with other values."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from neurodsl.diagnostics import NeuroError, Report
from neurodsl.lang import override, parse_expression, read, read_all, read_model, unparse, with_variant
from neurodsl.lang.choice import read_single
from neurodsl.lang.networks.figures import find_figures, step_of, synapses_of
from neurodsl.model import Distribution, Model, NetworkModel
from neurodsl.source import Source
from neurodsl.texts import read_source
from neurodsl.units import describe

TEXT = """\
model cell:
    param taum = 20 [ms], El = -49 [mV]
    input I = 0 [mV]
    init v = -60 [mV], ge = 0 [mV]
    taum*dv/dt = ge - (v - El) + I
    dge/dt = -ge/5 [ms]
    on v > -50 [mV]: v = -60 [mV]

synapse exc:
    param w = 1 [mV]
    on pre: post.ge += w

synapse gap:
    param g = 0.1
    post.I += g*(pre.v - post.v)

network net "a label":
    param N = 100, J = 0.3 [mV]
    N_I = N/4
    population E = cell[N] "excitatory" with v ~ uniform(-60, -50) [mV], taum = (10 + 0.1*i) [ms]
    population I = cell[N_I]
    population P = poisson[10] with rate = 20 [Hz]
    connect E, P -> E[0:50], I with exc, indegree 10, delay 1 [ms], w = J
    connect I -> I with exc, w ~ normal(1, 0.1) [mV]
    connect I -> I with gap, no self
    simulate:
        duration 1 [s]
        record spikes, E[0:30:10].v every 1 [ms], I.v
        record exc.w every 10 [ms], gap.g
    variant half: N = 52, cell.taum = 5 [ms], I.v = -55 [mV], exc.w = 2 [mV], P.rate = 10 [Hz]
"""


def network(text: str = TEXT) -> NetworkModel:
    """Return the network of a text."""
    report = Report()
    found = read(Source("net.neuro", text), report)
    assert isinstance(found, NetworkModel), report.found
    return found


def changed(kind: str, name: str, text: str) -> tuple[NetworkModel, list[tuple[str, str]]]:
    """Return the network with a value replaced, and the codes and messages of what was found wrong."""
    report = Report()
    value = parse_expression(Source("<value>", text), report)
    assert value is not None, report.found
    return override(network(), kind, name, value, report), [(d.rule.code, d.message) for d in report.found]


def shown(value: object) -> str:
    """Return a value as the language writes it."""
    assert not isinstance(value, Model)
    return unparse(value)  # type: ignore[arg-type]


def test_a_network_holds_its_populations_with_their_values() -> None:
    found = network()
    assert (found.name, found.doc, describe(found.time_unit), found.settings.duration) == ("net", "a label", "s", 1.0)
    excitatory, inhibitory, emitter = found.populations.values()
    assert (excitatory.kind, excitatory.doc, shown(excitatory.size)) == ("cell", "excitatory", "N")
    assert {name: shown(value) for name, value in excitatory.values.items()} == {"v": "uniform(-60, -50) [mV]", "taum": "(10 + 0.1*i)*[ms]"}
    assert shown(inhibitory.size) == "N/4"
    assert inhibitory.model is excitatory.model
    assert (emitter.kind, emitter.model, shown(emitter.values["rate"])) == ("poisson", None, "20 [Hz]")


def test_a_connection_is_a_projection_for_each_source_and_target() -> None:
    found = network().projections
    names = ["E -> E", "E -> I", "P -> E", "P -> I", "I -> I with exc", "I -> I with gap"]
    assert [projection.name for projection in found] == names
    assert found[0].synapse is found[1].synapse is found[4].synapse
    assert [(p.rule.kind, p.rule.multiple, p.rule.no_self) for p in found[3:]] == [
        ("indegree", True, False),
        ("all to all", False, False),
        ("all to all", False, True),
    ]
    assert (shown(found[0].delay), shown(found[0].values["w"])) == ("1 [ms]", "J")
    assert isinstance(found[4].values["w"], Distribution)


def test_a_synapse_has_the_units_of_the_neurons_that_it_joins() -> None:
    gap = network().projections[-1].synapse
    assert {name: describe(state.unit) for name, state in gap.states.items()} == {"post.I": "mV", "pre.v": "mV", "post.v": "mV"}
    assert [(c.target, unparse(c.value)) for c in gap.contributions] == [("post.I", "g*(pre.v - post.v)")]


def test_what_is_recorded_names_projections_where_it_names_a_synapse() -> None:
    found = [(r.owner, r.quantity, None if r.part is None else r.part.span.text, r.every) for r in network().recorded]
    kinds = ["E -> E", "E -> I", "P -> E", "P -> I", "I -> I with exc"]
    weights = [(name, "w", None, 0.01) for name in kinds]
    assert found == [("E", "v", "E[0:30:10]", 0.001), ("I", "v", None, None), *weights, ("I -> I with gap", "g", None, None)]


def test_sizes_and_the_number_of_synapses_are_known_before_a_run() -> None:
    found = network()
    figures = find_figures(found, Report())
    assert figures is not None
    assert figures.sizes == {"E": 100, "I": 25, "P": 10}
    assert figures.bounds(found.projections[0].target) == (0, 50, 1)
    assert [synapses_of(projection, figures) for projection in found.projections] == [500, 250, 500, 250, 625, 625]


def test_a_file_with_one_network_stands_for_it() -> None:
    report = Report()
    assert list(read_all(Source("net.neuro", TEXT), report)) == ["cell", "net"]
    assert read_model(Source("net.neuro", TEXT), None, Report()).name == "net"
    assert read_model(Source("net.neuro", TEXT), "cell", Report()).name == "cell"


def test_a_file_with_several_networks_asks_for_one() -> None:
    text = TEXT + "\nnetwork more:\n    population A = cell[3]\n"
    with pytest.raises(NeuroError, match="holds 2 networks: `net`, `more`"):
        read_model(Source("net.neuro", text), None, Report())
    assert read_model(Source("net.neuro", text), "more", Report()).name == "more"


def test_a_file_of_synapses_alone_is_no_model() -> None:
    text = "synapse a:\n    on pre: post.v += 1\n"
    assert read_all(Source("a.neuro", text), Report()) == {}
    with pytest.raises(NeuroError, match="holds synapses alone"):
        read_model(Source("a.neuro", text), None, Report())


def test_what_a_network_cannot_be_asked_names_its_models() -> None:
    with pytest.raises(NeuroError, match="`net` is a network") as caught:
        read_single(Source("net.neuro", TEXT), None, Report())
    assert caught.value.report.found[0].help == "name one of its models with `--model`: `cell`"


REACHED = {
    ("set", "E.taum", "5 [ms]"): "5 [ms]",
    ("set", "E.taum", "5 + i"): "(5 + i)*[ms]",
    ("init", "I.v", "-55"): "(-55)*[mV]",
    ("set", "I.I", "3*i"): "(3*i)*[mV]",
    ("set", "P.rate", "10 [Hz]"): "10 [Hz]",
    ("set", "poisson.rate", "10*t"): "(10*(t/[s]))*[Hz]",
}


@pytest.mark.parametrize(
    ("kind", "name", "text", "where"),
    [
        ("set", "J", "0.5", "block"),
        ("set", "cell.taum", "5", "model"),
        ("set", "E.taum", "5 [ms]", "E"),
        ("set", "E.taum", "5 + i", "E"),
        ("init", "I.v", "-55", "I"),
        ("init", "cell.v", "-55 [mV]", "model"),
        ("input", "I.I", "3*sin(t)", "drive"),
        ("set", "I.I", "3*i", "I"),
        ("set", "exc.w", "2", "synapse"),
        ("set", "P.rate", "10 [Hz]", "P"),
        ("set", "poisson.rate", "10*t", "P"),
    ],
)
def test_a_value_reaches_into_a_network(kind: str, name: str, text: str, where: str) -> None:
    found, said = changed(kind, name, text)
    assert said == []
    own = name.rpartition(".")[2]
    if where in found.populations:
        value = shown(found.populations[where].values[own])
        assert value == REACHED[kind, name, text]
    elif where == "model":
        assert all(own not in p.values and p.model is found.populations["E"].model for p in found.populations.values() if p.model is not None)
    elif where == "drive":
        made = found.populations["I"].model
        assert made is not None
        assert shown(made.inputs["I"].value) == "(3*sin(t/[s]))*[mV]"
        assert found.populations["E"].model is not made
    elif where == "synapse":
        joined = [p for p in found.projections if p.kind == "exc"]
        assert all("w" not in p.values and shown(p.synapse.parameters["w"].value) == "2 [mV]" for p in joined)
    else:
        assert shown(found.block.parameters["J"].value) == "0.5 [mV]"


def test_a_size_that_is_set_moves_what_depends_on_it() -> None:
    found, said = changed("set", "N", "200")
    assert said == []
    figures = find_figures(found, Report())
    assert figures is not None
    assert figures.sizes == {"E": 200, "I": 50, "P": 10}


@pytest.mark.parametrize(
    ("kind", "name", "text", "code", "message"),
    [
        ("set", "N", "40", "A103", "`E` has 40 neurons, and `E[0:50]` asks for neuron 49"),
        ("set", "N", "54", "A104", "the size of `I` is a whole number from 1 on, not `N/4`, which is 13.5"),
        ("set", "taum", "3", "V102", "the network `net` has no parameter `taum`"),
        ("set", "cel.taum", "3", "V102", "the network `net` has no population, model or synapse `cel`"),
        ("set", "E.tau", "3", "V102", "the model `cell` has no parameter `tau`"),
        ("set", "E.v", "3", "V102", "`v` is a state of `cell` and no parameter"),
        ("set", "P.rat", "3", "V102", "the poisson population `P` has no `rat`"),
        ("set", "E.taum", "3 [mV]", "U101", "`taum` of `E` is a time (ms) but `3 [mV]` is a voltage (mV)"),
        ("set", "E.taum", "El", "N101", "unknown name `El`"),
        ("set", "exc.w", "3 [ms]", "U101", "`w` is a voltage (mV) but `3 [ms]` is a time (ms)"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_changes_nothing(kind: str, name: str, text: str, code: str, message: str) -> None:
    found, said = changed(kind, name, text)
    assert said == [(code, message)]
    assert found == network()


def test_a_variant_reaches_into_a_network() -> None:
    report = Report()
    found = with_variant(network(), "half", report)
    assert report.found == []
    figures = find_figures(found, Report())
    assert figures is not None
    assert figures.sizes == {"E": 52, "I": 13, "P": 10}
    first, second, emitter = found.populations.values()
    assert first.model is not None
    assert second.model is first.model
    assert shown(first.model.parameters["taum"].value) == "5 [ms]"
    assert (list(first.values), shown(second.values["v"]), shown(emitter.values["rate"])) == (["v"], "-55 [mV]", "10 [Hz]")
    assert shown(found.projections[0].synapse.parameters["w"].value) == "2 [mV]"


def test_an_unknown_variant_is_refused_with_the_nearest() -> None:
    report = Report()
    with_variant(network(), "hlaf", report)
    assert [(d.rule.code, d.message, d.help) for d in report.found] == [("V102", "the network `net` has no variant `hlaf`", "did you mean `half`?")]


@pytest.mark.parametrize(
    ("settings", "step"),
    [("dt 0.05 [ms]", Fraction(1, 20000)), ("duration 10 [s]", Fraction(1, 10000)), ("duration 10 [ms]", Fraction(1, 10))],
)
def test_the_step_is_that_of_the_text_or_a_tenth_of_a_millisecond(settings: str, step: Fraction) -> None:
    text = TEXT.replace("duration 1 [s]", settings if "duration" in settings else f"duration 1 [s]\n        {settings}")
    assert step_of(network(text)) == step


def test_a_network_takes_models_and_synapses_from_other_files(tmp_path: Path) -> None:
    parts, _, whole = TEXT.partition("network net")
    (tmp_path / "cells.neuro").write_text(parts, encoding="utf-8")
    file = tmp_path / "net.neuro"
    file.write_text('import cell as neuron, exc, gap from "cells.neuro"\n\nnetwork net' + whole.replace("cell", "neuron"), encoding="utf-8")
    report = Report()
    found = read_model(read_source(str(file)), None, report)
    assert report.found == []
    assert isinstance(found, NetworkModel)
    assert [p.kind for p in found.populations.values()] == ["neuron", "neuron", "poisson"]
    assert [p.kind for p in found.projections[-2:]] == ["exc", "gap"]
    assert found.populations["E"].model is not None
    assert describe(found.populations["E"].model.time_unit) == "s"


def test_the_time_of_a_network_without_brackets_is_that_of_its_models(tmp_path: Path) -> None:
    (tmp_path / "cells.neuro").write_text("model cell:\n    init x = 0\n    5 [s] * dx/dt = -x\n", encoding="utf-8")
    file = tmp_path / "net.neuro"
    file.write_text('import cell from "cells.neuro"\nnetwork net:\n    population A = cell[3]\n', encoding="utf-8")
    found = read_model(read_source(str(file)), None, Report())
    assert isinstance(found, NetworkModel)
    assert (describe(found.time_unit), found.dimensionless) == ("s", False)


def test_a_model_without_units_does_not_go_into_a_network_with_units(tmp_path: Path) -> None:
    (tmp_path / "cells.neuro").write_text("model cell:\n    init x = 0\n    dx/dt = -x\n", encoding="utf-8")
    file = tmp_path / "net.neuro"
    file.write_text('import cell from "cells.neuro"\nnetwork net:\n    param tau = 1 [ms]\n    population A = cell[3]\n', encoding="utf-8")
    report = Report()
    assert read_all(read_source(str(file)), report) == {}
    assert [(d.rule.code, d.message) for d in report.found if d.rule.severity == "error"] == [
        ("U101", "the model `cell` has no units, and the network has")
    ]


def test_a_network_of_maps_counts_steps() -> None:
    text = """\
model unit:
    input u = 0
    init y = 0
    next y = 1 if u > 1 else 0

synapse link:
    param w = 1
    post.u += w*pre.y

network net:
    population X = unit[2]
    population Y = unit
    connect X -> Y with link, w = 0.6
    simulate: duration 7
"""
    found = network(text)
    assert (found.block.discrete, found.dimensionless, found.settings.duration, step_of(found)) == (True, True, 7.0, 1)


def test_a_network_in_which_something_is_wrong_hides_nothing_else() -> None:
    report = Report()
    text = "model a:\n    dx/dt = -y\n\nsynapse s:\n    on pre: post.x += z\n\nnetwork n:\n    population A = a[2.5]\n    connect A -> A with s, indegre 3\n"
    assert read_all(Source("n.neuro", text), report) == {}
    assert [d.message for d in report.sorted()] == ["unknown name `y`", "unknown name `z`", "unknown clause `indegre`"]


MAPS = """\
model unit:
    init y = 0
    next y = exp(-dt/10 [ms])*y
    simulate: step 2 [ms]

model other:
    init z = 0
    next z = z/2
    {settings}

network net:
    population A = unit[2]
    population B = other[2]
    {run}
"""


@pytest.mark.parametrize(("settings", "run", "step"), [("simulate: step 2 [ms]", "", 2.0), ("", "simulate: step 1 [ms]", 1.0)])
def test_a_step_of_a_network_of_maps_takes_the_time_of_its_models_or_its_own(settings: str, run: str, step: float) -> None:
    found = network(MAPS.format(settings=settings, run=run))
    assert (found.settings.step, describe(found.time_unit), step_of(found)) == (step, "ms", step)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("simulate: step 1 [ms]", "a step of `other` takes another time than one of `unit`"),
        ("", "a step of `other` takes another time than one of `unit`"),
        ("simulate: step 2 [ms]", "`cell` is no map, and `unit` is a map"),
    ],
)
def test_models_of_a_network_move_in_one_time(settings: str, message: str) -> None:
    report = Report()
    cell = "model cell:\n    init x = 0\n    dx/dt = -x/5 [ms]\n\n" if "cell" in message else ""
    run = "population C = cell" if cell else ""
    read(Source("net.neuro", cell + MAPS.format(settings=settings, run=run)), report)
    assert [d.message for d in report.found if d.rule.code == "N115"][:1] == [message]


def test_an_import_that_fails_is_all_that_is_said_of_its_name(tmp_path: Path) -> None:
    file = tmp_path / "net.neuro"
    file.write_text('import cell, exc from "cells.neuro"\nnetwork net:\n    population A = cell[3]\n    connect A -> A with exc\n', encoding="utf-8")
    report = Report()
    assert read_all(read_source(str(file)), report) == {}
    assert [(d.rule.code, d.message) for d in report.found] == [("F101", f"there is no file `{tmp_path / 'cells.neuro'}`")]


def test_a_mistake_in_one_model_hides_none_in_another() -> None:
    text = "model a:\n    dx/dt = -y\n\nmodel b:\n    init x = 0\n    dx/dt = -x\n\nnetwork n:\n    population A = a[2]\n    population B = b[2] with z = 3\n"
    report = Report()
    assert read_all(Source("n.neuro", text), report) == {}
    assert [d.message for d in report.sorted()] == ["unknown name `y`", "the model `b` has no parameter, input or state `z`"]
