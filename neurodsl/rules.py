"""Every kind of finding, in one place: its code, its severity, and what ``neurodsl explain CODE`` prints.

Letters: S the text, N names, U units, A arrays, E events, V values and options, M mathematics, R a run, F files and surroundings.
"""

from __future__ import annotations

from neurodsl.diagnostics import Rule

# --- S: the text -----------------------------------------------------------------------------------------------------

SYNTAX = Rule("S101", "error", "a statement cannot be read", "A statement is one of: `param`, `input`, `init`, `noise`, a definition `tau = C/g_L`, a function `f(x) = x^2`, an equation `C*dV/dt = ...`, a map `next x = ...`, an event `on V >= V_th: V = V_reset`, `simulate:`, `variant NAME:`, or a block `model NAME:`, `synapse NAME:`, `network NAME:`. A synapse also holds `on pre:`, `on post:` and `post.I += ...`, a network `population E = cell[100] with ...` and `connect E -> I with exc, ...`. A line goes on inside parentheses only; `;` separates statements, `,` the items of one statement.")  # fmt: skip
CHARACTER = Rule("S102", "error", "a character has no meaning here", "Outside comments and labels a model holds names, numbers, units in square brackets, and the signs `+ - * / ^ ( ) [ ] , ; : = < > !=`. Control characters are refused everywhere.")  # fmt: skip
BRACKETS = Rule("S103", "error", "brackets do not match", "Every `(` and `[` needs its closing partner; a unit ends on the line on which it starts.")
INDENTATION = Rule("S104", "error", "a line is indented in a way that cannot be read", "The statements of a block start in one column, deeper than the line that opens the block. Indent with spaces or with tabs, not with both.\n\n    on V >= V_th:\n        V = V_reset\n        hold V for 2 [ms]")  # fmt: skip
LABEL = Rule("S105", "error", "a label cannot be read", "A label is a text in double quotes on one line, at most 200 characters long, behind what it describes:\n\n    param g_L = 0.1 [mS/cm^2] \"leak conductance\"")  # fmt: skip
NUMBER_RANGE = Rule("S106", "error", "a number is out of range", "Numbers are computed with double precision: their size lies between 1e-308 and 1e308. A constant exponent is at most 1000.")  # fmt: skip
TOO_LARGE = Rule("S107", "error", "the text is larger than the compiler reads", "A model is a text of at most 1 MiB with at most 5000 statements; an expression has at most 100 levels and 1000 terms. Split long expressions into derived quantities.")  # fmt: skip
NOT_SUPPORTED = Rule("S108", "error", "not supported yet", "The language has a meaning for this, but this version does not build it yet. It is refused rather than ignored, so that no result is silently wrong.")  # fmt: skip
CHAINED = Rule("S109", "error", "comparisons are chained", "`a < b < c` means different things in different languages. Write `a < b and b < c`.")  # fmt: skip
FOREIGN = Rule("S110", "error", "this is written differently here", "The language uses `and`, `or`, `not`, `==` in conditions, `=` for definitions, `^` or `**` for powers, indentation for blocks, and `dx/dt` for derivatives. Arrays stand in round parentheses, `(1, 2, 3)`; functions have no module before them; `W @ x` is the product of matrices, `transpose(W)` the transposed one; `init x = 1` is the value at the beginning. There are no loops: `dx[i]/dt = ...` holds for every element, `sum(x[j] for j)` adds up, and `on v > 1: ...` acts when a condition turns true.")  # fmt: skip
MISSING_BLOCK = Rule("S111", "error", "a block or its `:` is missing", "`on`, `at`, `every`, `simulate`, `variant`, `model`, `synapse` and `network` end in `:` and are followed by a block: on the same line, separated by `;`, or indented on the lines below.")  # fmt: skip
SPELLING = Rule("S112", "error", "a name cannot be spelled like this", "Names consist of ASCII letters, digits, `_` and Greek letters. They start with a letter and are at most 100 characters long. Names that start with `_` belong to the compiler.")  # fmt: skip

