"""What is wrong with synapses and networks: one error each, at its place, with a remedy."""

from __future__ import annotations

import pytest

from neurodsl.diagnostics import Report
from neurodsl.lang import read_all
from neurodsl.source import Source

TEXT = """\
model cell:
    param taum = 20 [ms], taue = 5 [ms], El = -49 [mV], Vt = -50 [mV], Vr = -60 [mV]
    input I = 0 [mV]
    init v = -60 [mV], ge = 0 [mV], a[2] = 0
    u = 2*v
    taum*dv/dt = ge - (v - El) + I
    taue*dge/dt = -ge
    on v > Vt: v = Vr; a = 1
synapse exc:
    param w = 1.62 [mV], k = 1
    init x = 0
    dx/dt = -x/5 [ms]
    on pre: post.ge += k*w; x += 1
synapse other:
    {synapse}
network net:
    param N = 100
    population E = cell[N] with v ~ uniform(-60, -50) [mV]
    population I = cell[80]
    population P = poisson[100] with rate = 20 [Hz]
    connect E -> E with other
    {network}
"""


def said(synapse: str = "on pre: post.ge += 1 [mV]", network: str = "") -> list[tuple[str, str, str, str | None]]:
    """Return the code, the text at the place, the message and the remedy of every error in a network."""
    report = Report()
    read_all(Source("net.neuro", TEXT.format(synapse=synapse, network=network)), report)
    errors = [finding for finding in report.sorted() if finding.rule.severity == "error"]
    return [(d.rule.code, d.span.text if d.span else "", d.message, d.help) for d in errors]


