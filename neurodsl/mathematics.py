"""What the mathematics of a model answers: where it rests, what is stable, when it fires, what its phase plane looks like."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.given import Values, seed_of
from neurodsl.options import number_in
from neurodsl.units import describe

if TYPE_CHECKING:
    from neurodsl.analysis.bifurcations import Bifurcations
    from neurodsl.analysis.cycles import Cycle
    from neurodsl.analysis.diagram import Diagram
    from neurodsl.analysis.domain import Box
    from neurodsl.analysis.firing import FiringCurve
    from neurodsl.analysis.frozen import Frozen
    from neurodsl.analysis.lyapunov import Spectrum
    from neurodsl.analysis.phase_line import PhaseLine
    from neurodsl.analysis.points import FixedPoints
    from neurodsl.analysis.portrait import Portrait
    from neurodsl.analysis.prc import Response
    from neurodsl.analysis.returns import ReturnMap
    from neurodsl.analysis.stability import Jacobian, Stability


INSIDE = (0.37, 0.71)
"""Parts of an interval at which a network is made anew, to see whether its connections stay: not its ends, where weights may vanish."""


OWNED = re.compile(r" -> |\[")
"""In the name of what synapses or single neurons have: `E -> I.w`, `E.a[2]`. It has a value of its own and shapes no connection."""


class Mathematics(ABC):
    """The questions that are asked of a model at given values of its parameters; the analysis is loaded when the first is asked."""

    @abstractmethod
    def frozen(self, *, variant: str | None = None, set: Values = None, input: Values = None, time: float = 0.0, **values: Any) -> Frozen:
        """Return the mathematics of the model at given values of its parameters."""

    def fixed_points(
        self, box: Box | None = None, *, variant: str | None = None, set: Values = None, input: Values = None, **values: Any
    ) -> FixedPoints:
        """Return the states at which nothing changes, with their eigenvalues and their type, and whether these are all.

        Parameters
        ----------
        box : mapping of str to (float or str, float or str)
            Between which values of a state they are looked for. Default: everywhere where that can be decided, else within -150 and 150 mV for voltages
            and -100 and 100 for other states; the answer says which.
        variant, set, input, **values
            As in :meth:`frozen`.

        Raises
        ------
        NeuroError
            For unknown names, a box without interior, more than 200 states.
        """
        frozen = self.frozen(variant=variant, set=set, input=input, **values)
        found: FixedPoints = import_module("neurodsl.analysis.fixed_points").fixed_points(frozen, box)
        if frozen.whole is not None:
            found = import_module("neurodsl.analysis.parted").with_parted(frozen, found, box)
        return found

    def jacobian(
        self, *, free: Sequence[str] | None = None, variant: str | None = None, set: Values = None, input: Values = None, **values: Any
    ) -> Jacobian:
        """Return the derivatives of the right-hand sides by the states as expressions, ``m.jacobian()["V", "n"]``; ``free``: as in `stability`."""
        frozen = self.frozen(variant=variant, set=set, input=input, **values)
        found: Jacobian = import_module("neurodsl.analysis.stability").jacobian(frozen, free)
        return found

    def stability(
        self, *, free: Sequence[str] | None = None, box: Box | None = None, variant: str | None = None, set: Values = None, input: Values = None,
        **values: Any,
    ) -> Stability:  # fmt: skip
        """Return the fixed points with their stability, the Jacobian, and the conditions for stability in closed form.

        Parameters
        ----------
        free : sequence of str
            The parameters that stay symbols in the conditions; default: all.
        box, variant, set, input, **values
            As in :meth:`fixed_points`.
        """
        frozen = self.frozen(variant=variant, set=set, input=input, **values)
        found: Stability = import_module("neurodsl.analysis.stability").stability(frozen, free, box)
        return found

    def bifurcations(
        self, name: str, low: float | str, high: float | str, *, box: Box | None = None, variant: str | None = None, set: Values = None,
        input: Values = None, **values: Any,
    ) -> Bifurcations:  # fmt: skip
        """Return the values of a parameter or an input at which fixed points appear, vanish, meet or change their stability.

        ``how`` of the answer says how complete it is.
        """
        asked = {"variant": variant, "set": set, "input": input, **values}
        frozen = self._over(name, asked)
        least, most = self._range(frozen, name, low, high)
        self._require_kept(frozen, name, asked, least, most)
        within = import_module("neurodsl.analysis.domain").box_of(frozen, box or {})
        found: Bifurcations = import_module("neurodsl.analysis.bifurcations").bifurcations(frozen, name, least, most, within)
        return found

    def bifurcation_diagram(
        self, name: str, low: float | str, high: float | str, *, of: str | None = None, box: Box | None = None, variant: str | None = None,
        set: Values = None, input: Values = None, **values: Any,
    ) -> Diagram:  # fmt: skip
        """Return the fixed points over a parameter or an input, with their bifurcations: ``m.bifurcation_diagram("I", 0, 200).plot("f.png")``.

        ``of`` is the state that is drawn, by default the first that has an equation.
        """
        asked = {"variant": variant, "set": set, "input": input, **values}
        frozen = self._over(name, asked)
        least, most = self._range(frozen, name, low, high)
        self._require_kept(frozen, name, asked, least, most)
        within = import_module("neurodsl.analysis.domain").box_of(frozen, box or {})
        found: Diagram = import_module("neurodsl.analysis.diagram").diagram(frozen, name, least, most, of, within)
        return found

    def lyapunov(
        self, *, duration: float | str | None = None, dt: float | str | None = None, transient: float | str | None = None, seed: int = 0,
        variant: str | None = None, set: Values = None, input: Values = None, **values: Any,
    ) -> Spectrum:  # fmt: skip
        """Return the Lyapunov exponents: how fast small deviations grow, in as many directions as there are states.

        Parameters
        ----------
        duration, transient : float or str
            Over what is averaged, and what is left out before; default: 50 times the duration of the file, and a tenth of that.
        dt : float or str
            Steps of this length of the classical Runge-Kutta method; default: an adaptive method.
        seed : int
            Of what is drawn for the initial state.
        variant, set, input, **values
            As in :meth:`frozen`.

        Raises
        ------
        NeuroError
            For noise (exit code 2), and for a solution that runs away (3).
        """
        frozen = self.frozen(variant=variant, set=set, input=input, time=0.0, **values)
        unit = describe(frozen.system.time_unit)
        given = (("duration", duration), ("dt", dt), ("transient", transient))
        times = [None if value is None else number_in(value, unit, what) for what, value in given]
        found: Spectrum = import_module("neurodsl.analysis.lyapunov").spectrum(frozen, *times, seed=seed_of(seed))
        return found

    def cycle(self, *, seed: int = 0, variant: str | None = None, set: Values = None, input: Values = None, **values: Any) -> Cycle:
        """Return the limit cycle that the model settles on: its period and its multipliers.

        Raises
        ------
        NeuroError
            For maps, noise and drives that depend on the time (exit code 2), and where there is no cycle (3).
        """
        frozen = self.frozen(variant=variant, set=set, input=input, time=0.0, **values)
        found: Cycle = import_module("neurodsl.analysis.cycles").find_cycle(frozen, seed_of(seed))
        return found

    def prc(
        self, of: str | None = None, *, seed: int = 0, variant: str | None = None, set: Values = None, input: Values = None, **values: Any
    ) -> Response:
        """Return the phase response curve of the cycle that the model settles on: by the adjoint, for every state, and directly for ``of``.

        Raises
        ------
        NeuroError
            For an unknown state, maps, noise and drives that depend on the time (exit code 2), and where there is no cycle (3).
        """
        frozen = self.frozen(variant=variant, set=set, input=input, time=0.0, **values)
        found: Response = import_module("neurodsl.analysis.prc").phase_response(frozen, of, seed_of(seed))
        return found

    def fi(
        self, name: str, low: float, high: float, points: int = 50, *,
        variant: str | None = None, set: Values = None, input: Values = None, **values: Any,
    ) -> FiringCurve:  # fmt: skip
        """Return the firing rate over a range of a constant input or a parameter, and the rheobase.

        In closed form for integrate-and-fire models of one variable whose equation is linear or quadratic, else by quadrature or simulation.
        """
        frozen = self._over(name, {"variant": variant, "set": set, "input": input, **values}, low)
        found: FiringCurve = import_module("neurodsl.analysis.firing").firing_curve(frozen, name, low, high, points)
        return found

    def return_map(
        self, *, points: int = 41, seed: int = 0, variant: str | None = None, set: Values = None, input: Values = None, **values: Any
    ) -> ReturnMap:
        """Return the map from the state after a spike with a reset to that after the next, and its fixed points: periodic firing."""
        frozen = self.frozen(variant=variant, set=set, input=input, time=0.0, **values)
        found: ReturnMap = import_module("neurodsl.analysis.returns").return_map(frozen, points, seed_of(seed))
        return found

    def phase_portrait(
        self, x: str | None = None, y: str | None = None, *, box: Box | None = None, starts: Sequence[Mapping[str, float | str]] = (),
        duration: float | str | None = None, time: float = 0.0, variant: str | None = None, set: Values = None, input: Values = None,
        **values: Any,
    ) -> Portrait | PhaseLine:  # fmt: skip
        """Return the phase portrait of two states, or the phase line (of a map the cobweb) of the only one: ``m.phase_portrait("v", "w").save("f.png")``.

        Parameters
        ----------
        x, y : str
            The states on the axes; default: the first two that have an equation.
        box : mapping of str to (float or str, float or str)
            The ranges of the axes; what is not given is chosen so that fixed points, nullclines, thresholds and orbits are seen.
        starts : sequence of mapping of str to float or str
            Where trajectories begin; default: at the initial values, and near the corners.
        duration : float or str
            Of trajectories; default: that of the file.
        time, variant, set, input, **values
            As in :meth:`frozen`.

        Raises
        ------
        NeuroError
            For unknown names, equal axes, a box without interior, maps of more than two states.
        """
        frozen = self.frozen(variant=variant, set=set, input=input, time=time, **values)
        given = {**(set or {}), **(input or {}), **values}
        found: Portrait | PhaseLine = import_module("neurodsl.analysis.phase").phase(frozen, x, y, box, starts, duration, given, variant)
        return found

    def _over(self, name: str, asked: dict[str, Any], start: float = 0.0) -> Frozen:
        """Return the mathematics over a parameter or an input; an input that follows the time becomes a constant."""
        frozen = self.frozen(**asked)
        if name in {d.name for d in frozen.system.definitions}:
            frozen = self.frozen(**{**asked, "input": {**(asked["input"] or {}), name: start}})
        return frozen

    def _require_kept(self, frozen: Frozen, name: str, asked: dict[str, Any], low: float, high: float) -> None:
        """Refuse to go over what shapes the connections of a network: its equations are those at one value."""
        if not frozen.wiring or name not in {p.name for p in frozen.system.parameters} or OWNED.search(name):
            return
        for part in INSIDE:
            value = low + part * (high - low)
            if self.frozen(**{**asked, "set": {**(asked["set"] or {}), name: value}}).wiring != frozen.wiring:
                told = f"`{name}` shapes which synapses there are, what is drawn for them, or which neurons are alike, so the equations are not the same at"
                help = "look at one value after the other: `--set " + f"{name}={value:.6g}`"
                raise fail(rules.NOT_SERVED, f"{told} {value:.6g} as at the value of the file", help=help)

    def _range(self, frozen: Frozen, name: str, low: float | str, high: float | str) -> tuple[float, float]:
        """Return both ends of a range in the unit of a parameter."""
        units = {p.name: describe(p.unit) for p in frozen.system.parameters}
        return number_in(low, units.get(name, "1"), name), number_in(high, units.get(name, "1"), name)