# --- N: names --------------------------------------------------------------------------------------------------------

UNKNOWN_NAME = Rule(
    "N101",
    "error",
    "a name is not defined",
    "Every name is declared: as `param`, `input`, by an equation or `init`, as a derived quantity or as a function.",
)
DUPLICATE = Rule("N102", "error", "a name is defined twice", "A name stands for one thing in a model. The message shows both places.")
CYCLE = Rule("N103", "error", "definitions depend on each other in a circle", "A definition may use others, in any order, but not itself. If a quantity has a memory, it is a state: give it an equation, or `init` and an event. A function cannot call itself.")  # fmt: skip
ARGUMENTS = Rule(
    "N104",
    "error",
    "a function is called with the wrong number of arguments",
    "A call has as many arguments as the definition of the function.",
)
NOT_A_FUNCTION = Rule("N105", "error", "what is called is not a function, or a function is not called", "A name followed by `(` is a call. A product needs its `*`: write `g_L*(V - E_L)`. A function stands in an expression with its arguments only.")  # fmt: skip
RESERVED = Rule("N106", "error", "a name belongs to the language", "`pi`, the time `t`, the step `dt` and the functions of the language keep their meaning; `and`, `or`, `not`, `if`, `else` and `for` name nothing. Choose another name, for instance with an index: `t_0`, `exp_1`.")  # fmt: skip
LOOK_ALIKE = Rule(
    "N107",
    "error",
    "two names look alike",
    "Names that a reader cannot tell apart, as Latin `A` and Greek `Α`, or `θ` and `ϑ`, are refused in one file.",
)
WRONG_KIND = Rule("N108", "error", "a name cannot be used in this way", "Events change states (and set inputs); `hold` holds a state; `init` is for states; a derived quantity follows from its definition and cannot be set.")  # fmt: skip
BAD_EQUATION = Rule("N109", "error", "an equation does not define a state", "The left side of an equation contains the derivative that it defines, as in `C*dV/dt = ...`; every state has one equation.")  # fmt: skip
NO_DERIVATIVE = Rule("N110", "error", "a derivative is not known", "`dX/dt` is always the derivative of X, spaces or not; X has to be a state with an equation of that order or a higher one. A quotient of two names is written `(delta)/dt`.")  # fmt: skip
NOT_A_CONDITION = Rule("N111", "error", "a number stands where a condition belongs, or the reverse", "A condition compares: `V > V_th`, or joins comparisons with `and`, `or`, `not`. To use a condition as a number write `1 if V > V_th else 0`.")  # fmt: skip
NOT_CONSTANT = Rule("N112", "error", "a value depends on something that it must not depend on", "Parameters and the times of `at` and `every` depend on parameters alone, an input on the time and on parameters, the times of stimuli such as `pulse` not on the state, the numbers of `ou` on parameters. White noise has no value at an instant: it stands in differential equations, and in derived quantities that they use.")  # fmt: skip
BAD_SETTING = Rule("N113", "error", "a setting is not known or has no such value", "`simulate:` knows `duration`, `dt` (in a map `step`), `method`, `events` (`grid` or `exact`) and `record`. In a network `record` names quantities of populations, `E[0:3].v every 1 [ms]`, and of synapses, `stdp.w`.\n\n    simulate:\n        duration 200 [ms]\n        dt 0.1 [ms]\n        method rk4\n        record V, n")  # fmt: skip
NO_MODEL = Rule(
    "N114",
    "error",
    "there is no model, or not the one asked for",
    "A file holds one model, or several in blocks `model NAME:`. A model has at least one state.",
)
MIXED_TIME = Rule("N115", "error", "continuous and discrete time are mixed", "A model moves in continuous time, by differential equations `dx/dt = ...`, or in steps, by maps `next x = ...`. In a model with both, the result would depend on how the steps of the map fall between those of the method. `noise` and `on rate` belong to continuous time; a map has `on chance`. What changes at known times is an event: `every 1 [ms]: x = ...`.")  # fmt: skip
NOT_IMPORTED = Rule("N116", "error", "a model that is imported is not there", "`import lif` takes a shipped model, and `import lif from \"cells/lif.neuro\"` the model `lif` of a file: the one it consists of, which is named after the file, or one of its `model` blocks.")  # fmt: skip
IMPORT_CYCLE = Rule("N117", "error", "files import each other in a circle", "A file cannot be part of itself. Move what both files need into a third one, and import that.")  # fmt: skip
UNUSED = Rule("N201", "warning", "something is defined but never used", "A definition that nothing uses is often the trace of a misspelled name.")
STANDS_STILL = Rule("N202", "warning", "a state never changes", "A state without an equation is changed by events alone. If nothing changes it, it is a parameter, or its equation is missing or misspelled.")  # fmt: skip
STARTS_AT_ZERO = Rule(
    "N301",
    "note",
    "a state with a unit starts at 0",
    "A state without `init` starts at 0. For a state with a unit, as a voltage, that is rarely meant.",
)

