"""Random models in which nothing is wrong: neurons, gates, oscillators, plasticity, with random parameters and names."""

from __future__ import annotations

import random
from collections.abc import Callable

SYLLABLES = ("ka", "ro", "mi", "tes", "ul", "vo", "zan", "E", "Q", "S", "lam", "gam", "N", "phi")


class Names:
    """Makes names that differ from one another and from the words of the language."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.known = chance, set[str]()

    def __call__(self) -> str:
        while True:
            name = "".join(self.chance.choices(SYLLABLES, k=2)) + self.chance.choice(("", "_1", "_x", "_inf"))
            if name.casefold() not in self.known and not name.startswith("d"):
                self.known.add(name.casefold())
                return name


def leaky(c: random.Random, n: Names) -> str:
    """Return a leaky integrate-and-fire neuron whose drive passes the threshold, with a pulse in every third."""
    V, tau, R, rest, threshold, reset, drive = (n() for _ in range(7))
    tau_m, r, e = c.uniform(5, 30), c.uniform(5, 50), c.uniform(-75, -60)
    gap = c.uniform(5, 25)
    current = gap / r * c.uniform(1.3, 4)
    pulse = f" * pulse(t, 10 [ms], {10 + 5 * tau_m:.6g} [ms])" if c.random() < 0.3 else ""
    return f"""
param {tau} = {tau_m:.6g} [ms], {R} = {r:.6g} [MOhm], {rest} = {e:.6g} [mV], {threshold} = {e + gap:.6g} [mV], {reset} = {e - c.uniform(0, 8):.6g} [mV]
input {drive} = {current:.6g} [nA]{pulse}
init {V} = {rest}
{tau}*d{V}/dt = -({V} - {rest}) + {R}*{drive}
on {V} >= {threshold}: {V} = {reset}{f"; hold {V} for 2 [ms]" if c.random() < 0.3 else ""}
simulate: duration 200 [ms]; dt 0.1 [ms]{c.choice(("", "; method euler", "; method rk4"))}
"""


def dimensionless(c: random.Random, n: Names) -> str:
    """Return an integrate-and-fire neuron without units, whose spikes feed an adaptation current or a synaptic trace."""
    V, w, I, th = (n() for _ in range(4))
    return f"""
param {th} = {c.uniform(0.5, 1.5):.4g}
input {I} = {c.uniform(3, 6):.4g}
init {V} = 0, {w} = 0
d{V}/dt = -{V} + {I} - {w}
d{w}/dt = -{w}/{c.uniform(2, 20):.4g}
on {V} > {th}: {V} = 0; {w} += {c.uniform(0.05, 0.5):.4g}
simulate: duration 100; dt 0.01
"""


def gated(c: random.Random, n: Names) -> str:
    """Return a conductance-based neuron of two dimensions after Morris and Lecar, its gate drawn inside [0, 1]."""
    V, w, I = (n() for _ in range(3))
    start = c.choice(
        (f"init {w} = steady", f"init {w} = {c.uniform(0, 1):.3g}", f"init {w} ~ uniform(0, {c.uniform(0.2, 1):.3g})", f"init {w} ~ beta(2, 5)")
    )
    return f"""