NETWORKS = [
    ("connect E -> Q with exc", "N101", "Q", "unknown population `Q`", "there are: `E`, `I`, `P`"),
    ("connect E -> E with exz", "N101", "exz", "unknown synapse `exz`", "did you mean `exc`?"),
    ("connect E -> E with cell", "N108", "cell", "`cell` is a model of a neuron and no synapse", "a synapse is a block `synapse NAME:`"),
    ("connect E -> E with exc, indegre 10", "S101", "indegre", "unknown clause `indegre`", "did you mean `indegree`?"),
    ("connect E -> E with exc, no mutiple", "S101", "no mutiple", "unknown clause `no mutiple`", "did you mean `no multiple`?"),
    (
        "connect E -> E with exc, indegree 200, no multiple",
        "V110",
        "200",
        "`indegree` asks for 200: there are 100 sources, and `no multiple` joins each once",
        "take fewer",
    ),
    (
        "connect E -> E with exc, outdegree N, no multiple, no self",
        "V110",
        "N",
        "`outdegree` asks for 100: there are 99 targets beside itself, and `no multiple` joins each once",
        "take fewer",
    ),
    ("connect E -> E with exc, indegree 2.5", "V110", "2.5", "the number of `indegree` is a whole one from 0 on, not `2.5`", None),
    ("connect E -> E with exc, probability 1.5", "V101", "1.5", "the probability lies between 0 and 1, not `1.5`", None),
    ("connect E -> E with exc, probability N", "V110", "N", "a probability lies between 0 and 1, not `N`, which is 100", None),
    ("connect E -> E with exc, delay -1 [ms]", "V101", "-1 [ms]", "a delay is not negative, not `-1 [ms]`", "what acts at once has no `delay`"),
    (
        "connect E -> E with exc, delay (1 - N)*1 [ms]",
        "V101",
        "(1 - N)*1 [ms]",
        "a delay is not negative, not `(1 - N)*1 [ms]`, which is -99 [ms]",
        None,
    ),
    (
        "connect E -> E with exc, delay 1",
        "U101",
        "1",
        "the delay is a time (ms) but `1` is dimensionless",
        "a bare number is dimensionless: write `1 [ms]`",
    ),
    (
        "connect E -> E with exc, delay uniform(1, 5)",
        "U101",
        "uniform(1, 5)",
        "the delay is a time (ms) but a draw of `uniform(1, 5)` is dimensionless",
        "write `uniform(1, 5) [ms]`",
    ),
    (
        "connect E[0:200] -> E with exc",
        "A103",
        "E[0:200]",
        "`E` has 100 neurons, and `E[0:200]` asks for neuron 199",
        "the last one is 99: neurons are counted from 0, and the end is left out",
    ),
    ("connect E[5:3] -> E with exc", "A103", "E[5:3]", "`E[5:3]` holds no neuron", "`E[0:100]` are the neurons 0 to 99"),
    ("connect E[1, 2] -> E with exc", "A102", "E[1, 2]", "the neurons of `E` are numbered in a row: one index", "write `E[0:100]` or `E[5]`"),
    (
        "connect E -> E with exc, one to one, indegree 3",
        "S101",
        "indegree",
        "`one to one` and `indegree` exclude each other",
        "one rule for each connection",
    ),
    (
        "connect E -> I with exc, one to one",
        "V110",
        "one to one",
        "`one to one` joins parts of one size; `E` has 100 neurons, `I` 80",
        "name parts of one size, as `E[0:100]`",
    ),
    (
        "connect E -> P with exc",
        "N108",
        "P",
        "`P` is a source of spikes and has no synapses",
        "connect it to a population of neurons",
    ),
    (
        "connect E -> E with exc, w = 3",
        "U101",
        "3",
        "`w` of `exc` is a voltage (mV) but `3` is dimensionless",
        "a bare number is dimensionless: write `3 [mV]`",
    ),
    ("connect E -> E with exc, W = 3 [mV]", "N101", "W", "the synapse `exc` has no parameter or state `W`", "did you mean `w`?"),
    ("connect E -> E with exc, w = 1 [mV], w = 2 [mV]", "N102", "w", "`w` has two values", "remove one of them"),
    ("connect E -> E with exc, where i + j", "N111", "i + j", "`i + j` is a number where a condition belongs", "compare it: `i + j != 0`"),
    (
        "connect E -> E with exc, pairs 3",
        "S101",
        "pairs 3",
        "`pairs` takes the name of a file in quotes",
        'the columns i and j of a file: `pairs "pairs.csv"`',
    ),
    (
        'connect E -> E with exc, matrix "w.npy" [nS]',
        "U101",
        "[nS]",
        "`w` is a voltage (mV), and the bracket says `[nS]`",
        'write the unit of the numbers in the file, or, where they are in that of `w`, `matrix "w.npy"`',
    ),
    (
        'connect E -> E with exc, pairs "w.csv" [mV]',
        "U105",
        "[mV]",
        "a file of pairs has no unit",
        "write that of a column into its title: `w [nS]`",
    ),
    (
        "connect E -> E with exc, small world 10",
        "N104",
        "small world 10",
        "`small world` takes 2 values, not 1",
        "k neighbours on a ring, each link rewired with probability p: `small world 10, 0.1`",
    ),
    (
        "connect E -> E with exc, scale free 3, no self",
        "S101",
        "no self",
        "`no self` does not go with `scale free`",
        "leave it out",
    ),
    (
        "connect E -> E with exc, third E",
        "S101",
        "third E",
        "the synapse `exc` uses no `third.` quantity",
        "leave it out, or use `third.x` in the synapse",
    ),
    (
        'connect E -> E with exc, probability 0.1, w = load("w.npy") [mV]',
        "V101",
        'load("w.npy")',
        "numbers of a file, or an array, have no order with `probability`",
        'those of each synapse stand in the file of `pairs`, or are a `matrix "w.npy"`',
    ),
    (
        "connect E -> E with exc indegree 10",
        "S101",
        "indegree",
        "found `indegree` where `:` was expected",
        "clauses are separated by commas: `... with exc, indegree 10, delay 1 [ms]`",
    ),
    ("connect E, I with exc", "S101", "with", "found `with` where `->` was expected", "write `connect E -> I with exc, indegree 10`"),
    ("population Q = cel[10]", "N101", "cel", "unknown model `cel`", "did you mean `cell`?"),
    ("population Q = net[10]", "N108", "net", "`net` is a network and no model of a neuron", "a model is a block `model NAME:`"),
    ("population Q = exc[10]", "N108", "exc", "`exc` is a synapse and no model of a neuron", "a model is a block `model NAME:`"),
    ("connect E -> E with net", "N108", "net", "`net` is a network and no synapse", "a synapse is a block `synapse NAME:`"),
    ("population Q = cell[2.5]", "A104", "2.5", "the size of `Q` is a whole number from 1 on, not `2.5`", "write `cell[round(2.5)]`"),
    ("population Q = cell[1e12]", "S107", "1e12", "`Q` has 1e12 neurons; at most 5e7 are made", "make it smaller"),
    ("population Q = cell[-3]", "A104", "-3", "the size of `Q` is a whole number from 1 on, not `-3`", None),
    ("population Q = cell[10] with V = 3 [mV]", "N101", "V", "the model `cell` has no parameter, input or state `V`", "did you mean `v`?"),
    (
        "population Q = cell[10] with v = 3",
        "U101",
        "3",
        "`v` of `Q` is a voltage (mV) but `3` is dimensionless",
        "a bare number is dimensionless: write `3 [mV]`",
    ),
    (
        "population Q = cell[10] with v = Vr",
        "N101",
        "Vr",
        "`Vr` belongs to the model `cell`, and the network has no `Vr`",
        "declare it in the network: `param Vr = ...`, or let the model say it: `init v = ...`",
    ),
    (
        "population Q = cell[10] with u = 3 [mV]",
        "N101",
        "u",
        "`u` of `cell` is a derived quantity and follows from its definition",
        "set what it is derived from",
    ),
    (
        "population Q = poisson[10]",
        "V101",
        "population Q = poisson[10]",
        "a `poisson` population needs its `rate`",
        "write `population Q = poisson[100] with rate = 20 [Hz]`",
    ),
    ("population Q = poisson[10] with rate = -20 [Hz]", "V101", "-20 [Hz]", "the rate of `Q` is not negative, not `-20 [Hz]`", None),
    (
        "population Q = spikes[10]",
        "S101",
        "population Q = spikes[10]",
        "spikes are read from a file, which is missing",
        'write `population Q = spikes[100] from "trains.npy"`',
    ),
    ("population E = cell[10]", "N102", "E", "`E` is defined twice", "give one of the two another name"),
    (
        "param i = 3",
        "N106",
        "i",
        "`i` is the number of a neuron, or of the source of a synapse and cannot be defined in a network",
        "choose another name",
    ),
    (
        "simulate: record E.w",
        "N101",
        "E.w",
        "the model `cell` has no `w`",
        "it has `a`, `v`, `ge`, `u`, `I`, `taum`, `taue`, `El`, `Vt`, `Vr`",
    ),
    ("simulate: record Q.v", "N101", "Q.v", "unknown population or synapse `Q`", "name a population or a synapse: `E.v`, `stdp.w`"),
    ("simulate: record P.v", "N101", "P.v", "`P` is a source of spikes and has no `v`", "its spikes are recorded in any case"),
    ("simulate: record E.v every 1 [mV]", "U101", "1 [mV]", "`every` is a time, but `1 [mV]` is a voltage (mV)", None),
    ("simulate: record exc.w", "N101", "exc.w", "no connection joins neurons by the synapse `exc`", "`connect ... with exc`"),
    (
        "connect E[0:10:2] -> E with exc",
        "S108",
        "E[0:10:2]",
        "a part with a step cannot be connected yet",
        "name neurons in a row, `E[0:100]`, or choose pairs: `where mod(i, 10) == 0`",
    ),
    (
        'connect E -> E with exc, w = 1 [mV] "weight"',
        "S105",
        'w = 1 [mV] "weight"',
        "a value has no label here",
        "labels stand where a quantity is declared",
    ),
    (
        "population Q = cell[3] with v[2] = 1 [mV]",
        "S101",
        "v",
        "a value is given to a whole array, not to an element",
        "write `v = ...`",
    ),
    (
        "population Q = cell[3] with a = 2",
        "S108",
        "a",
        "`a` of `cell` is an array in each neuron: values of its own for a population are not supported yet",
        "give it its values in the model",
    ),
    (
        "simulate: record spikes every 1 [ms]",
        "N113",
        "spikes every 1 [ms]",
        "spikes are recorded whenever they happen",
        "write `record spikes`, or leave it out",
    ),
    (
        "population Q = cell[3] with v = (1, 2) [mV]",
        "A101",
        "(1, 2) [mV]",
        "`v` of `Q` has 2 values, and there are 3 neurons",
        "give one for each, or a number for all",
    ),
    (
        "param A = (1, 2)\n    connect E -> E with exc, k = A",
        "A101",
        "A",
        "`k` of `exc` is a number and `A` has the shape (2,)",
        "an element of an array is `W[i]`",
    ),
    (
        "param A = (1, 2)\n    connect E -> E with exc, where A > i",
        "A101",
        "A > i",
        "the condition of `where` is a number and `A > i` has the shape (2,)",
        "an element of an array is `W[i]`",
    ),
    (
        "population other = cell[3]",
        "N102",
        "other",
        "`other` is a population and a synapse of this network",
        "give one of the two another name: `other.x` is a quantity of either",
    ),
    (
        "population cell = poisson[3] with rate = 1 [Hz]",
        "N102",
        "cell",
        "`cell` is a population and a model of this network",
        "give one of the two another name: `cell.x` is a quantity of either",
    ),
    (
        "connect E -> E with exc, i != j",
        "S101",
        "!=",
        "found `!=` where a value (a name, a number, a call or a parenthesis) was expected",
        "a condition is a clause: `where abs(i - j) <= 2`; a neuron is not joined to itself with `no self`",
    ),
    (
        "connect E -> E with exc, probability = 0.1",
        "N101",
        "probability",
        "the synapse `exc` has no parameter or state `probability`",
        "the clause `probability` has no sign before its value: `probability ...`",
    ),
    ("E -> I with exc", "S101", "->", "found `->` outside of a connection", "write `connect E -> I with exc, indegree 10`"),
    ("param E.v = 3", "N108", "E.v", "`E.v` is a quantity of a neuron and cannot be declared here", "it is declared in its model"),
    ("x = E*3", "N108", "E", "`E` is a population, and a number belongs here", None),
]