SHIPPED_INSTEAD = Rule("N302", "note", "a shipped model is imported though a file of its name is at hand", "`import lif` always takes the shipped model. The file `lif.neuro` beside the one that imports is taken with its path:\n\n    import lif from \"lif.neuro\"")  # fmt: skip

# --- U: units --------------------------------------------------------------------------------------------------------

DIMENSIONS = Rule("U101", "error", "dimensions do not agree", "The terms of a sum, the sides of an equation or of a comparison, the branches of `if`/`else` measure the same thing. Scales may be mixed (`mV` with `V`): constant factors convert them. A bare number is dimensionless; give it a unit in square brackets.")  # fmt: skip
UNKNOWN_UNIT = Rule("U102", "error", "a unit is not known", "A unit is a product of powers of symbols such as mV, ms, s, Hz, nA, uA/cm^2, mS/cm^2, nS, MOhm, uF/cm^2, pF, um, mM, degC, with the prefixes from `a` to `T`.")  # fmt: skip
NOT_DIMENSIONLESS = Rule("U103", "error", "a dimensionless number is needed", "The arguments of exp, log, sin and the like, exponents, and what they are made of are pure numbers. Divide by a unit, as in `exp(-V/10 [mV])`.")  # fmt: skip
OFFSET = Rule("U104", "error", "degrees Celsius and kelvin are mixed", "The two differ by an offset of 273.15, which no factor can express. State all temperatures in one of them; `degC` and `K` may be mixed nowhere.")  # fmt: skip
UNIT_PLACE = Rule("U105", "error", "a unit stands where none can be", "A unit follows a number, a call or a parenthesis, or stands alone: `V/[mV]`. After a name a bracket is an index. An exponent has no unit.")  # fmt: skip
ROOT = Rule("U106", "error", "a power of a unit is not known", "A quantity with a unit has an exponent that is a number written out, as `x^2` or `x^(1/2)`; else the unit of the result would depend on values.")  # fmt: skip

# --- A: arrays -------------------------------------------------------------------------------------------------------

SHAPES = Rule("A101", "error", "shapes do not agree", "Arithmetic joins arrays of one shape, element by element, or an array and a number. `a @ b` joins a matrix of shape (m, n) with one of (n, k) or a vector of (n,), and two vectors of one length. A number fills an array that is declared with its sizes. An equation with an index variable, `dx[i]/dt = ...`, has a number on its right side. Shapes are written with a comma, as in `(3,)` for a vector of 3.")  # fmt: skip
BAD_INDEX = Rule("A102", "error", "an index variable is not bound, or stands for something else", "An index variable is a name that nothing declares. It stands on the left side of an equation, `dx[i]/dt = ...`, in the trigger of an event, `on V[i] > V_th: V[i] = 0`, or behind `for`, as in `sum(W[i, j]*x[j] for j)`. What else is written in the brackets is a number or the name of a parameter.")  # fmt: skip
INDEX_RANGE = Rule("A103", "error", "an index is out of range, or its range is not known", "Indices are counted from 0: the elements of `x[N]` are `x[0]` to `x[N - 1]`. An index variable runs over the dimension in whose place it stands, `j` in `x[j]`; it stands in at least one, and all of its dimensions are equally long. The index variables of a definition such as `theta[i] = 2*pi*i/N` may get their range from its uses: `dx/dt = -x + cos(theta)` with `init x[N] = 0`, or `sum(c[i, j]*x[j] for j)`.")  # fmt: skip
BAD_SIZE = Rule("A104", "error", "a size of an array cannot be used", "The sizes in `param W[N, M] = 0` are whole numbers from 1 on: numbers, parameters, and `+ - * / ^`, `min`, `max`, `mod`, `floor`, `ceil`, `round` and `abs` of them. An array has at most 10 million elements.")  # fmt: skip

