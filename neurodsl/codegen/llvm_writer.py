"""A function of a generated file as LLVM's text: what ``inspect`` lets through, in the meaning that numba gives it."""

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


def merged(ends: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return what variables stand for where ways come together: nobody knows of one that stands for several things."""
    found: dict[str, str] = {}
    for end in ends:
        for name, slot in end.items():
            found[name] = slot if found.get(name, slot) == slot else ""
    return found


def _refuse(why: str) -> str:
    raise Unknown(why)


class FunctionWriter(Arithmetic):
    """Writes a function for arguments of some kinds.

    The kind of a variable is that of all values it is given. A first round finds them out; where one turns out wider on the way, there is another one.

    Parameters
    ----------
    function : ast.FunctionDef
    given : tuple of Kind
        Of its arguments.
    flags : str
        What LLVM may do with sums and products.
    callee : callable
        Where other functions of the file are found.
    constants : mapping of str to Value
        The numbers that the file names outside of functions.
    """

    def __init__(self, function: ast.FunctionDef, given: tuple[Kind, ...], flags: str, callee: Callee, constants: Mapping[str, Value]) -> None:
        super().__init__(flags)
        self.function, self.given, self.callee, self.constants = function, given, callee, constants
        self.kinds: dict[str, Kind] = {}
        self.unsure: dict[int, set[str]] = {}
        self.named: dict[str, str] = {}
        self.rounds: list[list[dict[str, str]]] = []
        self.returned: Kind = None
        self.returns = False

    def written(self, head: str, tail: str) -> str:
        """Return the text of the function, of the symbol and the attributes that are given."""
        names = [a.arg for a in self.function.args.args]
        if len(names) != len(self.given):
            raise Unknown("another number of arguments")
        self.kinds = dict(zip(names, self.given, strict=True))
        while True:
            self.lines, self.count, self.blocks, self.open, self.wider = [], 0, 0, True, False
            self.block, self.again, self.named, self.rounds = "entry", "", {}, []
            for name, kind in zip(names, self.given, strict=True):
                texts = [f"%a.{name}.{k}" for k in range(len(parts(kind)))]
                self.assign(name, Value(kind, texts[0]) if isinstance(kind, str) else Value(kind, fields=tuple(texts)))
            self.body(self.function.body)
            if self.open:
                if self.returns:
                    raise Unknown("a way without a result")
                self.lines.append("  ret void")
            if not self.wider:
                break
        arguments = ", ".join(f"{t} %a.{n}.{k}" for n, kind in zip(names, self.given, strict=True) for k, t in enumerate(parts(kind)))
        room = [f"  %v.{n}.{k} = alloca {t}" for n, kind in self.kinds.items() for k, t in enumerate(parts(kind))]
        room += [f"  %c.{k} = alloca i64" for k in range(self.blocks)]
        return "\n".join([f"define internal {whole(self.returned)} {head}({arguments}) {tail} {{", "entry:", *room, *self.lines, "}", ""])

    # --- blocks ------------------------------------------------------------------------------------------------------------------

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

    def body(self, statements: Sequence[ast.stmt]) -> None:
        """Write statements; what stands behind the end of a block is never reached."""
        for statement in statements:
            if not self.open:
                return
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        """Write a statement."""
        match node:
            case ast.Assign(targets=targets, value=value):
                self.assignment(targets, value)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                self.assign(name, self.binary(op, self.variable(name), self.value(value)))
            case ast.AugAssign(target=ast.Subscript() as target, op=op, value=value):
                item, place = self.place(target)
                old = Value(item, self.new(f"load {LLVM[item]}, ptr {place}"))
                self.store(item, place, self.binary(op, old, self.value(value)))
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=given), body=inner, orelse=[]):
                self.loop(name, [self.value(v) for v in given], inner)
            case ast.For(target=ast.Name(id=name), iter=ast.Tuple(elts=numbers), body=inner, orelse=[]):
                self.loop(name, self.progression([self.value(v).number for v in numbers]), inner)
            case ast.While(test=test, body=inner, orelse=[]):
                self.repeat(test, inner)
            case ast.If(test=test, body=yes, orelse=no):
                self.choice(test, yes, no)
            case ast.Continue():
                self.rounds[-1].append(self.named)
                self.end(f"br label %{self.again}")
            case ast.Return(value=value):
                self.leave(value)
            case ast.Expr(value=ast.Call() as call):
                self.value(call)
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case _:
                raise Unknown(type(node).__name__)

    def assignment(self, targets: Sequence[ast.expr], value: ast.expr) -> None:
        """Write an assignment to names, to elements of arrays, and to several of them at once."""
        if len(targets) == 1 and isinstance(targets[0], ast.Tuple):
            names = targets[0].elts
            found = [self.value(v) for v in value.elts] if isinstance(value, ast.Tuple) else self.pieces(self.value(value))
            if len(found) != len(names):
                raise Unknown("another number of results")
            for target, one in zip(names, found, strict=True):
                self.put(target, one)
            return
        one = self.value(value)
        for target in targets:
            self.put(target, one)

    def pieces(self, value: Value) -> list[Value]:
        """Return what a function has returned one by one."""
        if not isinstance(value.kind, tuple):
            raise Unknown("one result for several names")
        return [Value(k, self.new(f"extractvalue {whole(value.kind)} {value.text}, {n}")) for n, k in enumerate(value.kind)]

    def put(self, target: ast.expr, value: Value) -> None:
        """Give a value to a name or to an element of an array."""
        if isinstance(target, ast.Name):
            self.assign(target.id, value)
        elif isinstance(target, ast.Subscript):
            item, place = self.place(target)
            self.store(item, place, value)
        else:
            raise Unknown(type(target).__name__)

    def store(self, item: str, place: str, value: Value) -> None:
        """Write a number to an element of an array."""
        self.lines.append(f"  store {LLVM[item]} {self.cast(value, item).text}, ptr {place}")

    def assign(self, name: str, value: Value) -> None:
        """Give a value to a variable, which becomes as wide as it has to."""
        if value.kind is None or isinstance(value.kind, tuple):
            raise Unknown("a variable of several values")
        slot = self.slot(name, value.kind)
        self.named[name], name = slot, slot
        kind = joined(self.kinds.setdefault(name, value.kind), value.kind)
        if kind != self.kinds[name]:
            self.kinds[name], self.wider = kind, True
        texts = value.fields if isinstance(kind, Array) else (self.cast(value, kind).text,)
        for k, (text, what) in enumerate(zip(texts, parts(kind), strict=True)):
            self.lines.append(f"  store {what} {text}, ptr %v.{name}.{k}")

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

    def leave(self, value: ast.expr | None) -> None:
        """Write the return from the function."""
        if value is None:
            if self.returns:
                raise Unknown("a way without a result")
            self.end("ret void")
            return
        many = isinstance(value, ast.Tuple)
        found = [self.value(v) for v in value.elts] if isinstance(value, ast.Tuple) else [self.value(value)]
        kind: Kind = tuple(str(v.kind) for v in found) if many else found[0].kind
        if any(not isinstance(v.kind, str) for v in found):
            raise Unknown("an array is returned")
        wanted = joined(self.returned, kind) if self.returns else kind
        self.wider |= self.returns and wanted != self.returned
        self.returned, self.returns = wanted, True
        if not isinstance(wanted, tuple):
            self.end(f"ret {whole(wanted)} {self.cast(found[0], wanted).text}")
            return
        text = "undef"
        for n, (v, k) in enumerate(zip(found, wanted, strict=True)):
            text = self.new(f"insertvalue {whole(wanted)} {text}, {LLVM[k]} {self.cast(v, k).text}, {n}")
        self.end(f"ret {whole(wanted)} {text}")

    def choice(self, test: ast.expr, yes: Sequence[ast.stmt], no: Sequence[ast.stmt]) -> None:
        """Write statements that a condition chooses."""
        n, condition = self.fresh(), self.truth(test)
        self.end(f"br i1 {condition}, label %yes{n}, label %no{n}")
        before, ends = dict(self.named), []
        for name, statements in ((f"yes{n}", yes), (f"no{n}", no)):
            self.named = dict(before)
            self.label(name)
            self.body(statements)
            if self.open:
                ends.append(self.named)
                self.end(f"br label %behind{n}")
        if ends:
            self.named = merged(ends)
            self.label(f"behind{n}")

    def enter(self, loop: int) -> dict[str, str]:
        """Begin a loop and return what variables stand for before it."""
        before = dict(self.named)
        self.rounds.append([])
        self.named |= dict.fromkeys(self.unsure.get(loop, ()), "")
        return before

    def come_round(self, loop: int, before: Mapping[str, str]) -> None:
        """End the body of a loop: what stands for something else at its end than before it is not known at its begin."""
        ends = [*self.rounds.pop(), *([self.named] if self.open else [])]
        found = {name for end in ends for name, slot in end.items() if before.get(name, slot) != slot}
        if not found <= self.unsure.setdefault(loop, set()):
            self.unsure[loop] |= found
            self.wider = True
        self.named = merged([before, *ends])

    def repeat(self, test: ast.expr, inner: Sequence[ast.stmt]) -> None:
        """Write statements that are repeated while a condition holds."""
        n, outer = self.fresh(), self.again
        before = self.enter(n)
        self.label(f"test{n}")
        condition, self.again = self.truth(test), f"test{n}"
        self.end(f"br i1 {condition}, label %inner{n}, label %behind{n}")
        self.label(f"inner{n}")
        self.body(inner)
        self.come_round(n, before)
        if self.open:
            self.end(f"br label %test{n}")
        self.again = outer
        self.label(f"behind{n}")
        if isinstance(test, ast.Constant):
            self.end("unreachable")

    def progression(self, numbers: Sequence[int | None]) -> list[Value]:
        """Return the range of numbers that follow one another in equal steps."""
        known = [n for n in numbers if n is not None]
        step = known[1] - known[0] if len(known) > 1 else 1
        if not known or known != list(range(known[0], known[0] + step * len(numbers), step or 1)):
            raise Unknown("a loop over other numbers")
        return [Value("i8", str(n), n) for n in (known[0], known[0] + step * len(known), step)]

    def loop(self, name: str, bounds: Sequence[Value], inner: Sequence[ast.stmt]) -> None:
        """Write a loop over a range."""
        first, stop = (Value("i8", "0", 0), bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
        step = bounds[2] if len(bounds) == 3 else Value("i8", "1", 1)
        kind = "u8" if stop.kind == "u8" else "i8"
        if (not {first.kind, stop.kind} <= {kind, *SMALL} and first.number is None) or (kind == "u8" and step.number != 1) or step.kind != "i8":
            raise Unknown("a range of other numbers")
        first, stop = self.cast(first, kind), self.cast(stop, kind)
        n, outer, sign = self.fresh(), self.again, "s" if kind == "i8" else "u"
        self.lines.append(f"  store i64 {first.text}, ptr %c.{n}")
        before = self.enter(n)
        self.label(f"test{n}")
        now = self.new(f"load i64, ptr %c.{n}")
        more = self.new(f"icmp {sign}lt i64 {now}, {stop.text}")
        if step.number is None or step.number < 0:
            down, less = self.new(f"icmp slt i64 {step.text}, 0"), self.new(f"icmp sgt i64 {now}, {stop.text}")
            more = self.new(f"select i1 {down}, i1 {less}, i1 {more}")
        self.end(f"br i1 {more}, label %inner{n}, label %behind{n}")
        self.label(f"inner{n}")
        self.assign(name, Value(kind, now))
        self.again = f"next{n}"
        self.body(inner)
        self.come_round(n, before)
        self.label(f"next{n}")
        following = self.new(f"add {'nsw' if kind == 'i8' else 'nuw'} i64 {now}, {step.text}")
        self.lines.append(f"  store i64 {following}, ptr %c.{n}")
        self.end(f"br label %test{n}")
        self.again = outer
        self.label(f"behind{n}")

    # --- values ------------------------------------------------------------------------------------------------------------------

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
