"""A model is shown whole: as a page, as LaTeX, as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from exporters.reading import model_of
from single_models import SINGLE

from neurodsl.exporters import exporters

LIF = """\
# lif.neuro - leaky integrate-and-fire neuron
param tau_m = 10 [ms] "membrane time constant", R = 10 [MOhm]
param V_rest = -65 [mV], V_th = -50 [mV], V_reset = -70 [mV]
input I = 2 [nA] "injected current"
init V = V_rest "membrane potential"

tau_m*dV/dt = -(V - V_rest) + R*I

on V >= V_th: V = V_reset

variant slow "twice as slow": tau_m = 20 [ms]

simulate:
    duration 200 [ms]
    dt 0.1 [ms]
    record V
"""

LIF_TEXT = """\
lif: leaky integrate-and-fire neuron

Equations
  τ_m dV/dt = -(V - V_rest) + R I

Events
  on V ≥ V_th: V ← V_reset; emit spike

Parameters
  tau_m    10   ms    membrane time constant
  R        10   MOhm
  V_rest   -65  mV
  V_th     -50  mV
  V_reset  -70  mV

Inputs
  I  2  nA  injected current

States and their initial values
  V  V_rest  mV  membrane potential

Variants
  slow (twice as slow): tau_m = 20 [ms]

Simulation
  duration  200 ms
  dt        0.1 ms
  record    V"""

LIF_LATEX = r"""% needs \usepackage{amsmath}

\subsection*{lif: leaky integrate-and-fire neuron}

\begin{align*}
  \tau_{m}\,\frac{dV}{dt} &= -(V - V_{rest}) + R\,I
\end{align*}

\begin{align*}
  &\text{if } V \ge V_{th}\colon && V \leftarrow V_{reset} \\
  &&& \text{emit spike}
\end{align*}

\begin{tabular}{llll}
  \hline
  Parameter & Value & Unit & Meaning \\
  \hline
  $\tau_{m}$ & $10$ & $\mathrm{ms}$ & membrane time constant \\
  $R$ & $10$ & $\mathrm{M\Omega}$ &  \\
  $V_{rest}$ & $-65$ & $\mathrm{mV}$ &  \\
  $V_{th}$ & $-50$ & $\mathrm{mV}$ &  \\
  $V_{reset}$ & $-70$ & $\mathrm{mV}$ &  \\
  \hline
\end{tabular}

\begin{tabular}{llll}
  \hline
  Input & Value & Unit & Meaning \\
  \hline
  $I$ & $2$ & $\mathrm{nA}$ & injected current \\
  \hline
\end{tabular}

\begin{tabular}{llll}
  \hline
  State & Initial value & Unit & Meaning \\
  \hline
  $V$ & $V_{rest}$ & $\mathrm{mV}$ & membrane potential \\
  \hline
\end{tabular}

\begin{tabular}{lp{0.6\textwidth}l}
  \hline
  Variant & Values & Meaning \\
  \hline
  slow & $\tau_{m} = 20\,\mathrm{ms}$ & twice as slow \\
  \hline
