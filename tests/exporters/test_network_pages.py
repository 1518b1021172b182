"""A network is shown whole: its populations and connections, then its models and synapses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from neurodsl.diagnostics import Report
from neurodsl.exporters import exporters
from neurodsl.lang import read_model
from neurodsl.model import Model, NetworkModel
from neurodsl.resources import shipped_models
from neurodsl.source import Source
from neurodsl.texts import read_source

TEXT = """\
model cell "leaky":
    param tau_m = 20 [ms] "time constant"
    input I = 0 [mV]
    init V = -60 [mV], g = 0 [mV]
    tau_m*dV/dt = g - V - 60 [mV] + I
    dg/dt = -g/5 [ms]
    on V > -50 [mV]: V = -60 [mV]

synapse stdp:
    param w_max = 1 [mV]
    init w = 0.5 [mV]
    20 [ms]*dx/dt = -x
    on pre: post.g += w; x += 1
    on post after 1 [ms]: w += 0.1*(w_max - w)*x
    post.I += 0.1*(pre.V - post.V)

network net "a pair of populations":
    param N = 100 "size", J = 0.3 [mV]
    population E = cell[N] "excitatory" with V ~ uniform(-60, -50) [mV]
    population I = cell[N/4]
    population P = spikes[3] from "trains.npy" [ms]
    connect E[0:10], E[12] -> I with stdp, probability exp(-abs(i - j)), delay 1 [ms], w = J, no self
    simulate: duration 20 [ms]; record E.V, E[0:4:2].g every 0.5 [ms]
    variant large: N = 400, stdp.w_max = 2 [mV]
"""

PAGE = """\
net: a pair of populations

Populations
  E  cell[N]    V ~ uniform(-60, -50) [mV]  excitatory
  I  cell[N/4]
  P  spikes[3]  from "trains.npy" [ms]

Connections
  E[0:10]  ->  I  with stdp  probability exp(-abs(i - j))  no self, delay 1 [ms], w = J
  E[12]    ->  I  with stdp  probability exp(-abs(i - j))  no self, delay 1 [ms], w = J

Parameters
  N  100      size
  J  0.3  mV

Variants
  large: N = 400, stdp.w_max = 2 [mV]

Simulation
  duration  20 ms
  record    E.V
  record    E[0:4:2].g every 0.5 [ms]

model cell: leaky

Equations
  τ_m dV/dt = g - V - 60 [mV] + I
      dg/dt = -g/5 [ms]

Events
  on V > -50 [mV]: V ← -60 [mV]; emit spike

Parameters
  tau_m  20  ms  time constant

Inputs
  I  0  mV

States and their initial values
  V  -60  mV
  g  0    mV

synapse stdp

Equations
  20 [ms] dx/dt = -x

Contributions at all times
  post.I += 0.1 (pre.V - post.V)

Events
  on pre: post.g ← post.g + w; x ← x + 1
  on post after 1 [ms]: w ← w + 0.1 (w_max - w) x

Parameters
  w_max  1  mV

States and their initial values
  w  0.5  mV
  x  0"""


def network(source: Source) -> NetworkModel | Model:
    """Return the network that a text stands for."""
    return read_model(source, None, Report())


def shown(form: str) -> str:
    """Return the network in a form."""
    return exporters()[form].render(network(Source("net.neuro", TEXT)))


def test_a_network_is_a_page_of_its_parts_and_its_models() -> None:
    assert shown("text") == PAGE


def test_a_network_in_json_holds_its_connections_and_models() -> None:
    found = json.loads(shown("json"))
    assert (found["network"], found["title"], found["settings"]["record"]) == ("net", "a pair of populations", ["E.V", "E[0:4:2].g every 0.5 [ms]"])
    assert found["populations"][0] == {
        "name": "E",
        "size": "N",
        "model": "cell",
        "values": ["V ~ uniform(-60, -50) [mV]"],
        "doc": "excitatory",
    }
    assert found["connections"][1] == {
        "name": "E -> I with stdp 2",
        "source": "E[12]",
        "target": "I",
        "synapse": "stdp",
        "rule": "probability exp(-abs(i - j))",
        "clauses": ["no self", "delay 1 [ms]", "w = J"],
    }
    assert [model["model"] for model in found["models"]] == ["cell"]
    (synapse,) = found["synapses"]
    assert synapse["contributions"] == [{"target": "post.I", "value": "0.1*(pre.V - post.V)"}]
    assert [state["name"] for state in synapse["states"]] == ["w", "x"]
    assert [(event["kind"], event["trigger"]) for event in synapse["events"]] == [("pre", None), ("post", "1 [ms]")]


def test_the_quantities_of_neurons_are_set_with_what_they_belong_to_above_the_line() -> None:
    text = shown("latex")
    assert r"{I^{\mathrm{post}}} &\mathrel{+}= 0.1\,({V^{\mathrm{pre}}} - {V^{\mathrm{post}}})" in text
    assert r"&\text{on a presynaptic spike}\colon && {g^{\mathrm{post}}} \leftarrow {g^{\mathrm{post}}} + w" in text
    assert r"&1\,\mathrm{ms} \text{ after a postsynaptic spike}\colon && w \leftarrow w + 0.1\,(w_{max} - w)\,x" in text


NETWORKS = {name: path for name, path in shipped_models().items() if path.parent.name in ("networks", "synapses")}


@pytest.mark.parametrize("path", NETWORKS.values(), ids=lambda path: path.stem)
def test_a_shipped_network_is_shown_in_every_form(path: Path) -> None:
    made = network(read_source(str(path)))
    assert isinstance(made, NetworkModel)
    latex = exporters()["latex"].render(made)
    opened, closed = re.findall(r"\\begin\{(\w+\*?)\}", latex), re.findall(r"\\end\{(\w+\*?)\}", latex)
    assert sorted(opened) == sorted(closed)
    assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")
    page = ElementTree.fromstring(exporters()["mathml"].render(made))
    tables = [table for table in page.iter("table") if table.get("class") == "values"]
    assert len(list(tables[0].iter("tr"))) == 1 + len(made.populations)
    assert exporters()["markdown"].render(made).count("$$") % 2 == 0
    assert len(json.loads(exporters()["json"].render(made))["connections"]) == len(made.projections)
    assert exporters()["text"].render(made).startswith(made.name)


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ('I = samples("each.csv:step") [pA]', '  E  cell[3]  I = samples("each.csv:step") [pA]\n'),
        ("I = A*i*sine(t, 0.1 [1/ms])", "  I  A*i*sine(t, 0.1 [1/ms])  nA\n"),
    ],
)
def test_a_drive_is_shown_as_the_text_has_it(value: str, line: str) -> None:
    text = "model cell:\n    input I = 0 [nA]\n    init V = 0 [nA]\n    10 [ms]*dV/dt = -V + I\n"
    text += f"network net:\n    param A = 2 [nA]\n    population E = cell[3] with {value}\n"
    page = exporters()["text"].render(network(Source("net.neuro", text)))
    assert line in page
    assert "outside" not in page