param C = {c.uniform(15, 25):.4g} [uF/cm^2], g_L = {c.uniform(1.5, 2.5):.4g} [mS/cm^2], g_Ca = {c.uniform(4, 5):.4g} [mS/cm^2], g_K = {c.uniform(7, 9):.4g} [mS/cm^2]
param E_L = -60 [mV], E_Ca = 120 [mV], E_K = {c.uniform(-90, -80):.4g} [mV], phi = {c.uniform(0.03, 0.06):.4g} [1/ms]
input {I} = {c.uniform(90, 110):.4g} [uA/cm^2]
init {V} = -60 [mV]
{start} "potassium activation"
C*d{V}/dt = {I} - g_L*({V} - E_L) - g_Ca*(1 + tanh(({V} + 1.2 [mV])/18 [mV]))/2*({V} - E_Ca) - g_K*{w}*({V} - E_K)
d{w}/dt = phi*((1 + tanh(({V} - 2 [mV])/30 [mV]))/2 - {w})*cosh(({V} - 2 [mV])/60 [mV])
on {V} >= 0 [mV]: emit spike
simulate: duration 100 [ms]; dt 0.1 [ms]
"""


def channel(c: random.Random, n: Names) -> str:
    """Return a passive membrane with a gate whose rates are never negative."""
    V, x, E = (n() for _ in range(3))
    a, b, k = c.uniform(0.05, 1), c.uniform(0.05, 1), c.uniform(10, 80)
    flow = f"{a:.4g} [1/ms] * exp({V}/{k:.4g} [mV])*(1 - {x}) - {b:.4g} [1/ms] * exp(-{V}/{k:.4g} [mV])*{x}"
    if c.random() < 0.5:
        flow = f"(1/(1 + exp(-({V} + 40 [mV])/{k / 5:.4g} [mV])) - {x})/{c.uniform(1, 20):.4g} [ms]"
    return f"""
param g = {c.uniform(1, 40):.4g} [mS/cm^2], {E} = {c.uniform(-90, 60):.4g} [mV]
init {V} = -65 [mV], {x} = {c.uniform(0, 1):.3g} "gate"
1 [uF/cm^2]*d{V}/dt = g*{x}^{c.randint(1, 4)}*({E} - {V}) + 0.3 [mS/cm^2] * (-65 [mV] - {V})
d{x}/dt = {flow}
simulate: duration 100 [ms]; dt 0.01 [ms]
"""


def relaxation(c: random.Random, n: Names) -> str:
    """Return a neuron after FitzHugh and Nagumo, or in the form with v(1 - v)(v - a), at rest or oscillating."""
    v, w, I, eps = (n() for _ in range(4))
    cubic = f"{v} - {v}^3/3" if c.random() < 0.6 else f"{v}*(1 - {v})*({v} - {c.uniform(0.1, 0.3):.3g})"
    mark = f"\non {v} >= {c.uniform(0.3, 0.9):.3g}: emit spike" if c.random() < 0.5 else ""
    return f"""
param {eps} = {c.uniform(0.01, 0.1):.4g}
input {I} = {c.uniform(0, 1.5):.4g}
init {v} = {c.uniform(-1, 1.2):.4g}, {w} = {c.uniform(-0.5, 0.5):.4g}
d{v}/dt = {cubic} - {w} + {I}
d{w}/dt = {eps}*({v} + {c.uniform(0.5, 0.9):.4g} - {c.uniform(0.2, 0.9):.4g}*{w}){mark}
simulate: duration 100; dt 0.05{c.choice(("", "; method rk4", "; method rk45"))}
"""


def exponential(c: random.Random, n: Names) -> str:
    """Return an integrate-and-fire neuron with an exponential or quadratic upstroke; the exponential grows where it should."""
    V, T, I = (n() for _ in range(3))
    rise = f"exp({V} - {T}) if {V} > {T} else 0" if c.random() < 0.5 else f"({V} - {T})^2"
    return f"""