@pytest.mark.parametrize(("statement", "code", "place", "message", "remedy"), NETWORKS, ids=[row[0] for row in NETWORKS])
def test_a_slip_in_a_network_gets_one_error_with_its_remedy(statement: str, code: str, place: str, message: str, remedy: str | None) -> None:
    assert said(network=statement) == [(code, place, message, remedy)]


SYNAPSES = [
    (
        "on pre: post.gx += 1 [mV]",
        "N101",
        "post.gx",
        "`post.gx`: the model `cell` of `E`, the neuron behind a synapse, has no `gx`",
        "did you mean `post.ge`?",
    ),
    ("on pre: post.ge += 1", "U101", "1", "`post.ge` is a voltage (mV) but `1` is dimensionless", "a bare number is dimensionless: write `1 [mV]`"),
    (
        "on pre: post.taum += 1 [ms]",
        "N108",
        "post.taum += 1 [ms]",
        "`post.taum` is a parameter of `cell` and cannot be changed by a synapse",
        "a synapse changes states and inputs; make `taum` a state with `init taum = ...`, or an input",
    ),
    (
        "on pre: post.u += 1 [mV]",
        "N108",
        "post.u += 1 [mV]",
        "`post.u` is a derived quantity of `cell` and cannot be changed by a synapse",
        "a synapse changes states and inputs; make `u` a state with `init u = ...`, or an input",
    ),
    ("on pre: post.a += 1", "S108", "post.a", "`post.a` is an array: a synapse that uses it is not supported yet", "use a number"),
    ("on pre: pst.ge += 1 [mV]", "N101", "pst.ge", "unknown name `pst.ge`", "did you mean `post.ge`?"),
    (
        "on pre: ge += 1 [mV]",
        "N101",
        "ge",
        "unknown state `ge`",
        "that of the neuron behind the synapse is `post.ge`; one of its own is declared: `init ge = ...`",
    ),
    (
        "post.ge += 1 [mV]",
        "N108",
        "post.ge += 1 [mV]",
        "`post.ge` is a state of `cell`; what a synapse adds all the time goes into an input",
        "write `input I_syn = 0` in `cell`, use it in its equation, and add to `post.I_syn`",
    ),
    (
        "pre.I += 1 [mV]",
        "E102",
        "pre.I",
        "`pre.I` is no input of the neuron behind the synapse",
        "a synapse contributes to `post.`; what flows the other way is a second connection, with the populations exchanged",
    ),
    (
        "on pre: pre.ge += 1 [mV]",
        "N108",
        "pre.ge += 1 [mV]",
        "`pre.ge` cannot be changed: a synapse leads to the neuron behind it",
        "a synapse changes itself and `post.x`; what acts the other way is a second connection, with the populations exchanged",
    ),
    (
        "on pre: post.I += 2*(1 [mV] - post.I)",
        "E102",
        "post.I += 2*(1 [mV] - post.I)",
        "`post.I += 2*(1 [mV] - post.I)` does more than add to the input `post.I`, which is what all synapses add up to in a step",
        "write `post.I += ...`, which acts during the next step, or `post.I = ...`, which stays",
    ),
    (
        "post.I *= 2",
        "E102",
        "post.I *= 2",
        "`*=` outside of an event: contributions of synapses add up",
        "write `post.I += ...`, or an action of `on pre:`",
    ),
    ("on pre after -2 [ms]: post.ge += 1 [mV]", "V101", "-2 [ms]", "the delay of `on pre after` is not negative, not `-2 [ms]`", None),
    (
        "on post after 2: post.ge += 1 [mV]",
        "U101",
        "2",
        "the delay of `on post after` is a time (ms) but `2` is dimensionless",
        "a bare number is dimensionless: write `2 [ms]`",
    ),
    (
        "param d ~ uniform(1, 2) [ms]\n    on pre after d: post.ge += 1 [mV]",
        "S108",
        "d",
        "`d` is drawn for each synapse, and what `on pre after` waits is the same for all",
        "a delay that differs between synapses is the `delay` of the connection",
    ),
    (
        "post.I = 3 [mV]",
        "N108",
        "post.I",
        "`post.I` is a quantity of a neuron and cannot be declared here",
        "it is declared in its model; a synapse changes it in an event, `on pre: post.I = ...`, or adds to an input all the time, `post.I += ...`",
    ),
    (
        "init post.ge = 3 [mV]",
        "N108",
        "post.ge",
        "`post.ge` is a quantity of a neuron and cannot be declared here",
        "it is declared in its model; a synapse changes it in an event, `on pre: post.ge = ...`, or adds to an input all the time, `post.ge += ...`",
    ),
    ("on pree: post.ge += 1 [mV]", "S108", "on pree", "`on pree` in a synapse is not supported yet", "did you mean `on pre`?"),
    (
        "on pre: post.ge += third.D",
        "N101",
        "connect E -> E with other",
        "`third.D` belongs to a third population, and this connection names none",
        "name its population in the connection: `third DA`",
    ),
]