# --- E: events -------------------------------------------------------------------------------------------------------

NO_SPIKE = Rule("E101", "error", "several events, and none says that it is a spike", "The only `on <condition>`, `on rate` or `on chance` event of a model is a spike by itself. Where there are several, those that are spikes say `emit spike`.")  # fmt: skip
BAD_ACTION = Rule("E102", "error", "an event cannot do this", "The actions of an event are `x = ...`, `x += ...` (also `-=`, `*=`, `/=`), `hold x for T`, `wait T`, `emit spike` and `stop`. A synapse changes itself and `post.x`, to an input of which it adds.")  # fmt: skip
NEVER_ACTS = Rule("E201", "warning", "an event of a synapse never happens", "`on pre:` acts on spikes of the neuron before the synapse, `on post:` on those of the neuron behind it. A model spikes where it has an event with a condition, `on V >= V_th: ...`, `on rate` or `on chance`, or one that says `emit spike`. What a synapse passes on all the time stands outside of events: `post.I += w*pre.r`.")  # fmt: skip

# --- V: values and options -------------------------------------------------------------------------------------------

BAD_VALUE = Rule("V101", "error", "a value cannot be used", "A value given on the command line or in `simulate:` has to be a finite number, where needed positive, with a unit of the right dimension:\n\n    neurodsl simulate lif --set \"tau=20 [ms]\" --dt 0.05\n\nA bare number is in the unit that the file declares.")  # fmt: skip
UNKNOWN_OPTION_NAME = Rule("V102", "error", "a name given as an option is not in the model", "`--set`, `--init`, `--input`, `--record`, `--variant` and `--model` take names that the model declares. `neurodsl show FILE` lists them.")  # fmt: skip
BAD_DURATION = Rule("V103", "error", "the duration and the step do not go together", "The duration and the step are positive, the step is not longer than the duration, and the number of steps is bounded, so that a slip of the finger does not start a run of years.")  # fmt: skip
TOO_MUCH_MEMORY = Rule("V104", "error", "the run would record more than fits into memory", "Every recorded quantity takes 8 bytes per step. Record fewer quantities (`--record V`), take a longer `--dt`, or write what is recorded to a file while the run goes on (`--out F.h5`).")  # fmt: skip
BAD_MEASURE = Rule("V105", "error", "a measure is not known, or the model lacks it", "`sweep` tells numbers of each run: `spikes`, `rate`, `period`, `cv` and `latency` of a model whose events are spikes; `final(x)`, `min(x)`, `max(x)`, `mean(x)`, `std(x)` and `amplitude(x)` of a quantity, or without `(x)` of all that are recorded; `crossings(x, LEVEL)` and `period(x, LEVEL)` of its upward crossings of a level.")  # fmt: skip
BAD_WIRING = Rule("V110", "error", "a connection rule cannot be met", "A rule asks for what the two populations cannot give: `indegree 500` from 400 neurons, `one to one` between 100 and 200, a probability outside [0, 1], neighbours on a ring that is too small. Degrees are whole numbers, and those of a rule are at most the number of neurons to choose from; `no self` takes one of them away, `where` may take more.")  # fmt: skip
TOO_MANY_SYNAPSES = Rule("V111", "error", "a projection has more synapses than fit", "A projection has at most 2e9 synapses, and they have to fit into the memory that is free. The figures are known, or bounded, before anything is made. A smaller population, probability or degree makes fewer; `where` with an expression is looked at for each pair of neurons, so their number is bounded too.")  # fmt: skip
OFF_GRID = Rule("V201", "note", "a known time lies between two grid points", "With `--events grid` what happens at a known time acts at the end of the first step that reaches it. With `--events exact` every method stops there.")  # fmt: skip
COPIES_ALIKE = Rule("V202", "note", "all copies are alike", "The copies of an ensemble differ by what is drawn for each: noise, stochastic events, initial values and parameters with `~`. A model without any of these gives the same run every time.")  # fmt: skip
OFF_STEP = Rule("V203", "warning", "a delay is no whole number of steps", "A spike arrives a whole number of steps after the step in which it was found, at least one where there is a delay. A delay that lies between two steps is refused when the network runs, and not rounded: give one that fits, or a step that divides it, `dt 0.05 [ms]` in `simulate:` or `--dt 0.05`. Delays that are drawn, or computed for each synapse, are rounded to steps.")  # fmt: skip

