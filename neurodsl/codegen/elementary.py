"""Elementary functions for loops over lanes: arithmetic and selects alone, so that a compiler turns the loop into vector instructions.

A call of the mathematical library stops LLVM's loop vectoriser. These functions are plain text without calls and without branches that
matter (`a if c else b` of two values is a select), good to three units in the last place (phi_3 to five, phi_4 to ten) over the whole range
of float64, with infinity, nan and subnormal numbers where the exact function has them; only the sign of a zero is not kept. The same text
runs as plain Python over numpy's scalars. Products and sums may be contracted (`a*b + c` rounded once), which they do not rely on.

The coefficients were computed with 50 digits, by interpolation at Chebyshev's nodes or by Lawson's reweighted least squares for the relative
error, and rounded; each polynomial says how far it is then, relatively, from its function.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

DECORATOR = '@njit(error_model="numpy", forceinline=True, fastmath={"contract"})\n'
EXP = (
    0.5, 0.16666666666666602, 0.04166666666661992, 0.008333333333388532, 0.0013888888920531755, 0.00019841269708998746,
    2.4801516322270158e-05, 2.7557425394003454e-06, 2.762223621198199e-07, 2.504579835246255e-08,
)  # fmt: skip
"""(exp(r) - 1 - r)/r**2 for abs(r) <= log(2)/2: exp(r) is within 1.0e-17 of itself, exp(r) - 1 within 2.5e-17."""
PHI2 = (
    0.5, 0.16666666666666657, 0.041666666666666866, 0.008333333333334624, 0.0013888888888876597, 0.00019841269840774721, 2.4801587304137823e-05,
    2.7557319306566247e-06, 2.7557318977771463e-07, 2.5052101202263074e-08, 2.0876769204736386e-09, 1.6059394531729956e-10,
    1.1470443218387862e-11, 7.637492066303086e-13, 4.782123310135922e-14, 2.9517668682992644e-15, 1.5846020488876275e-16,
)  # fmt: skip
"""phi_2(x) for abs(x) <= 2, within 4.9e-17."""
PHI3 = (
    0.16666666666666666, 0.041666666666666664, 0.00833333333333334, 0.0013888888888889607, 0.00019841269841265393, 2.480158730132061e-05,
    2.7557319224883942e-06, 2.755731926751591e-07, 2.5052108301662482e-08, 2.08767532622153e-09, 1.6059047774011403e-10, 1.1470925192173317e-11,
    7.647077513234669e-13, 4.774574806829191e-14, 2.8118014220647048e-15, 1.6324635251284333e-16, 8.387150549227512e-18,
)  # fmt: skip
"""phi_3(x) for abs(x) <= 2, within 8.6e-17."""
PHI4 = (
    0.041666666666666664, 0.008333333333333333, 0.0013888888888888892, 0.00019841269841270202, 2.48015873015857e-05, 2.7557319223854086e-06,
    2.7557319224302213e-07, 2.5052108406716716e-08, 2.0876756959345614e-09, 1.6059042030996985e-10, 1.1470746856997707e-11, 7.64725021766544e-13,
    4.779454266967272e-14, 2.8091085460215953e-15, 1.561823868272613e-16, 8.557251800677212e-18, 4.20204159601524e-19,
)  # fmt: skip
"""phi_4(x) for abs(x) <= 2, within 1.1e-17."""
LOG = (
    0.6666666666666735, 0.39999999999413627, 0.2857142874260382, 0.22222198551969663, 0.1818356540140983, 0.15314023385172448, 0.14796220346715475,
)  # fmt: skip
"""(2*atanh(s) - 2*s)/s**3 by z = s**2 for abs(s) <= (sqrt(2) - 1)/(sqrt(2) + 1): 2*atanh(s) is within 2.0e-18."""
POW = (0.6666666666666666, 0.4000000000000103, 0.28571428569483215, 0.22222223908689548, 0.18181079309259268, 0.15543687596075473)
"""The same for abs(s) <= 0.0585: 2*atanh(s) is within 6.1e-20."""
SIN = (
    -0.16666666666666666, 0.008333333333333194, -0.00019841269841209142, 2.755731921112367e-06, -2.5052106871532233e-08, 1.6058939640814464e-10,
    -7.642989763561404e-13, 2.72115645980992e-15,
)  # fmt: skip
"""(sin(r) - r)/r**3 by z = r**2 for abs(r) <= pi/2: sin(r) is within 3.9e-18."""
SHORT_SIN = (
    -0.1666666666666663, 0.008333333333322097, -0.0001984126982957316, 2.755731361594698e-06, -2.505074693378049e-08, 1.5896182869259686e-10,
)  # fmt: skip
"""The same for abs(r) <= pi/4: within 1.1e-17."""
COS = (
    0.041666666666666595, -0.0013888888888873034, 2.4801587288837602e-05, -2.7557314175261846e-07, 2.0875700295601173e-09, -1.1358508228356054e-11,
)  # fmt: skip
"""(cos(r) - 1 + z/2)/z**2 there: cos(r) is within 1.2e-18."""
ATAN = (
    -0.3333333333333333, 0.19999999999995516, -0.14285714284665682, 0.11111111015187018, -0.0909090457530649, 0.07692183125376892,
    -0.06664510525508936, 0.05858140904866328, -0.050854078345894844, 0.03923044778479309, -0.019175404711104935,
)  # fmt: skip
"""(atan(r) - r)/r**3 by z = r**2 for abs(r) <= sqrt(2) - 1: atan(r) is within 7.1e-18."""
LN2 = (0.6931471805598903, 5.497923018708371e-14)
"""log(2) in two parts, the first of 42 bits: its product with an exponent is exact."""
PI = (3.1415926534682512, 1.2154201012607932e-10, 4.044532497422333e-21, 1.69568553207378e-31)
"""pi in four parts, the first three of 33 bits: their products with numbers of 20 bits are exact."""
FURTHEST = 1e6
"""Up to here the parts of pi give sin, cos and tan their digits. Beyond, those are nan ON PURPOSE, for the caller to compute such a lane again."""
INVERSE_LN2 = "1.4426950408889634"
SHIFT = 1.5 * 2.0**52
"""Added to a number below 2**51, it leaves the nearest integer in the low bits; with 1023 more, those are the exponent of a power of two."""
MANTISSA = 0x000FFFFFFFFFFFFF
ROOT = 0x3FE6A09E667F3BCD
"""The bits of sqrt(1/2): the lowest number that stands with the exponent 0."""
ONE = 0x3FF0000000000000
UPPER = -0x8000000


def horner(coefficients: Sequence[float], variable: str) -> str:
    """Return a polynomial, given from the constant on, in Horner's form."""
    text = repr(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        text = f"{coefficient!r} + {variable}*({text})"
    return text


def halves(coefficients: Sequence[float]) -> str:
    """Return a polynomial in `r` as its even and its odd part in `z` = r*r: two chains half as long, for one product more."""
    return f"({horner(coefficients[::2], 'z')}) + r*({horner(coefficients[1::2], 'z')})"


def power_of_2(exponent: str) -> str:
    """Return a power of two, given the integer whose low bits are its exponent and 1023 more."""
    return f"np.int64({exponent} << 52).view(np.float64)"


def upper(number: str) -> str:
    """Return a number with the upper 26 bits of its mantissa alone: the product of two such is exact."""
    return f"np.int64(np.float64({number}).view(np.int64) & {UPPER}).view(np.float64)"


def exponential(argument: str, exponent: int = 0) -> str:
    """Return the lines that write exp(argument) as 2**n*(1 + q) and set `s` to 2**(n + exponent), a sum between -1022 and 1023."""
    shift = repr(SHIFT + 1023 + exponent)
    s = power_of_2("np.float64(t).view(np.int64)")
    return f"t = {argument}*{INVERSE_LN2} + {shift}\nn = t - {shift}\ns = {s}\n{near_one(argument)}"


def wide_exponential(argument: str, rest: str = "") -> str:
    """Return the lines that write exp(argument + rest) as s*d*(1 + q): a half of 2**n is a normal number where 2**n is none."""
    shift = repr(SHIFT + 2046)
    bits = "k = np.float64(t).view(np.int64)\nh = k >> 1"
    s, d = power_of_2("h"), power_of_2("(k - h)")
    return f"t = {argument}*{INVERSE_LN2} + {shift}\nn = t - {shift}\n{bits}\ns = {s}\nd = {d}\n{near_one(argument, rest)}"


def near_one(argument: str, rest: str = "") -> str:
    """Return the lines that set `q` to exp(argument - n*log(2)) - 1."""
    lower = f"(n*{LN2[1]!r} - {rest})" if rest else f"n*{LN2[1]!r}"
    return f"r = ({argument} - n*{LN2[0]!r}) - {lower}\nz = r*r\nq = r + z*({halves(EXP)})"


def exponent_and_mantissa(argument: str) -> str:
    """Return the lines that write a positive argument as 2**k*m, with m from sqrt(1/2) to sqrt(2)."""
    return f"""
tiny = {argument} < 2.2250738585072014e-308
u = np.float64({argument}*18014398509481984.0 if tiny else {argument}).view(np.int64) + {ONE - ROOT}
k = np.int64(((u >> 52) & 2047) | {0x4330000000000000}).view(np.float64) - (4503599627371573.0 if tiny else 4503599627371519.0)
m = np.int64((u & {MANTISSA}) + {ROOT}).view(np.float64)""".strip()


def near_zero(rest: str = "") -> str:
    """Return log(1 + f) + rest by `s` = f/(2 + f), `z` = s**2 and `h` = f**2/2."""
    part = f"s*(h + z*({horner(LOG, 'z')}))"
    return f"(f - (h - ({part} + {rest})))" if rest else f"(f - (h - {part}))"


def logarithm(formula: str) -> str:
    """Return the body of a logarithm, given what it is by `k` and `f`."""
    return f"""
{exponent_and_mantissa("x")}
f = m - 1.0
s = f/(2.0 + f)
z = s*s
h = 0.5*f*f
y = {formula}
y = y if x < np.inf else x
return y if x > 0.0 else -np.inf if x == 0.0 else np.nan"""


ARC = f"""
far = a > 2.414213562373095*b
middle = a > 0.41421356237309503*b
r = (-b if far else a - b if middle else a)/(a if far else a + b if middle else b)
z = r*r
y = r*(z*({horner(ATAN, "z")})) + (6.123233995736766e-17 if far else 3.061616997868383e-17 if middle else 0.0)
y = (1.5707963267948966 if far else 0.7853981633974483 if middle else 0.0) + (r + y)""".strip()
"""The lines that set `y` to the angle whose tangent is a/b, both not negative: pi/2, pi/4 or 0 and an angle up to pi/8."""
FUNCTIONS = {
    "_exp(x)": f"""
x = 710.0 if x > 710.0 else x
x = -750.0 if x < -750.0 else x
{wide_exponential("x")}
return (s*q + s)*d""",
    "_expm1(x)": f"""
x = 710.0 if x > 710.0 else x
x = -40.0 if x < -40.0 else x
{exponential("x", -1)}
return 2.0*(s*q + (s - 0.5))""",
    "_tanh(x)": f"""
x = 20.0 if x > 20.0 else x
x = -20.0 if x < -20.0 else x
y = x + x
{exponential("y")}
e = s*q + (s - 1.0)
return e/(e + 2.0)""",
    "_sigmoid(x)": f"""
y = -abs(x)
y = -750.0 if y < -750.0 else y
{wide_exponential("y")}
z = (s*q + s)*d
return (z if x < 0.0 else 1.0)/(1.0 + z)""",
    # exp(x)/x is finite beyond the largest exp(x): scaled by 2**-16. The value at 1e-200 is that at 0.
    "_phi1(x)": f"""
x = 1e-200 if abs(x) < 1e-200 else x
x = 720.0 if x > 720.0 else x
y = -40.0 if x < -40.0 else x
{exponential("y", -16)}
return (s*q + (s - {2.0**-16!r}))/(x*{2.0**-16!r})""",
    "_inverse_phi1(x)": f"""
x = 1e-200 if abs(x) < 1e-200 else x
x = 760.0 if x > 760.0 else x
y = -40.0 if x < -40.0 else x
{exponential("y", -76)}
return x*{2.0**-76!r}/(s*q + (s - {2.0**-76!r}))""",
    "_phi2(x)": f"""
x = 740.0 if x > 740.0 else x
w = 1.0 if abs(x) < 2.0 else x
v = -1e300 if w < -1e300 else w
y = -40.0 if x < -40.0 else x
{exponential("y", -48)}
y = (s*q + (s - {2.0**-48!r}) - v*{2.0**-48!r})/(v*{2.0**-24!r})/(w*{2.0**-24!r})
r = x
z = r*r
p = {halves(PHI2)}
return p if abs(x) < 2.0 else y""",
    # This and the next overflow with phi_2, at 722, which is before they have to.
    "_phi3(x)": f"""
y = (_phi2(x) - 0.5)/(1.0 if abs(x) < 2.0 else 800.0 if x > 800.0 else x)
r = x
z = r*r
p = {halves(PHI3)}
return p if abs(x) < 2.0 else y""",
    "_phi4(x)": f"""
y = (_phi3(x) - {1 / 6!r})/(1.0 if abs(x) < 2.0 else 800.0 if x > 800.0 else x)
r = x
z = r*r
p = {halves(PHI4)}
return p if abs(x) < 2.0 else y""",
    "_sinh(x)": f"""
y = abs(x)
y = 710.5 if y > 710.5 else y
{exponential("y", -2)}
e = s*q + (s - 0.25)
y = 2.0*(e + e/(4.0*e + 1.0))
return -y if x < 0.0 else y""",
    "_cosh(x)": f"""
y = abs(x)
y = 710.5 if y > 710.5 else y
{exponential("y", -2)}
e = s*q + s
return 2.0*e + 0.125/e""",
    "_log(x)": logarithm(f"k*{LN2[0]!r} + {near_zero(f'k*{LN2[1]!r}')}"),
    "_log2(x)": logarithm(f"k + {near_zero()}*1.4426950408889634"),
    "_log10(x)": logarithm(f"k*0.30102999566395283 + (k*2.8363394551044964e-14 + {near_zero()}*0.4342944819032518)"),
    # `c` is what the sum 1 + x lost; half of it times 2**(1 - k), since 2**-k would be no number for the largest k.
    "_log1p(x)": f"""
w = 1.0 + x
c = x - (w - 1.0)
u = np.float64(w).view(np.int64) + {ONE - ROOT}
e = (u >> 52) & 2047
k = np.int64(e | {0x4330000000000000}).view(np.float64) - 4503599627371519.0
f = (np.int64((u & {MANTISSA}) + {ROOT}).view(np.float64) - 1.0) + 0.5*c*{power_of_2("(2047 - e)")}
s = f/(2.0 + f)
z = s*s
h = 0.5*f*f
y = k*{LN2[0]!r} + {near_zero(f"k*{LN2[1]!r}")}
y = y if x < np.inf else x
return y if x > -1.0 else -np.inf if x == -1.0 else np.nan if x < -1.0 else x""",
    "_sin(x)": f"""
t = x*0.3183098861837907 + {SHIFT!r}
n = t - {SHIFT!r}
r = (((x - n*{PI[0]!r}) - n*{PI[1]!r}) - n*{PI[2]!r}) - n*{PI[3]!r}
r = r if abs(x) <= {FURTHEST!r} else np.nan
z = r*r
y = r + r*(z*({horner(SIN, "z")}))
return np.int64(np.float64(y).view(np.int64) ^ (np.float64(t).view(np.int64) << 63)).view(np.float64)""",
    # The sine of what lacks to the nearest odd multiple of pi/2.
    "_cos(x)": f"""
t = (x*0.3183098861837907 - 0.5) + {SHIFT!r}
n = (t - {SHIFT!r}) + 0.5
r = (((n*{PI[0]!r} - x) + n*{PI[1]!r}) + n*{PI[2]!r}) + n*{PI[3]!r}
r = r if abs(x) <= {FURTHEST!r} else np.nan
z = r*r
y = r + r*(z*({horner(SIN, "z")}))
return np.int64(np.float64(y).view(np.int64) ^ (np.float64(t).view(np.int64) << 63)).view(np.float64)""",
    # `e` is what the subtractions lost: at pi/4 the tangent is twice as steep as its argument.
    "_tan(x)": f"""
t = x*0.6366197723675814 + {SHIFT!r}
n = t - {SHIFT!r}
a = x - n*{PI[0] / 2!r}
b = a - n*{PI[1] / 2!r}
c = b - n*{PI[2] / 2!r}
e = (((b - c) - n*{PI[2] / 2!r}) + ((a - b) - n*{PI[1] / 2!r})) - n*{PI[3] / 2!r}
r = c + e
e = e - (r - c)
r = r if abs(x) <= {FURTHEST!r} else np.nan
z = r*r
y = r + (r*(z*({horner(SHORT_SIN, "z")})) + e)
c = 1.0 - (0.5*z - z*z*({horner(COS, "z")}))
even = (np.float64(t).view(np.int64) & 1) == 0
return (y if even else c)/(c if even else -y)""",
    "_atan(x)": f"""
a = abs(x)
b = 1.0
{ARC}
return np.int64(np.float64(y).view(np.int64) | (np.float64(x).view(np.int64) >> 63 << 63)).view(np.float64)""",
    "_asin(x)": f"""
a = abs(x)
b = math.sqrt((1.0 - x)*(1.0 + x))
{ARC}
return np.int64(np.float64(y).view(np.int64) | (np.float64(x).view(np.int64) >> 63 << 63)).view(np.float64)""",
    "_acos(x)": f"""
a = math.sqrt((1.0 - x)*(1.0 + x))
b = abs(x)
{ARC}
return 3.141592653589793 - (y - 1.2246467991473532e-16) if x < 0.0 else y""",
    # log(x) = k*log(2) + log(c) + 2*atanh(s) is good to 2**-62 of itself as h + b. What has 26 bits makes exact products: `i` (of the quotient s),
    # `j`, `h` and `w`; so p + e is y*log(x), with an error that exp leaves in the last place. As C's function, but nan for 1 and nan.
    "_pow(x, y)": f"""
v = abs(x)
{exponent_and_mantissa("v")}
low = m < 0.8908987181403393
high = m > 1.122462048309373
c = 0.79296875 if low else 1.26171875 if high else 1.0
a = -0.2319714654377094 if low else 0.23247487874300532 if high else 0.0
b = -6.573097737831975e-14 if low else 8.874507297974632e-14 if high else 0.0
f = m - c
d = m + c
g = 1.0/d
i = {upper("f*g")}
j = {upper("d")}
l = (((f - i*j) - i*(d - j)) - i*(m - (d - c)))*g
s = i + l
z = s*s
l = (2.0*l + s*(z*({horner(POW, "z")}))) + (k*{LN2[1]!r} + b)
a = k*{LN2[0]!r} + a
h = {upper("a + (2.0*i + l)")}
b = ((a - h) + 2.0*i) + l
q = 1e20 if y > 1e20 else y
q = -1e20 if q < -1e20 else q
w = {upper("q")}
p = w*h
e = (q - w)*h + q*b
e = e if abs(p) < 1000.0 else 0.0
p = 710.0 if p > 710.0 else p
p = -750.0 if p < -750.0 else p
{wide_exponential("p", "e")}
u = (s*q + s)*d
half = 0.5*y
u = (u if np.rint(y) == y else np.nan) if x < 0.0 else u
edge = 0.0 if (v < 1.0) == (y > 0.0) else np.inf
u = edge if v == 0.0 else edge if v == np.inf else u
u = (-u if abs(half - np.rint(half)) == 0.5 else u) if np.float64(x).view(np.int64) < 0 else u
u = u if v <= np.inf else x
return 1.0 if y == 0.0 else u if y == y else y""",
}  # fmt: skip
"""The body of each function by its head, each after those it uses."""


def definitions(text: str) -> tuple[str, ...]:
    """Return the definitions of the functions that a text calls, each after those it uses."""
    wanted: list[str] = []
    for head in reversed(FUNCTIONS):
        call = re.compile(rf"\b{head.split('(')[0]}\(")
        if call.search(text) or any(call.search(FUNCTIONS[other]) for other in wanted):
            wanted.append(head)
    return tuple(f"{DECORATOR}def {head}:\n    " + FUNCTIONS[head].strip().replace("\n", "\n    ") for head in reversed(wanted))