@pytest.mark.parametrize(("statement", "code", "place", "message", "remedy"), SYNAPSES, ids=[row[0] for row in SYNAPSES])
def test_a_slip_in_a_synapse_gets_one_error_with_its_remedy(statement: str, code: str, place: str, message: str, remedy: str | None) -> None:
    assert said(synapse=statement) == [(code, place, message, remedy)]


def test_a_synapse_says_which_connection_it_does_not_fit() -> None:
    report = Report()
    read_all(Source("net.neuro", TEXT.format(synapse="on pre: post.ge += 1 [nS]", network="")), report)
    (finding,) = report.found
    assert [(span.text, told) for span, told in finding.also] == [("connect E -> E with other", "connected here, from `E` to `E`")]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("all to all", "the network has about 2.5e15 synapses, 2.5e15 of them in `B -> B`; at most 2e9 are made"),
        ("probability 0.5", "the network has about 1.25e15 synapses, 1.25e15 of them in `B -> B`; at most 2e9 are made"),
        ("indegree 1000", "the network has about 5e10 synapses, 5e10 of them in `B -> B`; at most 2e9 are made"),
        ("small world 100, 0.1", "the network has about 5e9 synapses, 5e9 of them in `B -> B`; at most 2e9 are made"),
    ],
)
def test_too_many_synapses_are_refused_with_their_number(rule: str, message: str) -> None:
    found = said(network=f"population B = cell[5e7]\n    connect B -> B with exc, {rule}")
    assert found == [("V111", "connect B -> B with exc", message, "lower the probability or the degree, or make the populations smaller")]