# --- M: mathematics --------------------------------------------------------------------------------------------------

UNSOLVABLE = Rule("M101", "error", "an equation cannot be solved for its derivative", "The left side is written as the paper prints it, `C*dV/dt = ...`; the compiler solves it for the derivative of highest order. That needs the derivative to appear once, linearly, with a factor that is not zero.")  # fmt: skip
NO_STEADY = Rule("M102", "error", "a steady initial value cannot be found", "`init m = steady` is the value at which dm/dt is 0 given the other initial values. There has to be one.")  # fmt: skip
BAD_TRIGGER = Rule("M105", "error", "a trigger cannot be located", "An event with a condition fires when the condition turns true. `V == V_th` of a quantity that moves continuously is true at instants that no run ever meets; write `V >= V_th`.")  # fmt: skip
METHOD_REFUSED = Rule("M103", "error", "the method cannot serve the model", "`exact` advances linear equations with constant coefficients; `exact` and the adaptive methods locate events inside a step. In networks `--events exact` needs linear equations, thresholds that are linear in the states, and delays of at least a step. The message names the methods that can serve the model; `--method auto` chooses one.")  # fmt: skip
MENDED = Rule("M301", "note", "a removable singularity was mended", "An expression is 0/0 at a point but has a limit there, as the rates of Hodgkin and Huxley do: 0.01*(10 - V)/(exp((10 - V)/10) - 1) tends to 0.1 at V = 10. The compiler writes it in a form that is finite and accurate at that point and around it.")  # fmt: skip
BAD_NOISE = Rule("M106", "error", "a noise does not enter linearly", "White noise has no values, only integrals: in an equation it may appear multiplied by a factor, `+ sigma*xi`, and not inside a function, a product with itself, or a quotient.")  # fmt: skip
TOO_LARGE_MATH = Rule("M104", "error", "the mathematics is too large", "The symbolic work on a model is bounded, so that a file can never hang the compiler. Split long expressions into derived quantities.")  # fmt: skip

NOT_SERVED = Rule("M115", "error", "an analysis is not defined for the model", "Lyapunov exponents, limit cycles and phase response curves belong to deterministic models; a limit cycle, and what is derived from it, to models in continuous time whose equations do not depend on the time itself. The message names what stands in the way.")  # fmt: skip
NO_CYCLE = Rule("M116", "error", "no limit cycle was found", "A cycle is looked for where the model settles from its initial state: it may come to rest there, run away, or move without ever coming back to where it was. Another initial state, a longer `duration` in `simulate:` or other values of the parameters may lead to one.")  # fmt: skip
NOT_FLAT = Rule("M117", "error", "a network cannot be written as one system", "Fixed points, phase portraits and the like are found for a network that is one system of differential equations: a few neurons without events, such as rate units, whose synapses act all the time, `post.I += w*pre.r`, and without delay. The message names what stands in the way.")  # fmt: skip

