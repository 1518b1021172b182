"""The layout of a text is one, keeps what the text means and says, and is its own layout."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lang.mdcases import cases
from lang.strategies import FRAGMENTS, expressions, mutated
from lang.test_robustness import LIF, RANDOM, STEPS

from neurodsl import resources
from neurodsl.diagnostics import Report
from neurodsl.lang import parse_expression, read_all, unparse
from neurodsl.lang.formatting import format_text
from neurodsl.lang.limits import within_limits
from neurodsl.source import Source

ARRAYS = """\
param N = 3, K = 2, W[N, N] ~ normal(0, 0.1), omega[N] = (1, 2, 3)
init theta[N] = 0, x[N] = 0
dtheta[i]/dt = omega[i] + K/N*sum(sin(theta[j] - theta[i]) for j)
dx/dt = -x + W @ tanh(x) + W[0, 1]*x[N - 1]
"""
TEXTS = {"lif": LIF, "random": RANDOM, "steps": STEPS, "arrays": ARRAYS} | {
    case.title: case.text for case in cases(Path(__file__).parent / "cases") if case.expected == ("ok",)
}


def formatted(text: str) -> str | None:
    """Return a text in its layout, None where it cannot be read."""
    return format_text(Source("text.neuro", text), Report())


def right(text: str) -> str:
    """Return the layout of a text that can be read."""
    found = formatted(text)
    assert found is not None, text
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=b+c-d", "a = b + c - d"),
        ("a =  -b* -c^ -d", "a = -b*-c^-d"),
        ("a = (- b) - - c", "a = (-b) - -c"),
        ("a = b / c * d ** 2 ^ e", "a = b/c*d**2^e"),
        ("a=b mod(c)mod -d", "a = b mod (c) mod -d"),
        ("a=mod( b ,c )", "a = mod(b, c)"),
        ("a = 1 if b<=c and not d==e or(f>g)else 2", "a = 1 if b <= c and not d == e or (f > g) else 2"),
        ("f( x,y )=x*( y+1 )", "f(x, y) = x*(y + 1)"),
        ("a = .50 + 1E-3 + 2.", "a = .50 + 1E-3 + 2."),
        ("tau * dV  /  dt = -V", "tau*dV/dt = -V"),
        ("d2x/ dt2=-k*x", "d2x/dt2 = -k*x"),
    ],
)
def test_sums_are_spaced_and_products_are_not(text: str, expected: str) -> None:
    assert right(text) == f"{expected}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=10[ mV ]", "a = 10 [mV]"),
        ("a = f(x)[uF / cm ^ 2]", "a = f(x) [uF/cm^2]"),
        ("a = V / [mV]", "a = V/[mV]"),
        ("a = exp(-V / 80[mV])", "a = exp(-V/80 [mV])"),
        ("a = 0.1[1/ms]*(25-V/[mV])/(exp(V)-1)", "a = 0.1 [1/ms] * (25 - V/[mV]) / (exp(V) - 1)"),
        ("a = 1 + 0.1 [1/ms] * (25 - V/[mV])", "a = 1 + 0.1 [1/ms]*(25 - V/[mV])"),
        ("a = -0.1 [1/ms]*V", "a = -0.1 [1/ms] * V"),
        ("a = f(0.1 [1/ms]*V, 2 [ms]*V + 1, V*3 [ms])", "a = f(0.1 [1/ms] * V, 2 [ms]*V + 1, V*3 [ms])"),
        ("a = 2 [ms] * b if 3 [ms]*b > c else 4", "a = 2 [ms]*b if 3 [ms]*b > c else 4"),
        ('param a ~normal( 0,1 )[nS]"x"', 'param a ~ normal(0, 1) [nS] "x"'),
    ],
)
def test_a_unit_stands_one_space_behind_what_it_measures(text: str, expected: str) -> None:
    assert right(text) == f"{expected}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = W [ i,j+1 ] [ 2 ]", "a = W[i, j + 1][2]"),
        ("dtheta[ i ] / dt = 1", "dtheta[i]/dt = 1"),
        ("a = 2 [ms]*dtheta[i] / dt", "a = 2 [ms] * dtheta[i]/dt"),
        ("a = W@x*2+(1,2)@x", "a = W @ x*2 + (1, 2) @ x"),
        ("a = sum( x[j]for j )", "a = sum(x[j] for j)"),
        ('param w[N]=load( "w.npy" )', 'param w[N] = load("w.npy")'),
    ],
)
def test_an_index_stands_close_to_its_name(text: str, expected: str) -> None:
    assert right(text) == f"{expected}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on V>=V_th :V=0 ;hold V for 2[ms]", "on V >= V_th: V = 0; hold V for 2 [ms]"),
        ("on(V>1):wait(2)", "on (V > 1): wait (2)"),
        ("on -V>1:V+=-1", "on -V > 1: V += -1"),
        ("on rate(V):emit   spike", "on rate (V): emit spike"),
        ("at -  5 :stop", "at -5: stop"),
        ('variant  x"doc":a=1,b=2', 'variant x "doc": a = 1, b = 2'),
        ("simulate :dt 0.1 ;record a,b", "simulate: dt 0.1; record a, b"),
        ('noise xi,eta"x"', 'noise xi, eta "x"'),
        ("next x=a * x", "next x = a*x"),
        ('import a,b  as c from"c.neuro"', 'import a, b as c from "c.neuro"'),
        ("on = rate*-next", "on = rate*-next"),
        (
            "connect E[ 0 : 10 ]->E , I with  exc,no self ,indegree(N/2),w~normal(0,1)",
            "connect E[0:10] -> E, I with exc, no self, indegree (N/2), w ~ normal(0, 1)",
        ),
        (
            "connect E->E with exc,probability exp(-(i-j)/s),where(i-j)mod 3==0",
            "connect E -> E with exc, probability exp(-(i - j)/s), where (i - j) mod 3 == 0",
        ),
        ('population E=cell[ N ]"all"with V=1,I=delay(2)', 'population E = cell[N] "all" with V = 1, I = delay(2)'),
        ('population S=spikes[3]from"t.npy"[ms]', 'population S = spikes[3] from "t.npy" [ms]'),
        ("on post  after  2[ms]:post.g+=w*pre.x", "on post after 2 [ms]: post.g += w*pre.x"),
        ("simulate:record E[0:3:2].V every 1[ms],s.w", "simulate: record E[0:3:2].V every 1 [ms], s.w"),
        ("a=1;", "a = 1"),
        (";a=1;;b=2;", "a = 1; b = 2"),
        ("on a>1:;a=0;", "on a > 1: a = 0"),
    ],
)
def test_a_statement_is_one_row_of_words(text: str, expected: str) -> None:
    assert right(text) == f"{expected}\n"


BLOCKS = """\


