"""Expressions and functions of all kinds over float, integer and boolean variables, and what is refused.

Each expression is evaluated in three places: in a statement of the running simulation, in an assignment to a variable,
and as a subexpression that is read after the run.
"""

from brian.replay import Case

FLOATS = (
    "x + y",
    "x - y",
    "x*y",
    "x/y",
    "x/3",
    "1/y",
    "-x",
    "+x",
    "-x*-y",
    "x - -y",
    "x**2",
    "y**0.5",
    "y**-1",
    "y**-1.5",
    "y**x",
    "-x**2",
    "(-x)**2",
    "(-x)**3",
    "2**x",
    "2**3**2*x",
    "x*1e-3 + 1.5e2",
    "x + 1_000",
    "x + 0x10",
    "x*.5 + 1.",
    "x//2",
    "-x//2",
    "x//-0.75",
    "x % 2",
    "-x % 2",
    "x % -1.5",
    "x % y",
    "(x + y)*(x - y)/(1 + x*x)",
    "x*y + x/y - x + y*2 - 7",
    "x*x*x*x - 2*x*x + 1",
    "1/(1 + exp(-x))",
    "x/(1 + abs(x))",
    "pi*x + e",
    "exp(-x*x/2)/sqrt(2*pi)",
)

FUNCTIONS = (
    "exp(x)",
    "exp(-50*abs(x))",
    "expm1(1e-10*x)",
    "expm1(x)",
    "log(y)",
    "log10(y)",
    "log1p(y)",
    "log1p(1e-10*x)",
    "sqrt(y)",
    "sin(x)",
    "cos(x)",
    "tan(x)",
    "sin(1000*x)",
    "arcsin(tanh(x))",
    "arccos(tanh(x))",
    "arctan(x)",
    "sinh(x)",
    "cosh(x)",
    "tanh(x)",
    "tanh(1e-8*x)",
    "arcsinh(x)",
    "arccosh(1 + y)",
    "arctanh(tanh(x)/2)",
    "exprel(x)",
    "exprel(1e-9*x)",
    "exprel(0.0*x)",
    "exprel(-30 + x)",
    "abs(x)",
    "abs(-y)",
    "sign(x)",
    "sign(k)",
    "sign(0*x)",
    "floor(x)",
    "floor(-x)",
    "ceil(x)",
    "ceil(-x)",
    "int(x)",
    "int(-x)",
    "int(x > 0)",
    "int(b)",
    "int(x) + int(y)",
    "clip(x, -0.5, 0.75)",
    "clip(x, -inf, y)",
    "clip(k, 0, 2)",
    "clip(k, 0, 1.5)",
    "clip(x, 0, inf)",
    "int(exprel(x)*10)",
    "exp(log(y))",
    "abs(sin(x)) + abs(cos(x))",
    "sqrt(sin(x)**2 + cos(x)**2)",
)

INTEGERS = (
    "k + m",
    "k - m",
    "k*m",
    "k/m",
    "k/2",
    "int(k/2)",
    "k//m",
    "k//2",
    "-k//2",
    "k//-3",
    "k % m",
    "k % 3",
    "-k % 3",
    "k % -3",
    "m**2",
    "k**2",
    "k**3",
    "m**0.5",
    "m**-1.0",
    "(k + 1)/2",
    "1/2",
    "7/2",
    "7//2",
    "-7//2",
    "-7 % 3",
    "2**10",
    "k*2.5",
    "k*x",
    "k + x",
    "m % 2.5",
    "x % m",
    "k//2.0",
    "i + k",
    "i/2",
    "i//2",
    "(i + 1)/N",
    "i % 3",
    "(i//2) % 2",
    "N - i",
    "abs(k)",
    "100000*k",
    "int(k*1.7)",
    "k*k*k - m*m",
    "exp(k)",
    "sqrt(m)",
    "sin(k)",
    "-k",
    "k - -k",
)

BOOLEANS = (
    "int(x < y)",
    "int(x <= 0)",
    "int(x > y)",
    "int(x >= y)",
    "int(k == 2)",
    "int(k != 2)",
    "int(b)",
    "int(not b)",
    "int(b and c)",
    "int(b or c)",
    "int(not (b or c))",
    "int(not b and c)",
    "int(not b or not c)",
    "int(x > 0 and y > 1 or b)",
    "int((x > 0) == b)",
    "int(b != c)",
    "int(b == c)",
    "int(k > 0 and k < 3)",
    "int(k == i)",
    "int(x == x)",
    "int(True)",
    "int(False or b)",
    "b*x",
    "x*b + y*(1 - b)",
    "k*b",
    "k + b",
    "b*c",
    "int(x > 0)*2 - 1",
    "int(x > 0)*x + int(x <= 0)*y",
    "int(abs(x) < 1e-12)",
    "int(i == N - 1)",
    "int(int(x) == k)",
)