\end{tabular}"""

LIF_JSON = {
    "model": "lif",
    "title": "leaky integrate-and-fire neuron",
    "discrete": False,
    "equations": [
        {
            "text": "tau_m*dV/dt = -(V - V_rest) + R*I",
            "latex": r"\tau_{m}\,\frac{dV}{dt} = -(V - V_{rest}) + R\,I",
            "defines": [{"state": "V", "order": 1}],
        }
    ],
    "parameters": [
        {"name": "tau_m", "value": "10", "unit": "ms", "doc": "membrane time constant"},
        {"name": "R", "value": "10", "unit": "MOhm", "doc": None},
        {"name": "V_rest", "value": "-65", "unit": "mV", "doc": None},
        {"name": "V_th", "value": "-50", "unit": "mV", "doc": None},
        {"name": "V_reset", "value": "-70", "unit": "mV", "doc": None},
    ],
    "inputs": [{"name": "I", "value": "2", "unit": "nA", "doc": "injected current"}],
    "noises": [],
    "derived": [],
    "functions": [],
    "states": [{"name": "V", "unit": "mV", "doc": "membrane potential", "order": 1, "initial": {"V": "V_rest"}}],
    "events": [{"kind": "condition", "trigger": "V >= V_th", "actions": ["V = V_reset", "emit spike"], "spikes": True}],
    "variants": [{"name": "slow", "doc": "twice as slow", "values": {"tau_m": "20 [ms]"}}],
    "settings": {"duration": 200.0, "dt": 0.1, "step": None, "time_unit": "ms", "method": None, "events": None, "record": ["V"]},
}

HODGKIN_HUXLEY = """\
param C = 1 [uF/cm^2], g_Na = 120 [mS/cm^2], E_Na = 115 [mV]
input I = pulse(t, 5 [ms], 30 [ms])*10 [uA/cm^2]
init V = 0 [mV], n = steady
I_Na = g_Na*n^3*(1 - n)*(V - E_Na) "sodium current"
alpha_n(V) = 0.01 [1/ms] * (10 - V/[mV]) / (exp((10 - V/[mV])/10) - 1)
beta_n(V) = 0.125 [1/ms] * exp(-V/80 [mV])
C*dV/dt = I - I_Na
dn/dt = alpha_n(V)*(1 - n) - beta_n(V)*n
"""

HODGKIN_HUXLEY_TEXT = """\
hh

Equations
  C dV/dt = I - I_Na
    dn/dt = α_n(V) (1 - n) - β_n(V) n

Derived quantities
  I_Na = g_Na n³ (1 - n) (V - E_Na)   [uA/cm^2]   sodium current

Functions
  α_n(V) = 0.01 [1/ms] (10 - V/[mV])/(exp((10 - V/[mV])/10) - 1)
  β_n(V) = 0.125 [1/ms] exp(-V/80 [mV])

Parameters
  C     1    uF/cm^2
  g_Na  120  mS/cm^2
  E_Na  115  mV

Inputs
  I  pulse(t, 5 [ms], 30 [ms])*10 [uA/cm^2]  uA/cm^2

States and their initial values
  V  0       mV
  n  steady"""

HODGKIN_HUXLEY_ALIGN = r"""\begin{align*}
  C\,\frac{dV}{dt} &= I - I_{Na} \\
  \frac{dn}{dt} &= \alpha_{n}(V)\,(1 - n) - \beta_{n}(V)\,n \\
  I_{Na} &= g_{Na}\,n^{3}\,(1 - n)\,(V - E_{Na}) && \text{sodium current} \\
  \alpha_{n}(V) &= \frac{0.01\,\mathrm{ms^{-1}} \left(10 - \frac{V}{\mathrm{mV}}\right)}{\exp\left(\frac{10 - \frac{V}{\mathrm{mV}}}{10}\right) - 1} \\
  \beta_{n}(V) &= 0.125\,\mathrm{ms^{-1}}\,\exp\left(-\frac{V}{80\,\mathrm{mV}}\right)
\end{align*}"""

EVENTS = """\
param k = 1 [1/ms^2]
init n = 0, x = 1, dx/dt = 0 [1/ms], u = 2
d2x/dt2 = -k*x
du/dt = -u*[1/ms]
on x >= 0.5 and n < 3:
    n += 1
    dx/dt = -dx/dt
    hold u for 2 [ms]
    emit spike
on n >= 9: wait 2 [ms]; stop
at 100 [ms]: u = 0
every 50 [ms]: u *= 0.99
on start: u = 0.5
variant fast: k = 4 [1/ms^2], dx/dt = 1 [1/ms], u = steady
simulate: method rk4; events exact
"""

EVENTS_LATEX = r"""\begin{align*}
  &\text{if } x \ge 0.5 \text{ and } n < 3\colon && n \leftarrow n + 1 \\
  &&& \frac{dx}{dt} \leftarrow -\frac{dx}{dt} \\
  &&& \text{hold } u \text{ for } 2\,\mathrm{ms} \\
  &&& \text{emit spike} \\
  &\text{if } n \ge 9\colon && \text{wait } 2\,\mathrm{ms} \\
  &&& \text{stop} \\
  &\text{at } 100\,\mathrm{ms}\colon && u \leftarrow 0 \\
  &\text{every } 50\,\mathrm{ms}\colon && u \leftarrow u \cdot 0.99 \\
  &\text{at the start}\colon && u \leftarrow 0.5