UNREACHABLE = Rule("M201", "warning", "a threshold is never reached", "With the values of the file no solution from the initial values gets to the threshold: at a level before it the flow points back, whatever the other states are and whenever the drive acts, and no event leads past it. So the event never fires: a forgotten drive, a threshold on the wrong side, a unit. A model that fires in one of its variants is not reported. `init V = -65 [mV]; tau*dV/dt = -(V + 65 [mV])` with `on V >= -50 [mV]` and no drive is an example.")  # fmt: skip
NO_OSCILLATION = Rule("M202", "warning", "a model with a threshold for spikes cannot oscillate", "Its spikes are crossings of a threshold, no event resets it, and its flow has no closed orbit: a flow on a line is monotone, and one in the plane whose trace of the Jacobian has one sign has none (Bendixson, 1901, doi:10.1007/BF02403068). So it fires a few times at most and comes to rest. Often a term was cancelled: the Hodgkin-Huxley equations reduced to V and n with the gates of sodium left out have the trace -(g_K n^4 + g_Na)/C - alpha_n - beta_n.")  # fmt: skip
GATE_LEAVES = Rule("M203", "warning", "a gate can leave [0, 1]", "A gate is a fraction: `dn/dt = alpha*(1 - n) - beta*n` keeps it in [0, 1] where alpha and beta are not negative. Here its right-hand side is positive at 1, or negative at 0, for a value that the other states can have: a sign, or a rate that becomes negative.")  # fmt: skip
WEIGHT_LEAVES = Rule("M204", "warning", "a weight can leave its interval", "The rule names two levels for the weight, as factors `(w_max - w)` and `(w - w_min)` or in `clip`, and an event leads from inside to outside of them. A term that raises the weight takes the factor (w_max - w), one that lowers it (w - w_min) and a negative sign.")  # fmt: skip
GROWS = Rule("M205", "warning", "a kernel grows without bound", "A kernel of the time between spikes decays with that time. Here the exponent has the sign of growth on the side on which the kernel is used, as in `exp(delta/tau) if delta > 0 else ...`; write `exp(-abs(delta)/tau)`. Of a trace the `-` may be missing: `tau*dx/dt = -x`.")  # fmt: skip
COUNTED_TWICE = Rule("M206", "warning", "a spike interval is counted twice", "A trace that is raised at a spike and decays as exp(-s/tau) is the window of plasticity by itself: `on post: w += A_plus*x`. Multiplied with an exponential of the same interval it has another time constant, or none: the rule is not the rule of pairs (Morrison, Diesmann, Gerstner, 2008, doi:10.1007/s00422-008-0233-1).")  # fmt: skip
OUTSIDE_DOMAIN = Rule("M207", "warning", "a state begins outside of the domain of the model", "The equations keep a gate in [0, 1] and a weight between its two levels; an initial value outside of them, such as `init n ~ uniform(0, 2)`, has no meaning there.")  # fmt: skip
STEP_TOO_LONG = Rule("M208", "warning", "the step is too long for the fastest time constant", "A method of fixed step multiplies a small deviation by a number in each step that depends on dt times the eigenvalues of the model. Here it exceeds 1 for a deviation that decays in the model: the run oscillates with the step or explodes. Euler's method needs dt below twice the fastest time constant.")  # fmt: skip
NO_SOURCE = Rule("M209", "warning", "a sum over synapses does not depend on the neurons before them", "What a synapse adds outside of events, `post.I += w*pre.r`, is summed over all synapses of a neuron: the sum over j of w[j, i]*r[j] of a paper. A term without anything of `pre`, as `post.I += w*post.r`, lacks the index j: whichever neurons are connected, the sum is their number times the same. A drive that a neuron gives itself belongs into its model.")  # fmt: skip
NO_LEAK = Rule("M302", "note", "a potential has no leak", "Every conductance that draws the potential back is gated, so with its gates closed the potential follows its drive without a resting value of its own. The equations of Hodgkin and Huxley have a leak, `g_L*(E_L - V)`.")  # fmt: skip