#title
##  kept
#!kept

param a=1 #  one


param b=2


on a>1 :

\t  # about a
\t  a=0;
\t  b=1

\t     # deeper
\t  # at the end of the block
\t# between the two
# outside
model m "two":
 on b>1:
   b=0
 # in the model
   # in the model too
# the end


"""
BLOCKS_FORMATTED = """\
# title
##  kept
#!kept

param a = 1  #  one

param b = 2

on a > 1:
    # about a
    a = 0
    b = 1

    # deeper
    # at the end of the block
# between the two
# outside
model m "two":
    on b > 1:
        b = 0
    # in the model
        # in the model too
# the end
"""


def test_blocks_are_indented_by_four_and_comments_stay_with_them() -> None:
    assert right(BLOCKS) == BLOCKS_FORMATTED


CONTINUED = """\
a = f(1,
 g(2, # two

   # three
   3
   )
      ) + ((
1 +
2) - x)
on a>1:
  b = (1
+ 2)
"""
CONTINUED_FORMATTED = """\
a = f(1,
    g(2,  # two

        # three
        3
    )
) + ((
    1 +
    2) - x)
on a > 1:
    b = (1
        + 2)
"""


def test_line_ends_inside_parentheses_stay_and_what_follows_is_indented() -> None:
    assert right(CONTINUED) == CONTINUED_FORMATTED


def test_nothing_is_formatted_to_nothing() -> None:
    assert [right(text) for text in ("", "\n \n\t\n", "#", "\ufeffa=1", "a=1")] == ["", "", "#\n", "a = 1\n", "a = 1\n"]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_layout_is_its_own_layout(text: str) -> None:
    once = right(text)
    assert right(once) == once


def meaning(text: str) -> object:
    """Return the models of a text, without their places."""
    return re.sub(r"(start|stop)=\d+", "", repr(read_all(Source("text.neuro", text), Report())))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_models_of_a_text_stay_the_same(text: str) -> None:
    assert meaning(right(text)) == meaning(text)


def comments(text: str) -> list[str]:
    """Return the comments of a text without the space behind their sign; none of its labels holds one."""
    return [re.sub(r"^#\s?", "#", line[line.index("#") :].rstrip()) for line in text.split("\n") if "#" in line]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_only_spaces_and_semicolons_at_line_ends_go(text: str) -> None:
    found = right(text)
    assert comments(found) == comments(text)
    assert [re.sub(r"[\s\ufeff;]", "", t) for t in (found, text)] == [re.sub(r"[\s\ufeff;]", "", text)] * 2


@pytest.mark.parametrize("path", resources.shipped_models().values(), ids=lambda path: str(path.stem))
def test_shipped_models_have_the_layout(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert right(text) == text


@given(expressions)
def test_an_expression_keeps_its_meaning_without_its_spaces(expression: object) -> None:
    assume(within_limits(expression, Report()))
    text = f"x = {unparse(expression)}"  # type: ignore[arg-type]
    once = right(re.sub(r" ?([^\w\s]) ?", r"\1", text))
    value = parse_expression(Source("<value>", once.removeprefix("x = ")), Report())
    assert (value, right(once)) == (expression, once)


@given(st.data())
def test_the_layout_does_not_depend_on_the_spaces_of_the_author(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([LIF, RANDOM, STEPS, ARRAYS])).partition("\n")[2]
    gaps = st.sampled_from(["", " ", "   ", "\t"])
    spaced = re.sub(r"(?<=[^\s-]) *([-+*](?!=)|[,;)]) *", lambda sign: f"{data.draw(gaps)}{sign[1]}{data.draw(gaps)}", text)
    assert right(spaced) == right(text)


@given(
    st.one_of(
        *(mutated(text) for text in (LIF, RANDOM, STEPS, ARRAYS, BLOCKS, CONTINUED)),
        st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(" ".join),
        st.text(max_size=20),
    )
)
def test_a_mutated_text_is_refused_or_gets_a_layout_that_is_its_own(text: str) -> None:
    once = formatted(text)
    assert once is None or right(once) == once
