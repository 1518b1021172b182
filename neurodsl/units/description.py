"""From units to the texts and the words of the field."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from neurodsl.units.parsing import parse_unit
from neurodsl.units.symbols import PREFIXES
from neurodsl.units.unit import ONE, Unit, front, si_unit, write

# Each quantity of the field and the symbol that is usual for it.
QUANTITIES = {
    "voltage": "mV", "time": "ms", "1/time": "1/ms", "voltage/time": "mV/ms", "1/voltage": "1/mV", "1/time/voltage": "1/ms/mV",
    "current": "nA", "current per area": "uA/cm^2", "current/time": "nA/ms", "conductance": "nS", "conductance per area": "mS/cm^2",
    "conductance/time": "nS/ms", "conductance/voltage": "nS/mV", "capacitance": "pF", "capacitance per area": "uF/cm^2",
    "resistance": "MOhm", "resistivity": "Ohm*cm", "resistance times area": "kOhm*cm^2", "charge": "pC", "charge per area": "nC/cm^2",
    "charge per amount": "C/mol", "length": "um", "area": "um^2", "volume": "um^3", "speed": "m/s", "length^2/time": "cm^2/s",
    "concentration": "mM", "concentration/time": "mM/ms", "1/concentration/time": "1/mM/ms", "amount": "mol", "mass": "g",
    "temperature": "K", "Celsius temperature": "degC", "energy": "J", "power": "W", "force": "N", "pressure": "Pa",
    "time^(1/2)": "ms^(1/2)", "1/time^(1/2)": "1/ms^(1/2)", "voltage*time^(1/2)": "mV*ms^(1/2)", "voltage/time^(1/2)": "mV/ms^(1/2)",
}  # fmt: skip

# The texts that `describe` chooses from: where two mean the same unit, the first; ? stands for each prefix.
TEXTS = (
    "mV ms nA pA uA nS mS uS pF nF uF MOhm kOhm um mm cm mM uM nM m s us ns Hz 1/ms 1/us 1/ns min h day degC mol kg g % "
    "?V ?A ?S ?F ?Ohm ?C ?M ?m ?mol ?K ?J ?W ?N ?Pa ?Hz ?g mV/ms mV/s V/ms uV/ms 1/mV 1/V 1/ms/mV 1/ms/V 1/s/V "
    "?A/cm^2 A/m^2 ?S/cm^2 S/m^2 ?F/cm^2 F/m^2 ?C/cm^2 ?A/cm^2/ms ?S/cm^2/ms ?A/ms ?S/ms ?S/mV ?C/mol "
    "?Ohm*cm ?Ohm*m ?Ohm*cm^2 ?Ohm*m^2 um^2 cm^2 mm^2 m^2 nm^2 um^3 cm^3 mm^3 m^3 L nm^3 cm^2/s um^2/ms m^2/s mm^2/s um^2/s cm^2/ms "
    "m/s um/ms cm/s um/s cm/ms m/ms ?M/ms ?M/s 1/mM/ms 1/mM 1/uM 1/M 1/uM/ms 1/M/s 1/um 1/cm 1/m "
    "ms^(1/2) s^(1/2) 1/ms^(1/2) 1/s^(1/2) mV*ms^(1/2) mV/ms^(1/2) V*s^(1/2) V/s^(1/2) ?A*ms^(1/2) ?A/ms^(1/2)"
)
# Symbols for voltage, current, time, length and mass that go together in products which have no usual text.
SYSTEMS = (
    ("mV", "uA", "ms", "cm", "kg"),
    ("mV", "nA", "ms", "um", "kg"),
    ("mV", "pA", "ms", "um", "kg"),
    ("V", "A", "s", "m", "kg"),
)


@cache
def _texts() -> dict[Unit, str]:
    """Return the usual text of each unit that has one."""
    found = {ONE: "1"}
    for text in TEXTS.split():
        unit = parse_unit(text.removeprefix("?"))
        found.setdefault(unit, text.removeprefix("?"))
        for prefix, power in PREFIXES.items() if text.startswith("?") else ():
            found.setdefault(unit * si_unit(ten=power), prefix + text[1:])
    return found


@cache
def _quantities() -> dict[tuple[Fraction, ...], tuple[str, str]]:
    """Return the words for each dimension that has some, and its usual symbol."""
    return {parse_unit(symbol).dimension: (words, symbol) for words, symbol in QUANTITIES.items()}


def _exponents(unit: Unit) -> tuple[Fraction, ...]:
    """Return the exponents of voltage, current, time, length, mass, amount, temperature and Celsius temperature, as few as possible."""
    length, mass, time, current, temperature, amount, celsius = unit.dimension
    zero = Fraction(0)
    mechanical = (zero, current, time, length, mass)
    electrical = (mass, current + mass, time + 3 * mass, length - 2 * mass, zero)
    shorter = min(electrical, mechanical, key=lambda exponents: sum(abs(e) for e in exponents))
    return (*shorter, amount, temperature, celsius)


def describe(unit: Unit) -> str:
    """Return the unit as the field writes it, such as ``uA/cm^2`` or ``1/ms``; `parse_unit` reads it back."""
    usual = _texts().get(unit)
    if usual is not None:
        return usual
    exponents = _exponents(unit)
    for system in SYSTEMS:
        text = write((*system, "mol", "K", "degC"), exponents)
        product = parse_unit(text)
        if product == unit:
            return text
    return write((*SYSTEMS[-1], "mol", "K", "degC"), exponents, front(unit.ratio(product)))


def dimension_text(unit: Unit) -> str:
    """Return what a unit measures in words: ``voltage``, ``current per area``, ``1/time``."""
    if unit.is_dimensionless:
        return "dimensionless"
    known = _quantities().get(unit.dimension)
    names = ("voltage", "current", "time", "length", "mass", "amount", "temperature", "Celsius temperature")
    return known[0] if known is not None else write(names, _exponents(unit))


def proposals(dimension_unit: Unit) -> str | None:
    """Return the field's usual symbol for what a unit measures: ``mV`` for any voltage, None where none is usual."""
    known = _quantities().get(dimension_unit.dimension)
    return None if known is None else known[1]