# --- R: a run ---------------------------------------------------------------------------------------------------------

NOT_FINITE = Rule("R101", "error", "a state is not finite any more", "A state became infinite or not a number. The message names the state, the time and the first sub-expression that is not finite. Common causes: a step that is too long for the method (`--dt`, `--method`), a division by zero, the logarithm or root of a negative number, a model that really explodes.")  # fmt: skip
STEP_UNDERFLOW = Rule("R102", "error", "the step size became too small", "An adaptive method could not meet its tolerance with any step that still advances the time. The solution may be singular there, the model stiff (`--method rosenbrock`), or the tolerance below what double precision allows (`--rtol`).")  # fmt: skip
CASCADE = Rule("R103", "error", "events follow one another without end", "An event fires again and again while the time does not advance, as the bounces of a ball that accumulate at an instant, or two events that set off one another. Give the event a `wait`, or end the run with `stop`.")  # fmt: skip
BAD_CONSTANT = Rule("R104", "error", "a constant cannot be computed from the parameters", "A derived constant or an initial value is not a finite number for the given parameters, as C/g_L with g_L = 0.")  # fmt: skip
BAD_CHANCE = Rule("R105", "error", "a probability lies outside [0, 1]", "`on chance p` fires with the probability p in each step; the hazard f of `on rate f` is a number per time that is not negative; and the arguments of a distribution have bounds too. The message names the event, the value and the time.")  # fmt: skip
BAD_TIME = Rule("R106", "error", "the time of an event is none", "The time of `at`, the period of `every` and the lengths of `hold` and `wait` are finite and not negative, and a period is positive. Here one is not, for the given parameters.")  # fmt: skip
POINTS_FAILED = Rule("R107", "error", "points of a sweep failed", "The run at some values failed: a state became infinite, an adaptive method found no step, a constant cannot be computed from these parameters. The other points are as they should be. The table holds nan there and says why each failed; the exit code is 3.")  # fmt: skip
NOT_A_NUMBER = Rule("R202", "warning", "a recorded quantity is not finite", "A derived quantity that was recorded is infinite or not a number at some times, as the logarithm of a negative state. The run itself goes on, since no state depends on it there.")  # fmt: skip
STIFF = Rule("R201", "warning", "the model is stiff for an explicit method", "The step of the explicit method is limited by its stability and not by the accuracy asked for. `--method rosenbrock` takes far fewer steps.")  # fmt: skip

# --- F: files and surroundings ------------------------------------------------------------------------------------------