UNITS = (
    "v/mV",
    "v*v/volt**2",
    "v/(2*mV) + w/(3*pA)",
    "(v + 10*mV)/volt",
    "abs(v)/mV",
    "sqrt(w**2/pA**2)",
    "(w/pA)**2",
    "exp(v/(10*mV))",
    "v*w/(mV*nA)",
    "sign(v)",
    "int(v > -5*mV)",
    "int(v > -5*mV and w < 3*pA)",
    "clip(v, -10*mV, 10*mV)/mV",
    "(v - w*R)/mV",
    "w*R/volt",
    "exprel((v + 3*mV)/(5*mV))",
    "0.32*(mV**-1)*4*mV/exprel((13*mV - v)/(4*mV))",
    "v % (7*mV)/mV",
    "v/usiemens*siemens/volt",
    "1e3*v/kvolt",
    "sqrt(v*v)/mV",
    "(v**2)**0.5/mV",
    "(tau*Hz)",
    "tau/ms + dt/ms",
    "t/dt",
    "t_in_timesteps + 0.0",
    "timestep(t + tau, dt)",
    "timestep(0.3*ms, 0.1*ms) + timestep(0.25*ms, 0.1*ms)",
    "int(t > 0*ms)",
    "sin(2*pi*50*Hz*t + x)",
    "exp(-t/tau)",
    "a_constant*x + a_count*k",
    "a_truth*x",
    "an_array_scalar*x",
    "drive(t)*x",
    "drive(t + 0.3*ms)",
    "drive(t - tau)",
    "drive(t % (0.4*ms))",
    "drive_2d(t, i % 3)*x",
    "drive_2d(t, int(b))",
    "custom(x, y)",
    "custom(k, 2.0) + custom(x, 1.0)",
    "custom_units(v, tau)/(volt*second)",
)

TABLES = {"floats": FLOATS, "functions": FUNCTIONS, "integers": INTEGERS, "booleans": BOOLEANS, "units": UNITS}

SETUP = """
tau = 4*ms; R = 100*Mohm; a_constant = 2.5; a_count = 3; a_truth = True; an_array_scalar = array(1.5)
drive = TimedArray([0.5, 1.5, -2.0, 4.0], dt=0.2*ms)
drive_2d = TimedArray([[0.0, 1.0, 2.0], [1.0, -0.5, 0.25], [3.0, 2.0, 1.0]], dt=0.3*ms)
@implementation('cpp', 'double custom(double a, double b) {{ return a*b + 1; }}')
@check_units(a=1, b=1, result=1)
def custom(a, b):
    return a*b + 1
@implementation('cpp', 'double custom_units(double a, double b) {{ return 3*a*b; }}')
@check_units(a=volt, b=second, result=volt*second)
def custom_units(a, b):
    return 3*a*b
expressions = {expressions!r}
eqs = '''x : 1
         y : 1
         k : integer
         m : integer
         b : boolean
         c : boolean
         v : volt
         w : amp
         '''
variables = ['r%d' % n for n in range(len(expressions))]
{declare}
G = NeuronGroup(8, eqs)
G.x = [-3.7, -1.0, -0.25, 0.0, 0.5, 1.0, 2.5, 7.125]
G.y = [0.1, 0.5, 1.0, 1.5, 2.0, 3.75, 10.0, 100.5]
G.k = [-7, -2, -1, 0, 1, 2, 3, 12]
G.m = [1, 2, 3, 4, 5, 6, 7, 8]
G.b = [True, False, True, False, True, True, False, False]
G.c = [True, True, False, False, True, False, True, False]
G.v = 'i*4*mV - 15*mV'
G.w = 'i*1.5*pA'
"""

PLACES = {
    "in_statements": (
        "eqs += '\\n'.join(name + ' : 1' for name in variables)",
        "G.run_regularly('\\n'.join(name + ' = ' + text for name, text in zip(variables, expressions)), dt=0.5*ms)\n"
        "run(0.7*ms)\nkeep(values=array([G.state(name)[:] for name in variables], dtype=float))\n",
    ),
    "assigned": (
        "eqs += 'r : 1'",
        "run(0.7*ms)\nvalues = []\nfor text in expressions:\n    G.r = text\n"
        "    values.append(array(G.r[:], dtype=float))\n"
        "keep(values=array(values))\n",
    ),
    "subexpressions": (
        "eqs += '\\n'.join(name + ' = ' + text + ' : 1' for name, text in zip(variables, expressions))",
        "M = StateMonitor(G, variables, record=[0, 3, 6])\nrun(0.7*ms)\n"
        "keep(values=array([zeros(8) + G.state(name)[:] for name in variables]))\n"
        "keep(recorded=array([array(getattr(M, name), dtype=float)[:, ::3] for name in variables]))\n",
    ),
}

NOT_SUBEXPRESSIONS = ("arcsinh(x)", "arccosh(1 + y)", "arctanh(tanh(x)/2)")
"""Brian takes these functions for stateful ones (as `rand()`), so that they need `constant over dt`."""