\end{align*}"""

EVENTS_TEXT = """\
Events
  on x ≥ 0.5 and n < 3: n ← n + 1; dx/dt ← -dx/dt; hold u for 2 [ms]; emit spike
  on n ≥ 9: wait 2 [ms]; stop
  at 100 [ms]: u ← 0
  every 50 [ms]: u ← u·0.99
  on start: u ← 0.5

Parameters
  k  1  1/ms^2

States and their initial values
  n      0
  x      1
  dx/dt  0  1/ms
  u      2

Variants
  fast: k = 4 [1/ms^2], dx/dt = 1 [1/ms], u = steady

Simulation
  method  rk4
  events  exact"""

EVENTS_JSON = [
    {
        "kind": "condition",
        "trigger": "x >= 0.5 and n < 3",
        "actions": ["n = n + 1", "dx/dt = -dx/dt", "hold u for 2 [ms]", "emit spike"],
        "spikes": True,
    },
    {"kind": "condition", "trigger": "n >= 9", "actions": ["wait 2 [ms]", "stop"], "spikes": False},
    {"kind": "at", "trigger": "100 [ms]", "actions": ["u = 0"], "spikes": False},
    {"kind": "every", "trigger": "50 [ms]", "actions": ["u = u*0.99"], "spikes": False},
    {"kind": "start", "trigger": None, "actions": ["u = 0.5"], "spikes": False},
]


ESCAPE_NOISE = """\
param tau = 10 [ms], rho ~ lognormal(0, 0.5) [1/ms] "rate at threshold", D = 2 [mV], sigma = 1 [mV]
param gamma ~ gamma(2, 3), V_0 ~ normal(D, 1 [mV])
noise xi_1 "membrane noise", eta
init V ~ uniform(-65, -50) [mV], n = 0.3
I_n = sigma*sqrt(2/tau)*(xi_1 + eta)
dV/dt = -(V - V_0)/tau + I_n
dn/dt = -n/tau*gamma
on rate rho*exp(V/D): V = 0; emit spike
on chance 5 [%]: n = 0
"""

ESCAPE_NOISE_TEXT = """\
escape

Equations
  dV/dt = -(V - V_0)/τ + I_n
  dn/dt = -n/τ·γ

Derived quantities
  I_n = σ sqrt(2/τ) (ξ_1 + η)   [mV/ms]

Events
  on rate ρ exp(V/D): V ← 0; emit spike
  on chance 5 [%]: n ← 0

Parameters
  tau    10                   ms
  rho    ~ lognormal(0, 0.5)  1/ms  rate at threshold
  D      2                    mV
  sigma  1                    mV
  gamma  ~ gamma(2, 3)
  V_0    ~ normal(D, 1 [mV])  mV

Noises
  xi_1  1/ms^(1/2)  membrane noise
  eta   1/ms^(1/2)

States and their initial values
  V  ~ uniform(-65, -50)  mV
  n  0.3"""

ESCAPE_NOISE_LATEX = [
    r"""\begin{align*}
  &\text{at rate } \rho\,\exp\left(\frac{V}{D}\right)\colon && V \leftarrow 0 \\
  &&& \text{emit spike} \\
  &\text{with probability } 5\,\mathrm{\%}\colon && n \leftarrow 0
\end{align*}""",
    r"""\begin{tabular}{llll}
  \hline
  Parameter & Value & Unit & Meaning \\
  \hline
  $\tau$ & $10$ & $\mathrm{ms}$ &  \\
  $\rho$ & $\sim \mathrm{lognormal}(0, 0.5)$ & $\mathrm{ms^{-1}}$ & rate at threshold \\
  $D$ & $2$ & $\mathrm{mV}$ &  \\
  $\sigma$ & $1$ & $\mathrm{mV}$ &  \\
  $\gamma$ & $\sim \mathrm{gamma}(2, 3)$ &  &  \\
  $V_{0}$ & $\sim \mathrm{normal}(D, 1\,\mathrm{mV})$ & $\mathrm{mV}$ &  \\
  \hline
