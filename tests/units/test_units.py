"""Units: their algebra, the texts they are read from and written as, the words for what they measure."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodsl.units import ONE, Unit, UnitError, describe, dimension_text, lookup, nearest_symbol, parse_quantity, parse_unit, proposals
from neurodsl.units.description import QUANTITIES, TEXTS
from neurodsl.units.symbols import PREFIXED, PREFIXES, UNPREFIXED

SYMBOLS = [*UNPREFIXED, *(prefix + symbol for symbol in PREFIXED for prefix in ("", *PREFIXES))]
FACTORS = st.tuples(st.sampled_from(SYMBOLS), st.integers(-3, 3))


def product(factors: list[tuple[str, int]]) -> Unit:
    """Multiply powers of symbols."""
    unit = ONE
    for symbol, exponent in factors:
        unit = unit * parse_unit(symbol) ** exponent
    return unit


# Algebra


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("mV/ms", "V/s"),
        ("nA/mV", "uS"),
        ("uF/cm^2/(mS/cm^2)", "ms"),
        ("MOhm*nF", "ms"),
        ("mM", "mol/m^3"),
        ("mL", "cm^3"),
        ("Hz", "1/s"),
        ("C", "A*s"),
        ("J", "N*m"),
        ("W", "J/s"),
        ("Pa", "N/m^2"),
        ("S", "1/Ohm"),
        ("F", "C/V"),
        ("kHz", "1/ms"),
        ("h", "60*min"),
        ("hour", "h"),
        ("day", "24*h"),
        ("%", "1/100"),
        ("rad", "1"),
        ("l", "L"),
        ("ohm", "Ohm"),
        ("Ω", "Ohm"),
        ("M\u2126", "MOhm"),
        ("µV", "uV"),
        ("μV", "uV"),
        ("dm^3", "L"),
        ("mV*ms^-1", "mV/ms"),
        ("ms**2", "ms^2"),
        ("ms^0.5", "ms^(1/2)"),
        ("1/ms/mV", "1/(ms*mV)"),
        ("m/s*s", "m"),
        (" ( mV ) ", "mV"),
        ("ms^( -1 / 2 )", "1/ms^(1/2)"),
        ("ms^+2", "ms*ms"),
        ("2^3", "8"),
    ],
)
def test_two_texts_of_one_unit_are_equal(left: str, right: str) -> None:
    assert parse_unit(left) == parse_unit(right)
    assert hash(parse_unit(left)) == hash(parse_unit(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [("mV", "V"), ("min", "m"), ("K", "degC"), ("M", "m"), ("Pa", "pA"), ("s", "S"), ("mS", "ms"), ("MOhm", "mOhm"), ("Mm", "mM")],
)
def test_symbols_that_look_alike_are_different_units(left: str, right: str) -> None:
    assert parse_unit(left) != parse_unit(right)


@pytest.mark.parametrize(
    ("unit", "other", "factor"),
    [
        ("V", "mV", Fraction(1000)),
        ("ms", "s", Fraction(1, 1000)),
        ("min", "ms", Fraction(60000)),
        ("uA/cm^2", "A/m^2", Fraction(1, 100)),
        ("mM", "M", Fraction(1, 1000)),
        ("h", "day", Fraction(1, 24)),
        ("%", "1", Fraction(1, 100)),
        ("cm^2/s", "um^2/ms", Fraction(10**5)),
    ],
)
def test_a_factor_without_roots_is_exact(unit: str, other: str, factor: Fraction) -> None:
    found = parse_unit(unit).factor_to(parse_unit(other))
    assert (type(found), found) == (Fraction, factor)


def test_a_factor_with_a_root_is_a_float() -> None:
    assert parse_unit("s^0.5").factor_to(parse_unit("ms^0.5")) == pytest.approx(1000**0.5, rel=1e-15)


def test_roots_stay_exact_so_that_squaring_gives_the_unit_back() -> None:
    assert (parse_unit("min") ** Fraction(1, 2)) ** 2 == parse_unit("min")


def test_the_ratio_of_two_units_is_their_primes() -> None:
    assert parse_unit("min").ratio(parse_unit("s")) == ((2, Fraction(2)), (3, Fraction(1)), (5, Fraction(1)))


@pytest.mark.parametrize(("exponent", "expected"), [(400, float("inf")), (-400, 0.0)])
def test_a_factor_out_of_range_is_infinite_or_zero(exponent: int, expected: float) -> None:
    assert (parse_unit("km") ** exponent).factor_to(parse_unit("m") ** exponent) == expected


def test_any_unit_to_the_power_zero_is_one() -> None:
    assert parse_unit("uF/cm^2") ** 0 == ONE


@pytest.mark.parametrize(("text", "expected"), [("1", True), ("%", True), ("mV/V", True), ("mV", False), ("degC/K", False)])
def test_a_mere_number_is_dimensionless(text: str, expected: bool) -> None:
    assert parse_unit(text).is_dimensionless is expected


@pytest.mark.parametrize(("other", "expected"), [("V", True), ("J/C", True), ("mS", False)])
def test_same_dimension_ignores_the_scale(other: str, expected: bool) -> None:
    assert parse_unit("mV").same_dimension(parse_unit(other)) is expected


@given(st.lists(FACTORS, max_size=4), st.lists(FACTORS, max_size=4))
def test_dividing_undoes_multiplying(left: list[tuple[str, int]], right: list[tuple[str, int]]) -> None:
    assert product(left) * product(right) / product(right) == product(left)


# Symbols


@pytest.mark.parametrize("symbol", ["xV", "", "spike", "cd", "T", "k", "dV", "cS", "mmin", "kdegC", "mV/ms", "nin", "1"])
def test_what_is_no_symbol_is_not_found(symbol: str) -> None:
    assert lookup(symbol) is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("mv", "mV"),
        ("UF", "uF"),
        ("hz", "Hz"),
        ("GOHM", "GOhm"),
        ("ua", "uA"),
        ("cm2", "cm^2"),
        ("cm²", "cm^2"),
        ("s⁻¹", "s^-1"),
        ("s-1", "s^-1"),
        ("sec", "s"),
        ("msec", "ms"),
        ("µsec", "us"),
        ("seconds", "s"),
        ("Volt", "V"),
        ("mvolt", "mV"),
        ("millivolts", "mV"),
        ("milivolt", "mV"),
        ("microamps", "uA"),
        ("nanoSiemens", "nS"),
        ("kohms", "kOhm"),
        ("mho", "S"),
        ("Hertz", "Hz"),
        ("°C", "degC"),
        ("Celsius", "degC"),
        ("micron", "um"),
        ("minutes", "min"),
        ("hours", "hour"),
        ("xV", None),
        ("spikes", None),
        ("cenh", None),
        ("foo", None),
    ],
)
def test_a_near_miss_names_the_symbol_that_is_meant(written: str, expected: str | None) -> None:
    assert nearest_symbol(written) == expected


@given(st.text(max_size=40))
def test_a_proposed_symbol_is_always_a_unit(text: str) -> None:
    found = nearest_symbol(text)
    assert found is None or isinstance(parse_unit(found), Unit)


# Reading


@pytest.mark.parametrize(
    ("text", "message", "start", "stop", "nearest"),
    [
        ("uA/mv", "unknown unit `mv`", 3, 5, "mV"),
        ("mS/cm2", "unknown unit `cm2`", 3, 6, "cm^2"),
        ("zorp", "unknown unit `zorp`", 0, 4, None),
        ("mS cm^-2", "`*` or `/` is missing before `cm`", 3, 5, None),
        ("2 ms", "`*` or `/` is missing before `ms`", 2, 4, None),
        ("mV(ms)", "`*` or `/` is missing before `(`", 2, 3, None),
        ("", "a unit is missing", 0, 0, None),
        ("1/ ", "a unit is missing", 2, 2, None),
        ("/ms", "unexpected `/` where a unit was expected", 0, 1, None),
        ("-mV", "unexpected `-` where a unit was expected", 0, 1, None),
        ("mV)", "unexpected `)` in a unit", 2, 3, None),
        ("mV-ms", "unexpected `-` in a unit", 2, 3, None),
        ("m^2^2", "unexpected `^` in a unit", 3, 4, None),
        ("(mV", "`)` is missing", 3, 3, None),
        ("ms^", "the exponent of a unit is a number such as `2`, `-1` or `(1/2)`", 2, 3, None),
        ("ms^x", "the exponent of a unit is a number such as `2`, `-1` or `(1/2)`", 2, 3, None),
        ("ms^1/2", "an exponent that is a quotient needs parentheses: `^(1/2)`", 3, 6, None),
        ("ms^(1/0)", "division by zero", 6, 7, None),
        ("m^1001", "this exponent is out of range", 0, 6, None),
        ("m^(1/1001)", "this exponent is out of range", 0, 10, None),
        ("1.5*s", "a number in a unit is an integer from 1 to 10^9, not `1.5`", 0, 3, None),
        ("s/0", "a number in a unit is an integer from 1 to 10^9, not `0`", 2, 3, None),
        ("1000000001", "a number in a unit is an integer from 1 to 10^9, not `1000000001`", 0, 10, None),
        ("[mV]", "unexpected `[` where a unit was expected", 0, 1, None),
        ("m" * 201, "a unit of more than 200 characters", 0, 201, None),
        ("(" * 21 + "m" + ")" * 21, "parentheses nested too deeply", 20, 21, None),
    ],
)
def test_a_text_that_is_no_unit_is_refused_with_its_place(text: str, message: str, start: int, stop: int, nearest: str | None) -> None:
    with pytest.raises(UnitError) as caught:
        parse_unit(text)
    error = caught.value
    assert (error.message, error.start, error.stop, error.nearest) == (message, start, stop, nearest)


@given(st.one_of(st.text(max_size=220), st.text("mVsCuhdgln%1250.^*/()- ²µΩ", max_size=60)))
def test_any_text_is_a_unit_or_an_error_with_a_place_within_it(text: str) -> None:
    try:
        place = (0, len(text)) if isinstance(parse_unit(text), Unit) else None
    except UnitError as error:
        place = (error.start, error.stop)
    assert place is not None
    assert 0 <= place[0] <= place[1] <= len(text)


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("0.2 [mS/cm^2]", 0.2, "mS/cm^2"),
        ("-65", -65.0, None),
        ("1e-3 [s]", 1e-3, "s"),
        ("200 ms", 200.0, "ms"),
        ("200ms", 200.0, "ms"),
        (" +.5 ", 0.5, None),
        ("5.", 5.0, None),
        ("2E+3[ms]", 2000.0, "ms"),
        ("3%", 3.0, "%"),
        ("5 [1]", 5.0, "1"),
        ("1e5m", 1e5, "m"),
        ("2 [ mV ]", 2.0, "mV"),
    ],
)
def test_a_quantity_is_a_number_and_perhaps_a_unit(text: str, number: float, unit: str | None) -> None:
    assert parse_quantity(text) == (number, None if unit is None else parse_unit(unit))


@pytest.mark.parametrize(
    ("text", "message", "start", "stop", "nearest"),
    [
        ("", "a number is missing", 0, 0, None),
        ("nan", "a number is missing", 0, 3, None),
        ("-inf", "a number is missing", 0, 4, None),
        ("[mV]", "a number is missing", 0, 4, None),
        ("1e999", "this number is out of range", 0, 5, None),
        ("0x10", "unknown unit `x10`", 1, 4, None),
        ("1_000", "unexpected `_` where a unit was expected", 1, 2, None),
        ("1,5", "unexpected `,` where a unit was expected", 1, 2, None),
        ("200 mv", "unknown unit `mv`", 4, 6, "mV"),
        ("5 [ms ", "`]` is missing", 2, 5, None),
        ("5 []", "a unit is missing", 3, 3, None),
        ("5 [ mv ]", "unknown unit `mv`", 4, 6, "mV"),
        ("5 [mV] x", "`]` is missing", 2, 8, None),
        ("5 1/ms", "the unit goes in brackets, as in `0.5 [1/ms]`", 2, 6, None),
        ("1e5e5", "unknown unit `e5`", 3, 5, None),
        ("٣", "a number is missing", 0, 1, None),
    ],
)
def test_a_text_that_is_no_quantity_is_refused_with_its_place(text: str, message: str, start: int, stop: int, nearest: str | None) -> None:
    with pytest.raises(UnitError) as caught:
        parse_quantity(text)
    error = caught.value
    assert (error.message, error.start, error.stop, error.nearest) == (message, start, stop, nearest)


# Writing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10^-3*V", "mV"),
        ("uF/cm^2/(mS/cm^2)", "ms"),
        ("kHz", "1/ms"),
        ("1/s", "Hz"),
        ("10^-2*A/m^2", "uA/cm^2"),
        ("S*10/m^2", "mS/cm^2"),
        ("10^-2*F/m^2", "uF/cm^2"),
        ("V/MOhm*10^-3", "nA"),
        ("V/A*10^6", "MOhm"),
        ("nS*ms", "pF"),
        ("V/s", "mV/ms"),
        ("1/(ms*mV)", "1/ms/mV"),
        ("10^-3*m", "mm"),
        ("10^-4*m^2/s", "cm^2/s"),
        ("ms^0.5", "ms^(1/2)"),
        ("mV/V*1000", "1"),
        ("1/100", "%"),
        ("rad", "1"),
        ("60*s", "min"),
        ("mol/m^3", "mM"),
        ("mV*ms", "mV*ms"),
        ("7*V", "7*V"),
        ("V/7", "1/7*V"),
        ("10^-7", "10^-7"),
        ("nA*um", "nA*um"),
        ("10^3*s", "10^3*s"),
        ("mV/ms^0.5", "mV/ms^(1/2)"),
        ("mV^2*ms", "mV^2*ms"),
        ("1/degC", "1/degC"),
        ("uA*ms/uF", "mV"),
        ("kg*m/s", "m*kg/s"),
        ("kN*s^2", "10^3*m*kg"),
        ("10*s", "10*s"),
        ("10^0.5*s", "10^(1/2)*s"),
        ("2^0.5", "2^(1/2)"),
        ("999999937^2", "999999937^(2)"),
    ],
)
def test_a_unit_is_written_as_the_field_writes_it(text: str, expected: str) -> None:
    assert describe(parse_unit(text)) == expected


@pytest.mark.parametrize("text", [text.removeprefix("?") for text in TEXTS.split()])
def test_every_usual_text_is_read_and_written_as_an_equal_unit(text: str) -> None:
    assert parse_unit(describe(parse_unit(text))) == parse_unit(text)


@given(st.lists(FACTORS, max_size=4))
def test_what_is_written_is_read_back_as_the_same_unit(factors: list[tuple[str, int]]) -> None:
    assert parse_unit(describe(product(factors))) == product(factors)


@given(st.lists(FACTORS, max_size=3), st.fractions(-2, 2, max_denominator=4))
def test_roots_are_written_and_read_back_too(factors: list[tuple[str, int]], exponent: Fraction) -> None:
    unit = product(factors) ** exponent
    assert parse_unit(describe(unit)) == unit


def test_a_unit_shows_itself_as_the_call_that_makes_it() -> None:
    assert repr(parse_unit("mS/cm^2")) == "parse_unit('10*s^3*A^2/m^4/kg')"


# Words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("V", "voltage"),
        ("h", "time"),
        ("pA", "current"),
        ("A/m^2", "current per area"),
        ("S/m^2", "conductance per area"),
        ("F/m^2", "capacitance per area"),
        ("nS", "conductance"),
        ("Ohm", "resistance"),
        ("C", "charge"),
        ("km", "length"),
        ("Hz", "1/time"),
        ("V/s", "voltage/time"),
        ("mM", "concentration"),
        ("K", "temperature"),
        ("degC", "Celsius temperature"),
        ("%", "dimensionless"),
        ("um^2/ms", "length^2/time"),
        ("s^0.5", "time^(1/2)"),
        ("mV*ms", "voltage*time"),
        ("1/mV^2/s", "1/voltage^2/time"),
        ("m/s^2", "length/time^2"),
    ],
)
def test_a_dimension_has_words(text: str, expected: str) -> None:
    assert dimension_text(parse_unit(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("V", "mV"), ("day", "ms"), ("A", "nA"), ("A/m^2", "uA/cm^2"), ("F/m^2", "uF/cm^2"), ("1", None), ("mV*ms", None)],
)
def test_the_usual_symbol_of_a_dimension_is_proposed(text: str, expected: str | None) -> None:
    assert proposals(parse_unit(text)) == expected


@pytest.mark.parametrize("symbol", QUANTITIES.values())
def test_a_proposed_symbol_is_also_how_the_unit_is_written(symbol: str) -> None:
    assert describe(parse_unit(symbol)) == symbol


# Cost


def test_the_import_takes_the_standard_library_alone(root: Path) -> None:
    code = "import sys, neurodsl.units; print(sorted({'numpy', 'sympy', 'scipy', 'numba', 'lark'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
