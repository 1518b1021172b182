"""The expressions of a generated file as LLVM's text."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from neurodsl.codegen.llvm_values import LLVM, SMALL, Arithmetic, Array, Kind, Unknown, Value, joined, real

INTRINSICS = {
    "math.exp": "llvm.exp.f64", "math.log": "llvm.log.f64", "math.log10": "llvm.log10.f64", "math.log2": "llvm.log2.f64", "math.sin": "llvm.sin.f64",
    "math.cos": "llvm.cos.f64", "math.sqrt": "llvm.sqrt.f64", "np.rint": "llvm.rint.f64", "np.floor": "llvm.floor.f64", "np.ceil": "llvm.ceil.f64",
}  # fmt: skip
LIBRARY = {"acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cosh", "erf", "expm1", "log1p", "sinh", "tan", "tanh"}
"""Functions of ``math`` that numba takes from the mathematical library."""
CONSTANTS = {"math.inf": math.inf, "math.nan": math.nan, "np.inf": math.inf, "np.nan": math.nan}
CASTS = {"np.float64": "f8", "np.int64": "i8", "np.uint64": "u8", "int": "i8", "float": "f8"}

Callee = Callable[[str, tuple[Kind, ...]], tuple[str, Kind]]
"""Takes the name of a function of the file and the kinds of its arguments, and returns its symbol and what it returns."""


def parts(kind: Kind) -> list[str]:
    """Return LLVM's types of what a value of a kind consists of."""
    if isinstance(kind, Array):
        return ["ptr", *["i64"] * kind.dimensions]
    assert isinstance(kind, str)
    return [LLVM[kind]]


def whole(kind: Kind) -> str:
    """Return LLVM's type of what a function returns."""
    if isinstance(kind, tuple):
        return f"{{ {', '.join(LLVM[k] for k in kind)} }}"
    return "void" if kind is None else LLVM[kind] if isinstance(kind, str) else _refuse("an array is returned")


def _refuse(why: str) -> str:
    raise Unknown(why)


