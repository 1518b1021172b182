"""The rate of a neuron in white noise, against Siegert's formula.

A leaky integrate-and-fire neuron in white noise is the model ``stochastic_lif`` of the library:

    tau*dV/dt = mu - V + sigma*sqrt(2*tau)*xi
    on V >= V_th: V = V_reset

Its rate in continuous time is known (Siegert 1951, doi:10.1103/PhysRev.81.617; Brunel, Sergi 1998, doi:10.1006/jtbi.1998.0782):

    1/rate = tau*sqrt(pi) * integral of exp(x^2)*(1 + erf(x)) from (V_reset - mu)/(sqrt(2)*sigma) to (V_th - mu)/(sqrt(2)*sigma)

A simulation that looks at the threshold at the ends of its steps alone misses the excursions in between, so its rate is too low, by an error that falls as
the square root of dt only. To first order it sees the threshold of continuous time 0.5826*sigma*sqrt(2*dt/tau) higher (Broadie, Glasserman, Kou 1997,
doi:10.1111/1467-9965.00035; 0.5826 is -zeta(1/2)/sqrt(2*pi)). The script shows the series of rates over dt, what the shifted threshold predicts for it, and the
rates with the threshold lowered by that much, whose error falls as dt; and it extrapolates both series to dt = 0.

Run it as ``python 01_noisy_neuron_rate.py``, with ``--plot rate.png`` for a figure, with ``--trials 40`` for smaller errors.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad
from scipy.special import erfcx

import neurodsl as nd

TAU, MU, SIGMA, V_TH, V_RESET = 10.0, -52.0, 3.0, -50.0, -70.0
STEPS = (0.4, 0.2, 0.1, 0.05)
TRIAL = 100.0
"""Seconds of one trial."""
PLAIN, CORRECTED = (0, 0.5, 1), (0, 1)
"""The powers of dt in the rate of the plain simulation, and with the threshold lowered."""


@dataclass(frozen=True)
class Rate:
    """A rate in Hz and its standard error."""

    hz: float
    error: float


def siegert(v_th: float = V_TH) -> float:
    """Return the rate in Hz of the neuron in continuous time."""
    low, high = ((v - MU) / (math.sqrt(2) * SIGMA) for v in (V_RESET, v_th))
    integral, _ = quad(lambda x: erfcx(-x), low, high, epsabs=0, epsrel=1e-12)  # erfcx(-x) = exp(x^2)*(1 + erf(x)), without overflow
    return 1000 / (TAU * math.sqrt(math.pi) * integral)


def shift(dt: float) -> float:
    """Return by how many mV the threshold seems higher where it is looked at every dt ms."""
    return 0.5826 * SIGMA * math.sqrt(2 * dt / TAU)


def simulated(dt: float, trials: int, v_th: float = V_TH) -> Rate:
    """Return the rate of the simulation over some trials, copies of the model with their own noise."""
    values = {"tau": TAU, "mu": MU, "sigma": SIGMA, "V_th": v_th, "V_reset": V_RESET}
    run = nd.load("stochastic_lif").simulate(duration=f"{TRIAL} [s]", dt=dt, seed=1, copies=trials, set=values, record=["spikes"])
    isi = np.concatenate([np.diff(run.spikes.times[run.spikes.copy == copy]) for copy in range(trials)])
    hz = 1000 / isi.mean()
    return Rate(hz, hz * isi.std() / isi.mean() / math.sqrt(len(isi)))


def extrapolated(series: dict[float, Rate], powers: tuple[float, ...]) -> Rate:
    """Return the rate at dt = 0 of a sum of powers of dt, 0 among them, that fits a series, with its standard error."""
    weights = 1 / np.array([rate.error for rate in series.values()])
    design = np.array([[dt**power for power in powers] for dt in series]) * weights[:, None]
    coefficients = np.linalg.lstsq(design, weights * [rate.hz for rate in series.values()])[0]
    at = powers.index(0)
    return Rate(float(coefficients[at]), math.sqrt(float(np.linalg.inv(design.T @ design)[at, at])))


def percent(rate: float, reference: float) -> float:
    """Return by how many percent a rate differs from a reference."""
    return 100 * (rate / reference - 1)


def draw(series: dict[float, Rate], corrected: dict[float, Rate], path: str) -> None:
    """Draw the series of rates over sqrt(dt)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot(xlabel="sqrt(dt / ms)", ylabel="rate (Hz)", title="Rate of a leaky integrate-and-fire neuron in white noise")
    dense = np.linspace(0, math.sqrt(max(series)), 50)
    axes.axhline(siegert(), color="black", linewidth=1, label="Siegert")
    axes.plot(dense, [siegert(V_TH + shift(root**2)) for root in dense], "--", color="C0", label="Siegert with the shifted threshold")
    for rates, name, colour in ((series, "simulated", "C0"), (corrected, "simulated with the threshold lowered", "C1")):
        bars = [2 * rate.error for rate in rates.values()]
        axes.errorbar(np.sqrt(list(rates)), [rate.hz for rate in rates.values()], bars, fmt="o", color=colour, label=name)
    axes.legend(frameon=False)
    figure.savefig(path)


def main(arguments: list[str] | None = None) -> None:
    """Print the series and the two estimates, and draw them where a file is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=16, help=f"trials of {TRIAL:g} s for each dt")
    parser.add_argument("--plot", metavar="FILE", help="draw the figure")
    asked = parser.parse_args(arguments)

    exact = siegert()
    series = {dt: simulated(dt, asked.trials) for dt in STEPS}
    corrected = {dt: simulated(dt, asked.trials, V_TH - shift(dt)) for dt in STEPS}
    print(f"Siegert's formula: {exact:.4f} Hz\n")
    print("  dt (ms)   rate (Hz)           error     predicted   threshold lowered")
    for dt, rate in series.items():
        told, mended = siegert(V_TH + shift(dt)), percent(corrected[dt].hz, exact)
        print(f"  {dt:<9g} {rate.hz:.3f} +- {rate.error:.3f}   {percent(rate.hz, exact):+.2f} %   {percent(told, exact):+.2f} %     {mended:+.2f} %")
    print("\nextrapolated to dt = 0:")
    for rates, name, powers in ((series, "plain", PLAIN), (corrected, "threshold lowered", CORRECTED)):
        limit = extrapolated(rates, powers)
        print(f"  {name:<17}  {limit.hz:.3f} +- {limit.error:.3f} Hz, {percent(limit.hz, exact):+.2f} %")
    if asked.plot:
        draw(series, corrected, asked.plot)


if __name__ == "__main__":
    main()