param {T} = {c.uniform(0.5, 1.5):.4g}
input {I} = {c.uniform(3, 6):.4g}
init {V} = 0
d{V}/dt = -{V} + ({rise}) + {I}
on {V} >= {c.uniform(4, 8):.4g}: {V} = {c.uniform(-1, 0):.4g}
simulate: duration 50; dt 0.01
"""


def plastic(c: random.Random, n: Names) -> str:
    """Return the rule of pairs, by traces, by spike times, or with hard bounds."""
    w, x, y, up, down = (n() for _ in range(5))
    tau, first, second = (c.uniform(5, 40) for _ in range(3))
    A, B = c.uniform(0.001, 0.1), c.uniform(0.001, 0.1)
    head = f"param {up} = {c.uniform(1, 3):.4g}, {down} = {c.choice((0, 0.1))}\ninit {w} ~ uniform({down}, {up})\n"
    if c.random() < 0.4:
        pre, post = n(), n()
        kernel = f"{A:.4g}*exp(({pre} - {post})/{tau:.4g} [ms])*({up} - {w}) if {pre} <= {post} else -{B:.4g}*exp(({post} - {pre})/{tau:.4g} [ms])*({w} - {down})"
        times = f"every {first:.4g} [ms]: {pre} = t; {w} += change\nevery {second:.4g} [ms]: {post} = t; {w} += change\n"
        return f"{head}init {pre} = 0 [ms], {post} = 0 [ms]\nchange = {kernel}\n{times}"
    rise, fall = f"{w} += {A:.4g}*({up} - {w})*{x}", f"{w} -= {B:.4g}*({w} - {down})*{y}"
    if c.random() < 0.5:
        rise, fall = f"{w} = clip({w} + {A:.4g}*{x}, {down}, {up})", f"{w} = clip({w} - {B:.4g}*{y}, {down}, {up})"
    flows = f"{tau:.4g} [ms]*d{x}/dt = -{x}\n{tau * c.uniform(0.5, 2):.4g} [ms]*d{y}/dt = -{y}\n"
    return f"{head}init {x} = 0, {y} = 0\n{flows}every {first:.4g} [ms]: {x} += 1; {fall}\nevery {second:.4g} [ms]: {y} += 1; {rise}\n"


def population(c: random.Random, n: Names) -> str:
    """Return two populations after Wilson and Cowan."""
    E, I, S = (n() for _ in range(3))
    return f"""
param tau = {c.uniform(1, 20):.4g} [ms], {S}_gain = {c.uniform(1, 2):.4g}
input P = {c.uniform(0, 3):.4g}
init {E} = {c.uniform(0, 1):.3g}, {I} ~ uniform(0, 1)
{S}(u) = 1/(1 + exp(-{S}_gain*(u - 4)))
tau*d{E}/dt = -{E} + (1 - {E})*{S}({c.uniform(8, 16):.4g}*{E} - {c.uniform(4, 12):.4g}*{I} + P)
tau*d{I}/dt = -{I} + {S}({c.uniform(8, 16):.4g}*{E} - {c.uniform(1, 4):.4g}*{I})
simulate: duration 100 [ms]; dt 0.1 [ms]
"""


def noisy(c: random.Random, n: Names) -> str:
    """Return a noisy leaky neuron below threshold, which its noise takes there, or one with escape noise."""
    V, tau, rest = (n() for _ in range(3))
    head = f"param {tau} = {c.uniform(5, 30):.4g} [ms], {rest} = -65 [mV]\ninit {V} = {rest}\n"
    if c.random() < 0.5:
        flow = f"{tau}*d{V}/dt = {rest} - {V} + {c.uniform(2, 6):.4g} [mV] * sqrt(2*{tau})*xi\n"
        return f"noise xi\n{head}{flow}on {V} >= -50 [mV]: {V} = -70 [mV]\nsimulate: duration 100 [ms]; dt 0.1 [ms]\n"
    return f"{head}{tau}*d{V}/dt = {rest} - {V}\non rate 0.1 [1/ms] * exp(({V} + 60 [mV])/2 [mV]): {V} = -70 [mV]\n"


def awaiting(c: random.Random, n: Names) -> str:
    """Return a cell that is driven through synaptic conductances which a network raises."""
    v, ge = n(), n()
    return f"""
init {v} = -65 [mV], {ge} = 0 [nS]
param {ge}_tau = {c.uniform(2, 10):.4g} [ms], C = {c.uniform(100, 300):.4g} [pF]
C*d{v}/dt = -10 [nS] * ({v} + 65 [mV]) - {ge}*{v}
{ge}_tau*d{ge}/dt = -{ge}
on {v} >= -50 [mV]: {v} = -65 [mV]; hold {v} for {c.uniform(1, 5):.3g} [ms]
simulate: duration 100 [ms]; dt 0.1 [ms]
"""


KINDS: tuple[Callable[[random.Random, Names], str], ...] = (
    leaky, dimensionless, gated, channel, relaxation, exponential, plastic, population, noisy, awaiting,
)  # fmt: skip


def sound_model(number: int) -> str:
    """Return a sound model; the same number gives the same one."""
    chance = random.Random(number)
    return KINDS[number % len(KINDS)](chance, Names(chance))