@pytest.mark.parametrize(
    ("delay", "help"),
    [
        ("0.55 [ms]", "write `0.5 [ms]` or `0.6 [ms]`, or another `dt` in `simulate:`"),
        ("0.03 [ms]", "write `0.1 [ms]`, or another `dt` in `simulate:`"),
        ("150 [us]", "write `100 [us]` or `200 [us]`, or another `dt` in `simulate:`"),
    ],
)
def test_a_delay_between_two_steps_is_pointed_out_with_the_two_nearest(delay: str, help: str) -> None:
    report = Report()
    text = TEXT.format(synapse="on pre: post.ge += 1 [mV]", network=f"connect E -> I with exc, delay {delay}")
    assert list(read_all(Source("net.neuro", text), report)) == ["cell", "net"]
    assert [(d.rule.code, d.help) for d in report.found] == [("V203", help)]


WHOLE = [
    ("0.5 [ms]", "0.1 [ms]"),
    ("0.3 [ms]", "0.1 [ms]"),
    ("0.55 [ms]", "0.05 [ms]"),
    ("0 [ms]", "0.1 [ms]"),
    ("uniform(0.05, 0.2) [ms]", "0.1 [ms]"),
]


@pytest.mark.parametrize(("delay", "dt"), WHOLE)
def test_a_delay_of_whole_steps_is_right(delay: str, dt: str) -> None:
    report = Report()
    text = TEXT.format(synapse="on pre: post.ge += 1 [mV]", network=f"connect E -> I with exc, delay {delay}\n    simulate: dt {dt}")
    assert list(read_all(Source("net.neuro", text), report)) == ["cell", "net"]
    assert report.found == []


