"""Values of LLVM's text and the arithmetic on them, as numba types it: what a generated file computes with."""

from __future__ import annotations

import ast
import struct
from dataclasses import dataclass

LLVM = {"f8": "double", "i8": "i64", "u8": "i64", "u4": "i32", "u2": "i16", "b1": "i1"}
"""The kinds of numbers, by the letters of numpy, and what LLVM calls them; ``b1`` is a truth value."""
SMALL = {"u2", "u4"}
COMPARISONS = {
    ast.Eq: ("oeq", "eq"), ast.NotEq: ("une", "ne"), ast.Lt: ("olt", "lt"), ast.LtE: ("ole", "le"), ast.Gt: ("ogt", "gt"), ast.GtE: ("oge", "ge"),
}  # fmt: skip
FLOATS = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}
INTEGERS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul"}
BITS = {ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor"}
LARGEST_POWER = 64


class Unknown(ValueError):
    """A file holds something that this compiler does not know, or that numba might take in another way."""


@dataclass(frozen=True)
class Array:
    """The kind of an array whose items lie one behind the other."""

    item: str
    dimensions: int


Kind = str | Array | tuple[str, ...] | None
"""Of a number, of an array, of what a function returns in one piece, of nothing."""


@dataclass(frozen=True)
class Value:
    """A value by its text; of an array its data and its sizes are ``fields``. ``number`` is that of an integer that the file names."""

    kind: Kind
    text: str = ""
    number: int | None = None
    fields: tuple[str, ...] = ()


def real(value: float) -> Value:
    """Return a number as LLVM writes it without loss."""
    return Value("f8", f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}")


def joined(first: Kind, second: Kind) -> Kind:
    """Return the kind that holds values of both."""
    if first == second:
        return first
    kinds = {first, second}
    if kinds <= {"f8", "i8", "u8", "u4", "u2", "b1"} and "f8" in kinds and "b1" not in kinds:
        return "f8"
    if kinds <= {"i8", "u4", "u2", "b1"}:
        return "i8"
    if isinstance(first, tuple) and isinstance(second, tuple) and len(first) == len(second):
        found = tuple(joined(a, b) for a, b in zip(first, second, strict=True))
        if all(isinstance(k, str) for k in found):
            return found  # type: ignore[return-value]
    raise Unknown(f"{first} and {second}")


class Arithmetic:
    """Writes instructions; ``flags`` is what LLVM may do with sums and products beyond the letter."""

    def __init__(self, flags: str) -> None:
        self.flags = f"{flags} " if flags else ""
        self.lines: list[str] = []
        self.count = 0
        self.used: set[str] = set()

    def new(self, text: str) -> str:
        """Write an instruction and return the name of its result."""
        self.count += 1
        self.lines.append(f"  %t{self.count} = {text}")
        return f"%t{self.count}"

    def cast(self, value: Value, kind: Kind) -> Value:
        """Return a number as one of another kind."""
        if value.kind == kind:
            return value
        if not (isinstance(value.kind, str) and isinstance(kind, str)):
            raise Unknown(f"{value.kind} as {kind}")
        if kind == "f8":
            if value.number is not None:
                return real(float(value.number))
            how = "sitofp" if value.kind == "i8" else "uitofp"
        elif value.kind == "f8":
            if kind == "b1":
                return Value("b1", self.new(f"fcmp une double {value.text}, 0.0"))
            how = "fptosi" if kind == "i8" else "fptoui"
        elif kind == "b1":
            return Value("b1", self.new(f"icmp ne {LLVM[value.kind]} {value.text}, 0"))
        elif value.number is not None and value.number >= 0:
            return Value(kind, value.text, value.number)
        elif {value.kind, kind} == {"i8", "u8"}:
            return Value(kind, value.text)
        else:
            widths = {"b1": 1, "u2": 16, "u4": 32, "u8": 64, "i8": 64}
            how = "zext" if widths[kind] > widths[value.kind] else "trunc"
        return Value(kind, self.new(f"{how} {LLVM[value.kind]} {value.text} to {LLVM[kind]}"))

    def both(self, first: Value, second: Value) -> tuple[Value, Value, str]:
        """Return two numbers as ones of the kind in which numba computes with them."""
        kinds = {first.kind, second.kind}
        if not all(isinstance(k, str) for k in kinds):
            raise Unknown(f"arithmetic with {kinds}")
        if "f8" in kinds:
            kind = "f8"
        elif kinds <= {"i8", "u4", "u2", "b1"} and ("i8" in kinds or "b1" in kinds):
            kind = "i8"
        elif kinds <= {"u8", "u4", "u2"}:
            kind = "u8"
        else:
            raise Unknown("numbers with and without a sign")
        return self.cast(first, kind), self.cast(second, kind), kind

    def binary(self, operator: ast.operator, first: Value, second: Value) -> Value:
        """Return what an operator makes of two numbers."""
        op = type(operator)
        if op is ast.Pow:
            return self.power(first, second)
        if op in BITS and first.kind == second.kind == "b1":
            return Value("b1", self.new(f"{BITS[op]} i1 {first.text}, {second.text}"))
        a, b, kind = self.both(first, second)
        if op is ast.Div:
            a, b, kind = self.cast(a, "f8"), self.cast(b, "f8"), "f8"
        if kind == "f8":
            if op not in FLOATS:
                raise Unknown(f"{op.__name__} of floats")
            return Value("f8", self.new(f"{FLOATS[op]} {self.flags}double {a.text}, {b.text}"))
        if op in INTEGERS:
            return Value(kind, self.new(f"{INTEGERS[op]} {'nsw ' if kind == 'i8' else ''}i64 {a.text}, {b.text}"))
        if op in BITS:
            return Value(kind, self.new(f"{BITS[op]} i64 {a.text}, {b.text}"))
        if op in (ast.LShift, ast.RShift) and b.number is not None and 0 <= b.number < 64:
            how = "shl" if op is ast.LShift else "ashr" if kind == "i8" else "lshr"
            return Value(kind, self.new(f"{how} i64 {a.text}, {b.text}"))
        if op in (ast.FloorDiv, ast.Mod):
            return self.divided(op is ast.Mod, a, b, kind)
        raise Unknown(op.__name__)

    def divided(self, rest: bool, a: Value, b: Value, kind: str) -> Value:
        """Return the floor of a quotient of integers, or the rest; 0 where the divisor is."""
        if kind != "i8":
            raise Unknown("division without a sign")
        if b.number is not None and b.number > 0 and b.number & (b.number - 1) == 0:
            how = f"and i64 {a.text}, {b.number - 1}" if rest else f"ashr i64 {a.text}, {b.number.bit_length() - 1}"
            return Value("i8", self.new(how))
        none = self.new(f"icmp eq i64 {b.text}, 0")
        d = self.new(f"select i1 {none}, i64 1, i64 {b.text}")
        q, r = self.new(f"sdiv i64 {a.text}, {d}"), self.new(f"srem i64 {a.text}, {d}")
        apart = self.new(f"icmp slt i64 {self.new(f'xor i64 {r}, {d}')}, 0")
        below = self.new(f"and i1 {apart}, {self.new(f'icmp ne i64 {r}, 0')}")
        if rest:
            found = self.new(f"select i1 {below}, i64 {self.new(f'add i64 {r}, {d}')}, i64 {r}")
        else:
            found = self.new(f"select i1 {below}, i64 {self.new(f'sub i64 {q}, 1')}, i64 {q}")
        return Value("i8", self.new(f"select i1 {none}, i64 0, i64 {found}"))

    def power(self, base: Value, exponent: Value) -> Value:
        """Return a power: products where the exponent is a whole number that the file names."""
        if base.kind != "f8":
            raise Unknown("powers of integers")
        n = exponent.number
        if n is None or abs(n) > LARGEST_POWER:
            return self.call("llvm.pow.f64", [base, self.cast(exponent, "f8")])
        left, found, square = abs(n), real(1.0), base
        while left:
            if left & 1:
                found = Value("f8", self.new(f"fmul {self.flags}double {found.text}, {square.text}"))
            left >>= 1
            square = Value("f8", self.new(f"fmul {self.flags}double {square.text}, {square.text}")) if left else square
        return found if n >= 0 else Value("f8", self.new(f"fdiv {self.flags}double {real(1.0).text}, {found.text}"))

    def negative(self, value: Value) -> Value:
        """Return a number with its sign turned."""
        if value.kind == "f8":
            return Value("f8", self.new(f"fneg {self.flags}double {value.text}"))
        if value.number is not None:
            return Value("i8", str(-value.number), -value.number)
        if value.kind != "i8":
            raise Unknown("the negative of a number without a sign")
        return Value("i8", self.new(f"sub nsw i64 0, {value.text}"))

    def compared(self, operator: ast.cmpop, first: Value, second: Value) -> Value:
        """Return whether a comparison of two numbers holds."""
        if type(operator) not in COMPARISONS:
            raise Unknown(type(operator).__name__)
        of_floats, of_integers = COMPARISONS[type(operator)]
        a, b, kind = self.both(first, second)
        if kind == "f8":
            return Value("b1", self.new(f"fcmp {of_floats} double {a.text}, {b.text}"))
        sign = "" if of_integers in ("eq", "ne") else "s" if kind == "i8" else "u"
        return Value("b1", self.new(f"icmp {sign}{of_integers} i64 {a.text}, {b.text}"))

    def extreme(self, largest: bool, first: Value, second: Value) -> Value:
        """Return the larger or the smaller of two numbers: the first, unless the second is beyond it."""
        a, b, kind = self.both(first, second)
        beyond = self.compared(ast.Gt() if largest else ast.Lt(), b, a)
        return Value(kind, self.new(f"select i1 {beyond.text}, {LLVM[kind]} {b.text}, {LLVM[kind]} {a.text}"))

    def call(self, name: str, given: list[Value]) -> Value:
        """Return a function of floats, of LLVM's or of the mathematical library."""
        self.used.add(f"declare double @{name}({', '.join(['double'] * len(given))})")
        values = ", ".join(f"double {self.cast(v, 'f8').text}" for v in given)
        return Value("f8", self.new(f"call {self.flags}double @{name}({values})"))