UNREADABLE = Rule("F101", "error", "a file cannot be read", "A model is a UTF-8 text of at most 1 MiB.")
UNWRITABLE = Rule("F102", "error", "a file cannot be written", "Results are written to a temporary name beside their destination and renamed when they are complete, so that directory has to be writable.")  # fmt: skip
BAD_RESULT = Rule(
    "F103", "error", "a file is no result of a run", "`load_result` reads the .npz and .h5 files that `neurodsl simulate --out` writes."
)
IMPORT_PLACE = Rule("F104", "error", "an import leads out of the folder of its file", "A path behind `from` is relative to the file that imports, and names a file in its folder or in those below: no absolute path, no `..` that leaves the folder, no link that leads out. So a model and all that it imports can be moved, and looking at a model reads nothing else.")  # fmt: skip
BAD_ARRAY = Rule("F105", "error", "a file of numbers cannot be used", "`load(\"w.npy\")` reads an array of finite numbers from a .npy file, or from a .csv file with commas between the numbers, a row on each line and perhaps one line of titles. The file lies in the folder of the model or below it; it is never read from elsewhere, and nothing in it is run.")  # fmt: skip
BAD_SAMPLES = Rule("F106", "error", "a file or an array cannot drive an input", "`--input I=stimulus.csv` takes a .csv or .npy file with two columns, the time and the value of the input, or with one column, a value for each step of the run. Numbers are finite and in the units of the model, unless the first line of a .csv file names others, as `t [s], I [pA]`; times increase. Values are joined by straight lines, with `stimulus.csv:step` each holds until the next; before the first and after the last time the nearest holds.")  # fmt: skip
OTHER_SWEEP = Rule("F107", "error", "a results file holds another sweep", "A sweep that is repeated finds its results by the keys of its points and runs nothing; one that was interrupted goes on where it was. The results of another sweep, of another model, other values, other options or another version, are not overwritten: name another file, or remove that one.")  # fmt: skip
NO_WORKERS = Rule("F108", "error", "the workers of a sweep cannot be used", "`--executor processes` starts processes of its own, `--executor dask://HOST:PORT` uses the workers of a scheduler of dask.distributed (`dask scheduler`, `dask worker`). They need the same version of neurodsl. Points that were finished are kept: the same command again goes on from there.")  # fmt: skip
BAD_CHECKPOINT = Rule("F110", "error", "a file is no checkpoint", "`neurodsl simulate FILE --checkpoint c.npz --every 60s` writes the state of the run to `c.npz` from time to time, and `--resume c.npz` goes on from there. The file is replaced as a whole, so that a process that dies never leaves half of one.")  # fmt: skip
OTHER_RUN = Rule("F111", "error", "a checkpoint belongs to another run", "`--resume` goes on with the very run that the checkpoint was written in, to the same last bit. It holds all options, so only the model file is named with it; what is given and is not as it was is refused. `--duration` may be longer, as long as the end has not shaped a step.")  # fmt: skip
BAD_CONNECTIONS = Rule("F112", "error", "a file or an array cannot connect neurons", "`pairs \"file.csv\"` has the columns `i` and `j`, the numbers of the source and the target within the named parts, counted from 0, and further ones named after parameters of the synapse. A .npy file has the shape (n, 2), or named fields. `matrix \"w.npy\"` has a row for each source and a column for each target, and 0 where there is no synapse; a .npz file is what `scipy.sparse.save_npz` writes, as csr, csc or coo. Numbers are finite.")  # fmt: skip
BAD_TRAINS = Rule("F113", "error", "a file or an array holds no spike trains", "`spikes \"file.csv\"` has the columns `index` and `time`, a .npy file the shape (n, 2) in that order, or named fields. Neurons are counted from 0; times are later than 0, in any order; a spike belongs to the step at whose end it falls or before, and a neuron has at most one in a step.")  # fmt: skip
MISSING_EXTRA = Rule("F109", "error", "a library that is not part of the installation is needed", "What few need is not installed with neurodsl: `pip install \"neurodsl[sweep]\"` adds xarray, h5netcdf and h5py for the Datasets of sweeps and their files, `[pandas]`, `[neo]` and `[nwb]` what hands the results of networks to those. Everything else works without.")  # fmt: skip
NO_CACHE = Rule("F301", "note", "the cache cannot be used", "Compiled kernels are kept in the user's cache directory, in a folder that belongs to the user and that nobody else may write. Where that is not to be had, a temporary folder is used and the next run compiles again. NEURODSL_CACHE_DIR names another place.")  # fmt: skip
NO_CHECKPOINT = Rule("F303", "warning", "a checkpoint could not be written", "A run goes on where a checkpoint cannot be written, as on a full disk, and tries again after the time between two. The last one that was written is still there.")  # fmt: skip
UNUSED_PARTS = Rule("F302", "note", "files of a sweep cannot be used", "The finished points of a sweep stand in the folder `results.nc.parts` until all are there. Files that are damaged are left out and their points are run again; files of another sweep are left where they are. Both can be removed.")  # fmt: skip


def all_rules() -> dict[str, Rule]:
    """Return every rule by its code."""
    return {rule.code: rule for rule in globals().values() if isinstance(rule, Rule)}