@pytest.mark.parametrize("synapse", ["post.I += 0.1*(pre.v - post.v)", "on post: post.ge += 1 [mV]"])
def test_a_delay_of_synapses_for_which_no_spike_arrives_is_refused(synapse: str) -> None:
    told = "a delay is the time from a spike to `on pre`, and the synapse `other` has none"
    help = "leave it out: what acts all the time acts at once; `on post after 1 [ms]:` waits"
    assert said(synapse, "connect E -> I with other, delay 5 [ms]") == [("S108", "5 [ms]", told, help)]


@pytest.mark.parametrize("synapse", ["on pre: post.I += 1 [mV]", "post.I += 0.1*(pre.v - post.v)"])
@pytest.mark.parametrize("event", ["a = 1; I = 2 [mV]", "a = 1\n    at 5 [ms]: I = 2 [mV]"])
def test_an_input_that_the_events_of_the_neuron_set_takes_nothing_from_synapses(synapse: str, event: str) -> None:
    report = Report()
    read_all(Source("net.neuro", TEXT.format(synapse=synapse, network="").replace("a = 1", event)), report)
    (found,) = [d for d in report.found if d.rule.severity == "error"]
    assert (found.rule.code, found.span.text if found.span else "") == ("E102", synapse.removeprefix("on pre: "))
    assert found.message == "`I` is set by the events of `cell` itself and keeps its value, so what a synapse adds would stay for good"
    assert found.help == "write `input I_syn = 0` in `cell`, use `I + I_syn` in its equation, and add to `post.I_syn`"


def test_a_mistake_of_a_synapse_in_several_connections_is_told_once() -> None:
    found = said("on pre: post.gee += 1 [mV]", "connect P -> E, I with other")
    assert [(code, message) for code, _, message, _ in found] == [
        ("N101", "`post.gee`: the model `cell` of `E`, the neuron behind a synapse, has no `gee`"),
    ]


def test_what_an_event_waits_is_the_same_for_all_synapses_of_a_connection() -> None:
    synapse = "param d = 1 [ms]\n    on pre after d: post.ge += 1 [mV]"
    assert said(synapse, "connect E -> I with other, d = 2 [ms]") == []
    found = said(synapse, "connect E -> I with other, d = (1 + i) [ms]")
    assert [(code, place) for code, place, _, _ in found] == [("S108", "d = (1 + i) [ms]")]


def test_a_synapse_whose_neurons_never_spike_is_pointed_out() -> None:
    report = Report()
    quiet = "    population Q = quiet[3]\n    connect Q -> E with exc"
    text = "model quiet:\n    init x = 0 [mV]\n    dx/dt = -x/5 [ms]\n" + TEXT.format(synapse="on pre: post.ge += 1 [mV]", network=quiet.strip())
    read_all(Source("net.neuro", text), report)
    assert [(d.rule.code, d.message) for d in report.found] == [("E201", "`on pre` of `exc` never acts: the model `quiet` of `Q` has no spikes")]