\end{tabular}""",
    r"""\begin{tabular}{lll}
  \hline
  Noise & Unit & Meaning \\
  \hline
  $\xi_{1}$ & $\mathrm{ms^{-1/2}}$ & membrane noise \\
  $\eta$ & $\mathrm{ms^{-1/2}}$ &  \\
  \hline
\end{tabular}""",
    r"""\begin{tabular}{lll}
  \hline
  State & Initial value & Unit \\
  \hline
  $V$ & $\sim \mathrm{uniform}(-65, -50)$ & $\mathrm{mV}$ \\
  $n$ & $0.3$ &  \\
  \hline
\end{tabular}""",
]

MAP = """\
# map.neuro - a map
param a = 0.9
init x ~ normal(0, 1), u = 0
next x = a*x + tanh(u) "activity", u = x
on chance x^2: u = 1
simulate: step 1 [ms]; duration 100 [ms]
"""

MAP_TEXT = """\
map: a map

Equations
  next x = a x + tanh(u)
  next u = x

Events
  on chance x²: u ← 1; emit spike

Parameters
  a  0.9

States and their initial values
  x  ~ normal(0, 1)  activity
  u  0

Simulation
  duration  100 ms
  step      1 ms"""


def shown(text: str, form: str, name: str = "test.neuro") -> str:
    return exporters()[form].render(model_of(text, name))


def test_the_exporters_are_found_by_name() -> None:
    assert list(exporters()) == ["json", "latex", "markdown", "mathml", "text"]


def test_a_lif_neuron_is_shown_as_a_page() -> None:
    assert shown(LIF, "text", "lif.neuro") == LIF_TEXT


def test_a_lif_neuron_is_shown_as_latex() -> None:
    assert shown(LIF, "latex", "lif.neuro") == LIF_LATEX


def test_a_lif_neuron_is_shown_as_json() -> None:
    assert json.loads(shown(LIF, "json", "lif.neuro")) == LIF_JSON


def test_a_hodgkin_huxley_neuron_is_shown_as_a_page() -> None:
    assert shown(HODGKIN_HUXLEY, "text", "hh.neuro") == HODGKIN_HUXLEY_TEXT


def test_a_hodgkin_huxley_neuron_is_shown_as_latex() -> None:
    assert shown(HODGKIN_HUXLEY, "latex").split("\n\n")[2] == HODGKIN_HUXLEY_ALIGN


def test_the_json_of_a_hodgkin_huxley_neuron_holds_its_functions_and_derived_quantities() -> None:
    found = json.loads(shown(HODGKIN_HUXLEY, "json"))
    assert found["derived"] == [
        {
            "name": "I_Na",
            "text": "I_Na = g_Na*n^3*(1 - n)*(V - E_Na)",
            "latex": r"I_{Na} = g_{Na}\,n^{3}\,(1 - n)\,(V - E_{Na})",
            "unit": "uA/cm^2",
            "doc": "sodium current",
            "constant": False,
        }
    ]
    assert found["functions"][1] == {
        "name": "beta_n",
        "arguments": ["V"],
        "text": "beta_n(V) = 0.125 [1/ms]*exp(-V/80 [mV])",
        "latex": r"\beta_{n}(V) = 0.125\,\mathrm{ms^{-1}}\,\exp\left(-\frac{V}{80\,\mathrm{mV}}\right)",
    }


def test_every_kind_of_event_is_shown_as_a_page() -> None:
    assert shown(EVENTS, "text")[-len(EVENTS_TEXT) :] == EVENTS_TEXT


def test_every_kind_of_event_is_shown_as_latex() -> None:
    assert shown(EVENTS, "latex").split("\n\n")[3] == EVENTS_LATEX


def test_every_kind_of_event_is_shown_as_json() -> None:
    assert json.loads(shown(EVENTS, "json"))["events"] == EVENTS_JSON


def test_noise_hazards_and_distributions_are_shown_as_a_page() -> None:
    assert shown(ESCAPE_NOISE, "text", "escape.neuro") == ESCAPE_NOISE_TEXT


def test_noise_hazards_and_distributions_are_shown_as_latex() -> None:
    assert shown(ESCAPE_NOISE, "latex").split("\n\n")[3:] == ESCAPE_NOISE_LATEX


def test_noise_hazards_and_distributions_are_shown_as_json() -> None:
    found = json.loads(shown(ESCAPE_NOISE, "json"))
    assert found["noises"] == [
        {"name": "xi_1", "unit": "1/ms^(1/2)", "doc": "membrane noise"},
        {"name": "eta", "unit": "1/ms^(1/2)", "doc": None},
    ]
    assert found["parameters"][1] == {"name": "rho", "value": "~ lognormal(0, 0.5)", "unit": "1/ms", "doc": "rate at threshold"}
    assert [state["initial"] for state in found["states"]] == [{"V": "~ uniform(-65, -50)"}, {"n": "0.3"}]
    assert [(event["kind"], event["trigger"]) for event in found["events"]] == [("rate", "rho*exp(V/D)"), ("chance", "5 [%]")]


def test_a_map_is_shown_as_a_page() -> None:
    assert shown(MAP, "text", "map.neuro") == MAP_TEXT


def test_the_next_value_of_a_map_has_a_plus_in_latex() -> None:
    assert shown(MAP, "latex").split("\n\n")[2] == "\\begin{align*}\n  x^{+} &= a\\,x + \\tanh(u) \\\\\n  u^{+} &= x\n\\end{align*}"


def test_a_map_is_shown_as_json() -> None:
    found = json.loads(shown(MAP, "json"))
    first = {"text": "next x = a*x + tanh(u)", "latex": r"x^{+} = a\,x + \tanh(u)", "defines": [{"state": "x", "order": 1}]}
    assert (found["discrete"], found["equations"][0], found["settings"]["step"]) == (True, first, 1.0)


def test_a_variant_may_start_a_derivative_and_a_steady_state_in_latex() -> None:
    expected = r"fast & $k = 4\,\mathrm{ms^{-2}}$, $\frac{dx}{dt} = 1\,\mathrm{ms^{-1}}$, $u = \text{steady}$ \\"
    assert shown(EVENTS, "latex").splitlines()[-3].strip() == expected


def test_the_states_of_json_say_their_order_and_each_initial_value() -> None:
    states = json.loads(shown("init dx/dt = 1\nd2x/dt2 = -x", "json"))["states"]
    assert states == [{"name": "x", "unit": "1", "doc": None, "order": 2, "initial": {"x": None, "dx/dt": "1"}}]


def test_an_initial_value_that_is_left_out_is_shown_as_0() -> None:
    assert shown("dx/dt = 1 - x", "text") == "test\n\nEquations\n  dx/dt = 1 - x\n\nStates and their initial values\n  x  0"


def test_a_value_in_another_unit_than_its_column_keeps_its_unit() -> None:
    model = "param a = 1 [s] + 5 [ms]\ninit x = 1\ndx/dt = -x/a"
    assert shown(model, "text").split("\n\n")[2] == "Parameters\n  a  1 [s] + 5 [ms]  s"


@pytest.mark.parametrize("path", SINGLE.values(), ids=lambda path: path.stem)
def test_the_latex_of_a_shipped_model_closes_what_it_opens(path: Path) -> None:
    latex = shown(path.read_text(encoding="utf-8"), "latex", path.name)
    bare = re.sub(r"\\[{}]", "", latex)
    assert bare.count("{") == bare.count("}")
    assert latex.count(r"\left") - latex.count(r"\leftarrow") == latex.count(r"\right")
    opened: list[str] = []
    for word, name in re.findall(r"\\(begin|end)\{(.*?)\}", latex):
        assert word == "begin" or opened.pop() == name
        opened += [name] * (word == "begin")
    assert opened == []


@pytest.mark.parametrize("path", SINGLE.values(), ids=lambda path: path.stem)
def test_every_quantity_of_a_shipped_model_is_on_its_page(path: Path) -> None:
    model = model_of(path.read_text(encoding="utf-8"), path.name)
    listed = {line.split()[0].partition("[")[0] for line in exporters()["text"].render(model).splitlines() if line.startswith("  ")}
    assert {*model.parameters, *model.inputs, *model.states} - listed == set()