class ExpressionWriter(Arithmetic):
    """Writes what a function computes, block by block.

    Attributes
    ----------
    kinds : dict of str to Kind
        Of what stands for variables.
    named : dict of str to str
        What stands for each variable just now; nothing where that is not known.
    """

    def __init__(self, flags: str, callee: Callee, constants: Mapping[str, Value]) -> None:
        super().__init__(flags)
        self.callee, self.constants = callee, constants
        self.kinds: dict[str, Kind] = {}
        self.named: dict[str, str] = {}
        self.blocks, self.block, self.open = 0, "entry", True

    def label(self, name: str) -> None:
        """Begin a block."""
        if self.open:
            self.lines.append(f"  br label %{name}")
        self.lines.append(f"{name}:")
        self.block, self.open = name, True

    def end(self, text: str) -> None:
        """End a block."""
        self.lines.append(f"  {text}")
        self.open = False

    def fresh(self) -> int:
        """Return a number for blocks that belong together."""
        self.blocks += 1
        return self.blocks - 1

    def slot(self, name: str, kind: Kind) -> str:
        """Return what stands for a variable from here on: another one where a value of this kind does not fit in with its values so far."""
        for found in (self.named.get(name) or name, name, f"{name}.{kind}"):
            with suppress(Unknown):
                joined(self.kinds.get(found, kind), kind)
                return found
        raise Unknown(f"`{name}` of too many kinds")

    def variable(self, name: str) -> Value:
        """Return the value of a variable."""
        name = self.named.get(name, name)
        if name in self.constants and name not in self.kinds:
            return self.constants[name]
        if name not in self.kinds:
            raise Unknown(f"`{name}` before it has a value")
        kind = self.kinds[name]
        texts = [self.new(f"load {what}, ptr %v.{name}.{k}") for k, what in enumerate(parts(kind))]
        return Value(kind, fields=tuple(texts)) if isinstance(kind, Array) else Value(kind, texts[0])

    def truth(self, node: ast.expr) -> str:
        """Return whether a condition holds."""
        return self.cast(self.value(node), "b1").text

    def value(self, node: ast.expr) -> Value:
        """Return the value of an expression."""
        match node:
            case ast.Constant(value=bool() as known):
                return Value("b1", "true" if known else "false")
            case ast.Constant(value=int() as known):
                return Value("i8", str(known), known)
            case ast.Constant(value=float() as known):
                return real(known)
            case ast.Name(id=name):
                return self.variable(name)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self.negative(self.value(inner))
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return Value("b1", self.new(f"xor i1 {self.truth(inner)}, true"))
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(op, self.value(left), self.value(right))
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self.chain(left, ops, others)
            case ast.BoolOp(op=op, values=values):
                return self.decided(isinstance(op, ast.And), values)
            case ast.IfExp(test=test, body=yes, orelse=no):
                return self.selected(test, yes, no)
            case ast.Attribute() if ast.unparse(node) in CONSTANTS:
                return real(CONSTANTS[ast.unparse(node)])
            case ast.Attribute(value=inner, attr="size"):
                sizes = self.value(inner).fields[1:]
                return Value("i8", sizes[0] if len(sizes) == 1 else self.product(sizes))
            case ast.Subscript(value=ast.Attribute(value=inner, attr="shape"), slice=ast.Constant(value=int() as which)):
                return Value("i8", self.value(inner).fields[1:][which])
            case ast.Subscript():
                return self.element(node)
            case ast.Call():
                return self.called(node)
        raise Unknown(ast.unparse(node)[:60])

    def product(self, sizes: Sequence[str]) -> str:
        """Return the product of sizes."""
        found = sizes[0]
        for size in sizes[1:]:
            found = self.new(f"mul nsw i64 {found}, {size}")
        return found

    def chain(self, left: ast.expr, ops: Sequence[ast.cmpop], others: Sequence[ast.expr]) -> Value:
        """Return whether comparisons hold one after the other; what they compare has no effects, so all may be looked at."""
        values = [self.value(v) for v in (left, *others)]
        found = self.compared(ops[0], values[0], values[1])
        for op, a, b in zip(ops[1:], values[1:], values[2:], strict=False):
            found = Value("b1", self.new(f"and i1 {found.text}, {self.compared(op, a, b).text}"))
        return found

    def decided(self, every: bool, values: Sequence[ast.expr]) -> Value:
        """Return whether all of some conditions hold, or any; those behind the one that decides are not looked at."""
        n, found = self.fresh(), []
        for k, node in enumerate(values):
            condition = self.value(node)
            if condition.kind != "b1":
                raise Unknown("a condition that is a number")
            found.append((condition.text, self.block))
            if k < len(values) - 1:
                on, done = f"more{n}.{k}", f"behind{n}"
                self.end(f"br i1 {condition.text}, label %{on if every else done}, label %{done if every else on}")
                self.label(on)
        self.label(f"behind{n}")
        return Value("b1", self.new(f"phi i1 {', '.join(f'[ {text}, %{block} ]' for text, block in found)}"))

    def selected(self, test: ast.expr, yes: ast.expr, no: ast.expr) -> Value:
        """Return one of two values, of which only that one is computed."""
        condition = self.truth(test)
        if all(isinstance(v, ast.Name | ast.Constant | ast.Attribute) for v in (yes, no)):
            a, b = self.value(yes), self.value(no)
            a, b, kind = (a, b, a.kind) if a.kind == b.kind else self.both(a, b)
            if not isinstance(kind, str):
                raise Unknown("a choice of arrays")
            return Value(kind, self.new(f"select i1 {condition}, {LLVM[kind]} {a.text}, {LLVM[kind]} {b.text}"))
        n, outer, arms = self.fresh(), self.lines, []
        self.end(f"br i1 {condition}, label %yes{n}, label %no{n}")
        for name, node in ((f"yes{n}", yes), (f"no{n}", no)):
            self.lines = []
            self.label(name)
            arms.append((self.value(node), self.block, self.lines))
            self.open = False
        kind, ends = joined(arms[0][0].kind, arms[1][0].kind), []
        for found, block, self.lines in arms:
            ends.append(f"[ {self.cast(found, kind).text}, %{block} ]")
            outer += [*self.lines, f"  br label %behind{n}"]
        self.lines = outer
        self.label(f"behind{n}")
        return Value(kind, self.new(f"phi {whole(kind)} {', '.join(ends)}"))

    def element(self, node: ast.Subscript) -> Value:
        """Return an element of an array, or a row of it."""
        array, index = self.indexed(node)
        assert isinstance(array.kind, Array)
        place, left = self.offset(array, index)
        if left:
            return Value(Array(array.kind.item, left), fields=(place, *array.fields[-left:]))
        return Value(array.kind.item, self.new(f"load {LLVM[array.kind.item]}, ptr {place}"))

    def place(self, node: ast.Subscript) -> tuple[str, str]:
        """Return the kind of an element of an array, and where it stands."""
        array, index = self.indexed(node)
        assert isinstance(array.kind, Array)
        place, left = self.offset(array, index)
        if left:
            raise Unknown("a row is written")
        return array.kind.item, place

    def indexed(self, node: ast.Subscript) -> tuple[Value, list[Value]]:
        """Return an array and the numbers of the rows and elements that are wanted."""
        array = self.value(node.value)
        index = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        while index and isinstance(index[-1], ast.Slice) and ast.unparse(index[-1]) == ":":
            index.pop()
        if not isinstance(array.kind, Array) or len(index) > array.kind.dimensions:
            raise Unknown(ast.unparse(node)[:60])
        return array, [self.value(i) for i in index]

    def offset(self, array: Value, index: Sequence[Value]) -> tuple[str, int]:
        """Return where an element or a row stands, and how many dimensions it has; negative numbers count from the end."""
        assert isinstance(array.kind, Array)
        sizes, at = array.fields[1:], ""
        for k, one in enumerate(index):
            if one.kind in SMALL:
                one = self.cast(one, "u8")
            if one.kind not in ("i8", "u8"):
                raise Unknown("an index that is no integer")
            number = one.text
            if one.kind == "i8" and (one.number is None or one.number < 0):
                behind = self.new(f"add i64 {number}, {sizes[k]}")
                number = self.new(f"select i1 {self.new(f'icmp slt i64 {number}, 0')}, i64 {behind}, i64 {number}")
            at = self.new(f"add i64 {self.new(f'mul i64 {at}, {sizes[k]}')}, {number}") if at else number
        left = array.kind.dimensions - len(index)
        if left:
            at = self.product([at or "0", *sizes[-left:]])
        return self.new(f"getelementptr inbounds {LLVM[array.kind.item]}, ptr {array.fields[0]}, i64 {at}"), left

    def called(self, node: ast.Call) -> Value:
        """Return what a function returns."""
        name = ast.unparse(node.func)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "view":
            return self.bits(self.value(node.func.value), CASTS.get(ast.unparse(node.args[0]), ""))
        given = [self.value(a) for a in node.args]
        if node.keywords:
            raise Unknown("a keyword")
        if name in INTRINSICS:
            return self.call(INTRINSICS[name], given)
        if name.startswith("math.") and name[5:] in LIBRARY:
            return self.call(name[5:], given)
        if name in CASTS:
            return self.cast(given[0], CASTS[name])
        if name == "abs":
            if given[0].kind != "f8":
                raise Unknown("the absolute value of an integer")
            return self.call("llvm.fabs.f64", given)
        if name in ("max", "min") and len(given) == 2:
            return self.extreme(name == "max", *given)
        if not isinstance(node.func, ast.Name):
            raise Unknown(name)
        symbol, kind = self.callee(name, tuple(v.kind for v in given))
        texts = [t for v in given for t in (v.fields if isinstance(v.kind, Array) else (v.text,))]
        arguments = ", ".join(f"{what} {text}" for what, text in zip((t for v in given for t in parts(v.kind)), texts, strict=True))
        if kind is None:
            self.lines.append(f"  call void {symbol}({arguments})")
            return Value(None)
        return Value(kind, self.new(f"call {whole(kind)} {symbol}({arguments})"))

    def bits(self, value: Value, kind: str) -> Value:
        """Return the 64 bits of a number read as another one."""
        if value.kind == kind:
            return value
        if {value.kind, kind} != {"f8", "i8"}:
            raise Unknown("bits of another kind")
        return Value(kind, self.new(f"bitcast {LLVM[str(value.kind)]} {value.text} to {LLVM[kind]}"))