CONVERSIONS = Case(
    "conversions_between_types",
    """
G = NeuronGroup(6, '''x : 1
                      k : integer
                      b : boolean
                      r : 1''')
G.x = [-7.9, -0.5, 0.0, 0.5, 1.0, 7.9]
G.k = 'x'
keep(truncated=G.k[:])
G.b = 'x'
keep(truth=G.b[:])
G.r = 'b'
keep(from_boolean=G.r[:])
G.k = 'b'
keep(integer_from_boolean=G.k[:])
G.k = 3.7
keep(float_to_integer=G.k[:])
G.b = [0, 1, 2, 0, -1, 0.5]
keep(list_to_boolean=G.b[:])
G.run_regularly('k = x*2\\nb = x\\nr = x > 0.1')
run(0.1*ms)
keep(k=G.k[:], b=G.b[:], r=G.r[:])
""",
)

STATEMENTS = Case(
    "statements",
    """
c0 = 3
G = NeuronGroup(5, '''x : 1
                      y : 1
                      k : integer
                      b : boolean
                      s : 1 (shared)
                      z = x + 2*y : 1''')
G.x = 'i - 1.5'
G.y = 2
G.run_regularly('''
    s = s + c0
    temp = x*2         # a comment
    x = temp + y; y = temp

    flag = x > 0
    k += 2; k *= 3; k -= 1
    b = flag and not b
    x /= 2
    y -= z*0.5
    y %= 3
    whole = k + i
    x = x + whole/4
      ''', dt=0.2*ms)
run(0.5*ms)
keep(x=G.x[:], y=G.y[:], k=G.k[:], b=G.b[:], s=G.s[:], z=G.z[:])
""",
)

RESOLUTION = Case(
    "where_names_come_from",
    """
a = 5
exp_value = 2.0
G = NeuronGroup(2, '''x = a : 1
                      r : 1''', namespace={'a': 7, 'd': 3})
H = NeuronGroup(2, 'x = a : 1\\nr : 1')
G.r = 'a + d'
H.r = 'a*exp_value'
M, K = StateMonitor(G, 'x', record=True), StateMonitor(H, 'x', record=True)
run(0.2*ms)
a = 6
run(0.2*ms)
keep(g=M.x, h=K.x, gr=G.r[:], hr=H.r[:])
net = Network(NeuronGroup(1, 'dv/dt = q/second : 1', name='only', method='euler'))
net.run(0.5*second, namespace={'q': 4})
keep(v=net['only'].v[:])
""",
)

BEYOND_PYTHON_SUBSET = {
    "conditional": "x if b else y",
    "indexing": "x[0]",
    "attribute": "x.y",
    "bit_operator": "k & m",
    "lambda": "(lambda a: a)(x)",
}
"""Brian refuses these with whatever its parser stumbles over: any exception will do."""

WRAPPED = (
    "units_exponent",
    "units_base_of_variable_exponent",
    "units_floor_division",
    "function_with_too_few_arguments",
)
"""Brian raises a ValueError that wraps the SyntaxError."""

REFUSED = {
    "unknown_name": "x + nowhere",
    "unknown_function": "x + nothing(x)",
    "keyword_argument": "clip(x, a_min=0, a_max=1)",
    "syntax": "x +* y",
    "units_sum": "x + v",
    "units_result": "v",
    "units_comparison": "int(v > 0)",
    "units_of_exponential": "exp(v)",
    "units_exponent": "2**v",
    "units_base_of_variable_exponent": "(v**x)/volt",
    "units_floor_division": "v//w",
    "function_with_too_many_arguments": "exp(x, y)",
    "function_with_too_few_arguments": "clip(x, 0)",
}

REFUSED_SETUP = """
G = NeuronGroup(3, 'x : 1\\ny : 1\\nv : volt\\nw : amp\\nk : integer\\nm : integer\\nb : boolean\\nr : 1')
"""


def tables() -> tuple[Case, ...]:
    """Return one case per table and place."""
    cases = []
    for table, expressions in TABLES.items():
        for place, (declare, act) in PLACES.items():
            chosen = [text for text in expressions if place != "subexpressions" or text not in NOT_SUBEXPRESSIONS]
            script = SETUP.format(expressions=chosen, declare=declare) + act
            cases.append(Case(f"{table}-{place}", script))
    return tuple(cases)


def refused() -> tuple[Case, ...]:
    """Return the mistakes, made in an assignment and in a statement."""
    cases = []
    for name, text in (REFUSED | BEYOND_PYTHON_SUBSET).items():
        accidental = name in BEYOND_PYTHON_SUBSET or name in WRAPPED
        assigned = REFUSED_SETUP + f"G.r = {text!r}\n"
        stated = REFUSED_SETUP + f"G.run_regularly('r = {text}')\nrun(0.1*ms)\n"
        cases.append(Case(f"refused-{name}-assigned", assigned, any_error=accidental))
        cases.append(Case(f"refused-{name}-in_statements", stated, any_error=accidental))
    return tuple(cases)


CASES = (*tables(), CONVERSIONS, STATEMENTS, RESOLUTION, *refused())
