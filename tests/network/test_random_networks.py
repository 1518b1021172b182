"""Networks put together at random: the kernel and the interpreter agree, and weights stay between their bounds."""

from __future__ import annotations

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from network.both import assert_same, both

NEURONS = (
    """
model {name}:
    param tau = {tau}, drive = {drive}
    input I = 0
    init v = 0, g = 0
    tau*dv/dt = -v + drive + I + g
    5*dg/dt = -g
    on v >= 1: v = 0{more}
""",
    """
model {name}:
    param tau = {tau}, drive = {drive}
    input I = 0
    init v = 0, g = 0, a = 0
    tau*dv/dt = 2*v*(v - 0.6) + drive + I + g*(2 - v) - a
    5*dg/dt = -g
    30*da/dt = -a
    on v > 1: v = -0.1; a += 0.1{more}
""",
)
SYNAPSES = {
    "jump": """
synapse jump:
    param w = 0.1
    on pre: post.g += w
""",
    "pulse": """
synapse pulse:
    param w = 0.1
    on pre: post.I += w/dt
""",
    "stdp": """
synapse stdp:
    param A_plus = 0.3, A_minus = 0.35, tau_plus = 10, tau_minus = 14, w_min = 0, w_max = 0.2
    init w ~ uniform(0, 0.2), x = 0, y = 0
    tau_plus*dx/dt = -x
    tau_minus*dy/dt = -y
    on pre:
        post.g += w
        x += 1
        w -= min(A_minus*y, 1)*(w - w_min)
    on post:
        y += 1
        w += min(A_plus*x, 1)*(w_max - w)
""",
    "fading": """
synapse fading:
    param U = 0.4, tau_r = 40, w = 0.3
    init R = 1
    tau_r*dR/dt = 1 - R
    on pre: post.g += w*U*R; R -= U*R
""",
    "gap": """
synapse gap:
    param k = 0.2
    post.I += k*(pre.v - post.v)
""",
    "slow": """
synapse slow:
    param w = 0.05
    init r = 0, s = 0
    dr/dt = (s - r)/4
    ds/dt = -s/6
    post.I += w*r
    on pre: s += 1
""",
    "late": """
synapse late:
    init n = 0, m = 0
    10*dm/dt = -m
    on pre: n += 1; post.g += 0.02*m
    on pre after 0.3: post.g += 0.02*n
    on post: m += 1
    on post after 0.5: n -= 0.5*n
""",
    "depressing": """
synapse depressing:
    param tau_r = 30, tau_f = 20, U = 0.3, w = 0.3
    init R = 1, u = 0.3
    tau_r*dR/dt = 1 - R
    tau_f*du/dt = U - u
    on pre: u += U*(1 - u); post.I += w*u*R/dt; R -= u*R
""",
    "homeostatic": """
synapse homeostatic:
    param w_0 = 0.1
    init w ~ uniform(0.05, 0.15), z = 0
    50*dw/dt = w_0 - w
    20*dz/dt = w - z
    on pre: post.g += w
    on post: w -= 0.1*z
""",
}
RULES = ("all to all", "all to all, no self", "probability 0.6", "probability 0.8, no self", "all to all, where (i + 2*j) mod 3 != 0", "indegree 1")
DELAYS = ("", "", ", delay 0.2", ", delay 1.1", ", delay 0.2 + 0.2*((i + j) mod 3)", ", delay uniform(0.2, 1.5)")


@st.composite
def networks(draw: st.DrawFn, least: int = 1, most: int = 5) -> str:
    """The text of a network of one to three populations, of ``least`` to ``most`` neurons each, with one to four projections."""
    count = draw(st.integers(1, 3))
    text, populations = "", []
    for k in range(count):
        more = draw(st.sampled_from(["", "; hold v for 1", "; hold v for 0.2*tau"]))
        tau, drive = draw(st.integers(4, 20)), draw(st.sampled_from([0.0, 0.9, 1.2, 1.7]))
        text += draw(st.sampled_from(NEURONS)).format(name=f"m{k}", tau=tau, drive=drive, more=more)
        populations.append((f"N{k}", draw(st.integers(least, most))))
    chosen = draw(st.lists(st.sampled_from(list(SYNAPSES)), min_size=1, max_size=4))
    text += "".join(SYNAPSES[name] for name in dict.fromkeys(chosen)) + "\nnetwork net:\n"
    for k, (name, size) in enumerate(populations):
        text += f"    population {name} = m{k}[{size}] with v ~ uniform(0, 0.9), drive = {1 + 0.3 * k} + 0.1*i\n"
    text += f"    population P = poisson[{draw(st.integers(1, 6))}] with rate = 0.1\n"
    for synapse in chosen:
        sources = [n for n, _ in populations] + ([] if synapse in ("gap",) else ["P"])
        rule = draw(st.sampled_from(RULES))
        delay = "" if synapse == "gap" else draw(st.sampled_from(DELAYS))
        target, size = draw(st.sampled_from(populations))
        part = draw(st.sampled_from([target, f"{target}[{draw(st.integers(0, size - 1))}:{size}]"]))
        text += f"    connect {draw(st.sampled_from(sources))} -> {part} with {synapse}, {rule}{delay}\n"
    return text + "    simulate:\n        duration 40\n        dt 0.1\n"


@settings(max_examples=12, phases=[Phase.generate])  # smaller examples take minutes to find
@given(networks(), st.integers(0, 5), st.booleans())
def test_a_network_put_together_at_random_runs_as_its_interpreter(text: str, seed: int, every_step: bool) -> None:
    run = both(text, seed=seed, every_step=every_step)
    assert_same(run, 1e-7)
    for name, states in run.synapses.items():
        if "w" in states and len(states["w"]):
            assert 0 <= states["w"].min() <= states["w"].max() <= 0.2, name


@settings(max_examples=5, phases=[Phase.generate])
@given(networks(2), st.integers(0, 5))
def test_drives_of_each_neuron_run_as_the_interpreter_has_them(text: str, seed: int) -> None:
    drive = "I = height*(i + 1)*pulse(t, 3 + i, 12) + 0.1*sine(t, 0.02*i)"
    text = text.replace(" + 0.1*i\n", f" + 0.1*i, {drive}\n").replace("network net:\n", "network net:\n    param height = 0.4\n")
    assert_same(both(text, seed=seed), 1e-7)
