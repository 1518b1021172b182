"""A function of a generated file as LLVM's text: what ``inspect`` lets through, in the meaning that numba gives it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from neurodsl.codegen.llvm_expressions import Callee, ExpressionWriter, parts, whole
from neurodsl.codegen.llvm_values import LLVM, SMALL, Array, Kind, Unknown, Value, joined


def merged(ends: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return what variables stand for where ways come together: nobody knows of one that stands for several things."""
    found: dict[str, str] = {}
    for end in ends:
        for name, slot in end.items():
            found[name] = slot if found.get(name, slot) == slot else ""
    return found


class FunctionWriter(ExpressionWriter):
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
        super().__init__(flags, callee, constants)
        self.function, self.given = function, given
        self.unsure: dict[int, set[str]] = {}
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
