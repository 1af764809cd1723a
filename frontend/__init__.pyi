"""The public names for type checkers; made by tests/project/make_stub.py."""

# ruff: noqa

from typing import Any

from ranvier.units import Unit as _Unit
from ranvier.equations import BinomialFunction as BinomialFunction
from ranvier.equations import DEFAULT_CONSTANTS as DEFAULT_CONSTANTS
from ranvier.equations import DEFAULT_FUNCTIONS as DEFAULT_FUNCTIONS
from ranvier.equations import Equations as Equations
from ranvier.equations import Expression as Expression
from ranvier.equations import Function as Function
from ranvier.equations import Statements as Statements
from ranvier.equations import declare_types as declare_types
from ranvier.equations import implementation as implementation
from ranvier.integrators.euler import euler as euler
from ranvier.integrators.exact import exact as exact
from ranvier.integrators.exact import exact as _linear
linear = _linear
from ranvier.integrators.explicit import ExplicitStateUpdater as ExplicitStateUpdater
from ranvier.integrators.exponential_euler import exponential_euler as exponential_euler
from ranvier.integrators.gsl import gsl_rk2 as gsl_rk2
from ranvier.integrators.gsl import gsl_rk4 as gsl_rk4
from ranvier.integrators.gsl import gsl_rk8pd as gsl_rk8pd
from ranvier.integrators.gsl import gsl_rkck as gsl_rkck
from ranvier.integrators.gsl import gsl_rkf45 as gsl_rkf45
from ranvier.integrators.heun import heun as heun
from ranvier.integrators.independent import independent as independent
from ranvier.integrators.method import StateUpdateMethod as StateUpdateMethod
from ranvier.integrators.milstein import milstein as milstein
from ranvier.integrators.rk2 import rk2 as rk2
from ranvier.integrators.rk4 import rk4 as rk4
from ranvier.numpy_ import sum as sum
from ranvier.objects.groups.brianobject import BrianObject as BrianObject
from ranvier.objects.groups.brianobject import BrianObjectException as BrianObjectException
from ranvier.objects.groups.coderunner import CodeRunner as CodeRunner
from ranvier.objects.groups.group import Group as Group
from ranvier.objects.groups.group import VariableOwner as VariableOwner
from ranvier.objects.groups.linked_var import linked_var as linked_var
from ranvier.objects.groups.subgroup import SpikeSource as SpikeSource
from ranvier.objects.groups.subgroup import Subgroup as Subgroup
from ranvier.objects.inputs.poissongroup import PoissonGroup as PoissonGroup
from ranvier.objects.inputs.poissoninput import PoissonInput as PoissonInput
from ranvier.objects.inputs.spikegeneratorgroup import SpikeGeneratorGroup as SpikeGeneratorGroup
from ranvier.objects.inputs.timedarray import TimedArray as TimedArray
from ranvier.objects.monitors.ratemonitor import PopulationRateMonitor as PopulationRateMonitor
from ranvier.objects.monitors.spikemonitor import EventMonitor as EventMonitor
from ranvier.objects.monitors.spikemonitor import SpikeMonitor as SpikeMonitor
from ranvier.objects.monitors.statemonitor import StateMonitor as StateMonitor
from ranvier.objects.morphology.morphology import Morphology as Morphology
from ranvier.objects.morphology.sections import Cylinder as Cylinder
from ranvier.objects.morphology.sections import Section as Section
from ranvier.objects.morphology.sections import Soma as Soma
from ranvier.objects.morphology.spatialneuron import SpatialNeuron as SpatialNeuron
from ranvier.objects.networks.devices import all_devices as all_devices
from ranvier.objects.networks.devices import device as device
from ranvier.objects.networks.devices import get_device as get_device
from ranvier.objects.networks.devices import set_device as set_device
from ranvier.objects.networks.initial_state import restore_initial_state as restore_initial_state
from ranvier.objects.networks.magic import MagicError as MagicError
from ranvier.objects.networks.magic import MagicNetwork as MagicNetwork
from ranvier.objects.networks.magic import collect as collect
from ranvier.objects.networks.magic import magic_network as magic_network
from ranvier.objects.networks.magic import profiling_summary as profiling_summary
from ranvier.objects.networks.magic import restore as restore
from ranvier.objects.networks.magic import run as run
from ranvier.objects.networks.magic import scheduling_summary as scheduling_summary
from ranvier.objects.networks.magic import start_scope as start_scope
from ranvier.objects.networks.magic import store as store
from ranvier.objects.networks.network import Network as Network
from ranvier.objects.networks.network import stop as stop
from ranvier.objects.networks.networkoperation import NetworkOperation as NetworkOperation
from ranvier.objects.networks.networkoperation import network_operation as network_operation
from ranvier.objects.networks.sweeping import sweep as sweep
from ranvier.objects.networks.unsupported import CythonCodeObject as CythonCodeObject
from ranvier.objects.networks.unsupported import NumpyCodeObject as NumpyCodeObject
from ranvier.objects.networks.unsupported import check_cache as check_cache
from ranvier.objects.networks.unsupported import clear_cache as clear_cache
from ranvier.objects.networks.unsupported import test as test
from ranvier.objects.neurons.neurongroup import NeuronGroup as NeuronGroup
from ranvier.objects.synapses.synapses import Synapses as Synapses
from ranvier.objects.variables.formats import ImportExport as ImportExport
from ranvier.session.clocks import Clock as Clock
from ranvier.session.clocks import EventClock as EventClock
from ranvier.session.clocks import defaultclock as defaultclock
from ranvier.session.logger import BrianLogger as BrianLogger
from ranvier.session.logger import get_logger as get_logger
from ranvier.session.logger import std_silent as std_silent
from ranvier.session.names import Nameable as Nameable
from ranvier.session.names import Trackable as Trackable
from ranvier.session.namespaces import get_local_namespace as get_local_namespace
from ranvier.session.preferences import BrianPreference as BrianPreference
from ranvier.session.preferences import PreferenceError as PreferenceError
from ranvier.session.preferences import brian_prefs as brian_prefs
from ranvier.session.preferences import prefs as prefs
from ranvier.session.randomness import seed as seed
from ranvier.units import DimensionMismatchError as DimensionMismatchError
from ranvier.units import Quantity as Quantity
from ranvier.units import Unit as Unit
from ranvier.units import arange as arange
from ranvier.units import arccos as arccos
from ranvier.units import arccosh as arccosh
from ranvier.units import arcsin as arcsin
from ranvier.units import arcsinh as arcsinh
from ranvier.units import arctan as arctan
from ranvier.units import arctanh as arctanh
from ranvier.units import check_units as check_units
from ranvier.units import concat as concat
from ranvier.units import concatenate as concatenate
from ranvier.units import cos as cos
from ranvier.units import cosh as cosh
from ranvier.units import diagonal as diagonal
from ranvier.units import dot as dot
from ranvier.units import exp as exp
from ranvier.units import expm1 as expm1
from ranvier.units import exprel as exprel
from ranvier.units import get_dimensions as get_dimensions
from ranvier.units import get_or_create_dimension as get_or_create_dimension
from ranvier.units import get_unit as get_unit
from ranvier.units import have_same_dimensions as have_same_dimensions
from ranvier.units import in_best_unit as in_best_unit
from ranvier.units import in_unit as in_unit
from ranvier.units import is_dimensionless as is_dimensionless
from ranvier.units import is_scalar_type as is_scalar_type
from ranvier.units import linspace as linspace
from ranvier.units import log as log
from ranvier.units import log10 as log10
from ranvier.units import log1p as log1p
from ranvier.units import ones_like as ones_like
from ranvier.units import ptp as ptp
from ranvier.units import ravel as ravel
from ranvier.units import register_new_unit as register_new_unit
from ranvier.units import sin as sin
from ranvier.units import sinh as sinh
from ranvier.units import tan as tan
from ranvier.units import tanh as tanh
from ranvier.units import trace as trace
from ranvier.units import where as where
from ranvier.units import zeros_like as zeros_like
from ranvier.units.default_units import DEFAULT_UNITS as DEFAULT_UNITS

__version__: str
__version_tuple__: tuple[int, ...]

def as_brian2() -> None: ...
def timings() -> dict[str, float]: ...

Gamp: _Unit
Gcoulomb: _Unit
Gfarad: _Unit
Ggram: _Unit
Ggramme: _Unit
Ghertz: _Unit
Gjoule: _Unit
Gliter: _Unit
Glitre: _Unit
Gmeter: _Unit
Gmetre: _Unit
Gmolar: _Unit
Gmole: _Unit
Gohm: _Unit
Gpascal: _Unit
Gsecond: _Unit
Gsiemens: _Unit
Gvolt: _Unit
Gwatt: _Unit
Hz: _Unit
MHz: _Unit
Mamp: _Unit
Mcoulomb: _Unit
Mfarad: _Unit
Mgram: _Unit
Mgramme: _Unit
Mhertz: _Unit
Mjoule: _Unit
Mliter: _Unit
Mlitre: _Unit
Mmeter: _Unit
Mmetre: _Unit
Mmolar: _Unit
Mmole: _Unit
Mohm: _Unit
Mpascal: _Unit
Msecond: _Unit
Msiemens: _Unit
Mvolt: _Unit
Mwatt: _Unit
Tamp: _Unit
Tcoulomb: _Unit
Tfarad: _Unit
Tgram: _Unit
Tgramme: _Unit
Thertz: _Unit
Tjoule: _Unit
Tliter: _Unit
Tlitre: _Unit
Tmeter: _Unit
Tmetre: _Unit
Tmolar: _Unit
Tmole: _Unit
Tohm: _Unit
Tpascal: _Unit
Tsecond: _Unit
Tsiemens: _Unit
Tvolt: _Unit
Twatt: _Unit
amp: _Unit
cm: _Unit
cm2: _Unit
cm3: _Unit
cmeter: _Unit
cmetre: _Unit
coulomb: _Unit
farad: _Unit
gram: _Unit
gramme: _Unit
hertz: _Unit
joule: _Unit
kHz: _Unit
kamp: _Unit
kcoulomb: _Unit
kelvin: _Unit
kfarad: _Unit
kgram: _Unit
kgramme: _Unit
khertz: _Unit
kilogram: _Unit
kjoule: _Unit
kliter: _Unit
klitre: _Unit
kmeter: _Unit
kmetre: _Unit
kmolar: _Unit
kmole: _Unit
kohm: _Unit
kpascal: _Unit
ksecond: _Unit
ksiemens: _Unit
kvolt: _Unit
kwatt: _Unit
liter: _Unit
litre: _Unit
mA: _Unit
mM: _Unit
mS: _Unit
mV: _Unit
mamp: _Unit
mcoulomb: _Unit
meter: _Unit
metre: _Unit
mfarad: _Unit
mgram: _Unit
mgramme: _Unit
mhertz: _Unit
mjoule: _Unit
mliter: _Unit
mlitre: _Unit
mm: _Unit
mm2: _Unit
mm3: _Unit
mmeter: _Unit
mmetre: _Unit
mmolar: _Unit
mmole: _Unit
mohm: _Unit
molar: _Unit
mole: _Unit
mpascal: _Unit
ms: _Unit
msecond: _Unit
msiemens: _Unit
mvolt: _Unit
mwatt: _Unit
nA: _Unit
nF: _Unit
nM: _Unit
nS: _Unit
namp: _Unit
ncoulomb: _Unit
nfarad: _Unit
ngram: _Unit
ngramme: _Unit
nhertz: _Unit
njoule: _Unit
nliter: _Unit
nlitre: _Unit
nmeter: _Unit
nmetre: _Unit
nmolar: _Unit
nmole: _Unit
nohm: _Unit
npascal: _Unit
nsecond: _Unit
nsiemens: _Unit
nvolt: _Unit
nwatt: _Unit
ohm: _Unit
pA: _Unit
pF: _Unit
pamp: _Unit
pascal: _Unit
pcoulomb: _Unit
pfarad: _Unit
pgram: _Unit
pgramme: _Unit
phertz: _Unit
pjoule: _Unit
pliter: _Unit
plitre: _Unit
pmeter: _Unit
pmetre: _Unit
pmolar: _Unit
pmole: _Unit
pohm: _Unit
ppascal: _Unit
psecond: _Unit
psiemens: _Unit
pvolt: _Unit
pwatt: _Unit
second: _Unit
siemens: _Unit
uA: _Unit
uF: _Unit
uM: _Unit
uS: _Unit
uamp: _Unit
ucoulomb: _Unit
ufarad: _Unit
ugram: _Unit
ugramme: _Unit
uhertz: _Unit
ujoule: _Unit
uliter: _Unit
ulitre: _Unit
um: _Unit
um2: _Unit
um3: _Unit
umeter: _Unit
umetre: _Unit
umolar: _Unit
umole: _Unit
uohm: _Unit
upascal: _Unit
us: _Unit
usecond: _Unit
usiemens: _Unit
uvolt: _Unit
uwatt: _Unit
volt: _Unit
watt: _Unit

# what `from pylab import *` gives, and Brian's subpackages
AbstractContextManager: Any
Annotation: Any
Arrow: Any
Artist: Any
AutoLocator: Any
AxLine: Any
Axes: Any
BackendFilter: Any
BitGenerator: Any
Button: Any
Circle: Any
Colorizer: Any
ColorizingArtist: Any
Colormap: Any
DAILY: Any
DateFormatter: Any
DateLocator: Any
DayLocator: Any
Enum: Any
ExitStack: Any
FR: Any
False_: Any
Figure: Any
FigureBase: Any
FigureCanvasBase: Any
FigureManagerBase: Any
FixedFormatter: Any
FixedLocator: Any
FormatStrFormatter: Any
Formatter: Any
FuncFormatter: Any
Generator: Any
GridSpec: Any
HOURLY: Any
HourLocator: Any
IO: Any
IndexLocator: Any
LinAlgError: Any
Line2D: Any
LinearLocator: Any
Locator: Any
LogFormatter: Any
LogFormatterExponent: Any
LogFormatterMathtext: Any
LogLocator: Any
MINUTELY: Any
MO: Any
MONTHLY: Any
MT19937: Any
MaxNLocator: Any
MinuteLocator: Any
MonthLocator: Any
MouseButton: Any
MultipleLocator: Any
Normalize: Any
NullFormatter: Any
NullLocator: Any
PCG64: Any
PCG64DXSM: Any
Philox: Any
PolarAxes: Any
Polygon: Any
RRuleLocator: Any
RandomState: Any
Rectangle: Any
SA: Any
SECONDLY: Any
SFC64: Any
SU: Any
ScalarFormatter: Any
ScalarType: Any
SecondLocator: Any
SeedSequence: Any
Slider: Any
Subplot: Any
SubplotSpec: Any
TH: Any
TU: Any
TYPE_CHECKING: Any
Text: Any
TickHelper: Any
True_: Any
WE: Any
WEEKLY: Any
WeekdayLocator: Any
Widget: Any
YEARLY: Any
YearLocator: Any
abs: Any
absolute: Any
acorr: Any
acos: Any
acosh: Any
add: Any
all: Any
allclose: Any
amax: Any
amin: Any
angle: Any
angle_spectrum: Any
annotate: Any
annotations: Any
any: Any
append: Any
apply_along_axis: Any
apply_over_axes: Any
arctan2: Any
argmax: Any
argmin: Any
argpartition: Any
argsort: Any
argwhere: Any
around: Any
array: Any
array2string: Any
array_equal: Any
array_equiv: Any
array_repr: Any
array_split: Any
array_str: Any
arrow: Any
asanyarray: Any
asarray: Any
asarray_chkfinite: Any
ascontiguousarray: Any
asfortranarray: Any
asin: Any
asinh: Any
asmatrix: Any
astype: Any
atan: Any
atan2: Any
atanh: Any
atleast_1d: Any
atleast_2d: Any
atleast_3d: Any
autoscale: Any
autumn: Any
average: Any
axes: Any
axhline: Any
axhspan: Any
axis: Any
axline: Any
axvline: Any
axvspan: Any
backend_registry: Any
bar: Any
bar_label: Any
barbs: Any
barh: Any
bartlett: Any
base_repr: Any
beta: Any
binary_repr: Any
bincount: Any
binomial: Any
bitwise_and: Any
bitwise_count: Any
bitwise_invert: Any
bitwise_left_shift: Any
bitwise_not: Any
bitwise_or: Any
bitwise_right_shift: Any
bitwise_xor: Any
blackman: Any
block: Any
bmat: Any
bone: Any
bool: Any
bool_: Any
box: Any
boxplot: Any
broadcast: Any
broadcast_arrays: Any
broadcast_shapes: Any
broadcast_to: Any
broken_barh: Any
busday_count: Any
busday_offset: Any
busdaycalendar: Any
byte: Any
bytes: Any
bytes_: Any
c_: Any
can_cast: Any
cast: Any
cbook: Any
cbrt: Any
cdouble: Any
ceil: Any
char: Any
character: Any
chisquare: Any
choice: Any
cholesky: Any
choose: Any
cla: Any
clabel: Any
clf: Any
clim: Any
clip: Any
clongdouble: Any
close: Any
codegen: Any
cohere: Any
color_sequences: Any
colorbar: Any
colormaps: Any
column_stack: Any
common_type: Any
complex128: Any
complex256: Any
complex64: Any
complexfloating: Any
compress: Any
cond: Any
conj: Any
conjugate: Any
connect: Any
contour: Any
contourf: Any
convolve: Any
cool: Any
copper: Any
copy: Any
copysign: Any
copyto: Any
core: Any
corrcoef: Any
correlate: Any
count_nonzero: Any
cov: Any
cross: Any
csd: Any
csingle: Any
ctypeslib: Any
cumprod: Any
cumsum: Any
cumulative_prod: Any
cumulative_sum: Any
cycler: Any
date2num: Any
datestr2num: Any
datetime: Any
datetime64: Any
datetime_as_string: Any
datetime_data: Any
default_rng: Any
deg2rad: Any
degrees: Any
delaxes: Any
delete: Any
det: Any
detrend: Any
detrend_linear: Any
detrend_mean: Any
detrend_none: Any
devices: Any
diag: Any
diag_indices: Any
diag_indices_from: Any
diagflat: Any
diff: Any
digitize: Any
dirichlet: Any
disconnect: Any
divide: Any
divmod: Any
double: Any
drange: Any
draw: Any
draw_all: Any
draw_if_interactive: Any
dsplit: Any
dstack: Any
dtype: Any
dtypes: Any
e: Any
ecdf: Any
ediff1d: Any
eig: Any
eigh: Any
eigvals: Any
eigvalsh: Any
einsum: Any
einsum_path: Any
emath: Any
empty: Any
empty_like: Any
equal: Any
equations: Any
errorbar: Any
errstate: Any
euler_gamma: Any
eventplot: Any
exceptions: Any
exp2: Any
expand_dims: Any
exponential: Any
extract: Any
eye: Any
f2py: Any
fabs: Any
fft: Any
fft2: Any
fftfreq: Any
fftn: Any
fftshift: Any
figaspect: Any
figimage: Any
figlegend: Any
fignum_exists: Any
figtext: Any
figure: Any
fill: Any
fill_between: Any
fill_betweenx: Any
fill_diagonal: Any
findobj: Any
finfo: Any
fix: Any
flag: Any
flatiter: Any
flatnonzero: Any
flatten: Any
flexible: Any
flip: Any
fliplr: Any
flipud: Any
float128: Any
float16: Any
float32: Any
float64: Any
float_power: Any
floating: Any
floor: Any
floor_divide: Any
fmax: Any
fmin: Any
fmod: Any
format_float_positional: Any
format_float_scientific: Any
frexp: Any
from_dlpack: Any
frombuffer: Any
fromfile: Any
fromfunction: Any
fromiter: Any
frompyfunc: Any
fromregex: Any
fromstring: Any
full: Any
full_like: Any
functools: Any
gamma: Any
gca: Any
gcd: Any
gcf: Any
gci: Any
generic: Any
genfromtxt: Any
geometric: Any
geomspace: Any
get: Any
get_backend: Any
get_cmap: Any
get_current_fig_manager: Any
get_figlabels: Any
get_fignums: Any
get_include: Any
get_plot_commands: Any
get_printoptions: Any
get_scale_names: Any
get_state: Any
getbufsize: Any
geterr: Any
geterrcall: Any
getp: Any
ginput: Any
gradient: Any
gray: Any
greater: Any
greater_equal: Any
grid: Any
grouped_bar: Any
groups: Any
gumbel: Any
half: Any
hamming: Any
hanning: Any
heaviside: Any
hexbin: Any
hfft: Any
hist: Any
hist2d: Any
histogram: Any
histogram2d: Any
histogram_bin_edges: Any
histogramdd: Any
hlines: Any
hot: Any
hsplit: Any
hstack: Any
hsv: Any
hypergeometric: Any
hypot: Any
i0: Any
identity: Any
ifft: Any
ifft2: Any
ifftn: Any
ifftshift: Any
ihfft: Any
iinfo: Any
imag: Any
importexport: Any
importlib: Any
imread: Any
imsave: Any
imshow: Any
in1d: Any
index_exp: Any
indices: Any
inexact: Any
inf: Any
inferno: Any
info: Any
inner: Any
input: Any
insert: Any
inspect: Any
install_repl_displayhook: Any
int16: Any
int32: Any
int64: Any
int8: Any
int_: Any
intc: Any
integer: Any
interactive: Any
interp: Any
intersect1d: Any
intp: Any
inv: Any
invert: Any
ioff: Any
ion: Any
irfft: Any
irfft2: Any
irfftn: Any
is_busday: Any
isclose: Any
iscomplex: Any
iscomplexobj: Any
isdtype: Any
isfinite: Any
isfortran: Any
isin: Any
isinf: Any
isinteractive: Any
isnan: Any
isnat: Any
isneginf: Any
isposinf: Any
isreal: Any
isrealobj: Any
isscalar: Any
issubdtype: Any
iterable: Any
ix_: Any
jet: Any
kaiser: Any
kron: Any
laplace: Any
lcm: Any
ldexp: Any
left_shift: Any
legend: Any
less: Any
less_equal: Any
lexsort: Any
lib: Any
linalg: Any
little_endian: Any
load: Any
loadtxt: Any
locator_params: Any
log2: Any
logaddexp: Any
logaddexp2: Any
logger: Any
logging: Any
logical_and: Any
logical_not: Any
logical_or: Any
logical_xor: Any
logistic: Any
loglog: Any
lognormal: Any
logseries: Any
logspace: Any
long: Any
longdouble: Any
longlong: Any
lstsq: Any
ma: Any
magma: Any
magnitude_spectrum: Any
margins: Any
mask_indices: Any
matmul: Any
matplotlib: Any
matrix: Any
matrix_norm: Any
matrix_power: Any
matrix_rank: Any
matrix_transpose: Any
matshow: Any
matvec: Any
max: Any
maximum: Any
may_share_memory: Any
mean: Any
median: Any
memmap: Any
memory: Any
meshgrid: Any
mgrid: Any
min: Any
min_scalar_type: Any
minimum: Any
minorticks_off: Any
minorticks_on: Any
mintypecode: Any
mlab: Any
mod: Any
modf: Any
monitors: Any
moveaxis: Any
mpl: Any
multi_dot: Any
multinomial: Any
multiply: Any
multivariate_normal: Any
nan: Any
nan_to_num: Any
nanargmax: Any
nanargmin: Any
nancumprod: Any
nancumsum: Any
nanmax: Any
nanmean: Any
nanmedian: Any
nanmin: Any
nanpercentile: Any
nanprod: Any
nanquantile: Any
nanstd: Any
nansum: Any
nanvar: Any
ndarray: Any
ndenumerate: Any
ndim: Any
ndindex: Any
nditer: Any
negative: Any
negative_binomial: Any
nested_iters: Any
new_figure_manager: Any
newaxis: Any
nextafter: Any
nipy_spectral: Any
noncentral_chisquare: Any
noncentral_f: Any
nonzero: Any
norm: Any
normal: Any
not_equal: Any
np: Any
num2date: Any
number: Any
numpy: Any
numpy_: Any
object_: Any
ogrid: Any
ones: Any
only: Any
outer: Any
overload: Any
packbits: Any
pad: Any
pareto: Any
parsing: Any
partition: Any
pause: Any
pcolor: Any
pcolormesh: Any
percentile: Any
permutation: Any
permute_dims: Any
phase_spectrum: Any
pi: Any
pie: Any
pie_label: Any
piecewise: Any
pink: Any
pinv: Any
place: Any
plasma: Any
plot: Any
plt: Any
poisson: Any
polar: Any
poly: Any
poly1d: Any
polyadd: Any
polyder: Any
polydiv: Any
polyfit: Any
polyint: Any
polymul: Any
polynomial: Any
polysub: Any
polyval: Any
positive: Any
pow: Any
power: Any
printoptions: Any
prism: Any
prod: Any
promote_types: Any
psd: Any
put: Any
put_along_axis: Any
putmask: Any
qr: Any
quantile: Any
quiver: Any
quiverkey: Any
r_: Any
rad2deg: Any
radians: Any
rand: Any
randint: Any
randn: Any
random: Any
random_integers: Any
random_sample: Any
ranf: Any
ravel_multi_index: Any
rayleigh: Any
rc: Any
rcParams: Any
rcParamsDefault: Any
rcParamsOrig: Any
rc_context: Any
rcdefaults: Any
rcsetup: Any
real: Any
real_if_close: Any
rec: Any
recarray: Any
reciprocal: Any
record: Any
relativedelta: Any
remainder: Any
repeat: Any
require: Any
reshape: Any
resize: Any
result_type: Any
rfft: Any
rfft2: Any
rfftfreq: Any
rfftn: Any
rgrids: Any
right_shift: Any
rint: Any
roll: Any
rollaxis: Any
roots: Any
rot90: Any
round: Any
row_stack: Any
rrule: Any
s_: Any
sample: Any
save: Any
savefig: Any
savetxt: Any
savez: Any
savez_compressed: Any
sca: Any
scatter: Any
sci: Any
sctypeDict: Any
searchsorted: Any
select: Any
semilogx: Any
semilogy: Any
set_cmap: Any
set_loglevel: Any
set_printoptions: Any
set_state: Any
setbufsize: Any
setdiff1d: Any
seterr: Any
seterrcall: Any
setp: Any
setxor1d: Any
shape: Any
shares_memory: Any
short: Any
show: Any
show_config: Any
show_runtime: Any
shuffle: Any
sign: Any
signal: Any
signbit: Any
signedinteger: Any
silent_list: Any
sinc: Any
single: Any
size: Any
slogdet: Any
solve: Any
sort: Any
sort_complex: Any
spacing: Any
spatialneuron: Any
specgram: Any
split: Any
spring: Any
spy: Any
sqrt: Any
square: Any
squeeze: Any
stack: Any
stackplot: Any
stairs: Any
standard_cauchy: Any
standard_exponential: Any
standard_gamma: Any
standard_normal: Any
standard_t: Any
stateupdaters: Any
std: Any
stem: Any
step: Any
str_: Any
streamplot: Any
strings: Any
style: Any
subplot: Any
subplot2grid: Any
subplot_mosaic: Any
subplot_tool: Any
subplots: Any
subplots_adjust: Any
subtract: Any
summer: Any
suptitle: Any
svd: Any
svdvals: Any
swapaxes: Any
switch_backend: Any
synapses: Any
sys: Any
table: Any
take: Any
take_along_axis: Any
tensordot: Any
tensorinv: Any
tensorsolve: Any
testing: Any
tests: Any
text: Any
thetagrids: Any
threading: Any
tick_params: Any
ticklabel_format: Any
tight_layout: Any
tile: Any
time: Any
timedelta64: Any
title: Any
transpose: Any
trapezoid: Any
trapz: Any
tri: Any
triangular: Any
tricontour: Any
tricontourf: Any
tril: Any
tril_indices: Any
tril_indices_from: Any
trim_zeros: Any
tripcolor: Any
triplot: Any
triu: Any
triu_indices: Any
triu_indices_from: Any
true_divide: Any
trunc: Any
twinx: Any
twiny: Any
typecodes: Any
typename: Any
typing: Any
ubyte: Any
ufunc: Any
uint: Any
uint16: Any
uint32: Any
uint64: Any
uint8: Any
uintc: Any
uintp: Any
ulong: Any
ulonglong: Any
uniform: Any
uninstall_repl_displayhook: Any
union1d: Any
unique: Any
unique_all: Any
unique_counts: Any
unique_inverse: Any
unique_values: Any
units: Any
unpackbits: Any
unravel_index: Any
unsignedinteger: Any
unstack: Any
unwrap: Any
ushort: Any
utils: Any
vander: Any
var: Any
vdot: Any
vecdot: Any
vecmat: Any
vector_norm: Any
vectorize: Any
violinplot: Any
viridis: Any
vlines: Any
void: Any
vonmises: Any
vsplit: Any
vstack: Any
waitforbuttonpress: Any
wald: Any
weibull: Any
window_hanning: Any
window_none: Any
winter: Any
xcorr: Any
xkcd: Any
xlabel: Any
xlim: Any
xscale: Any
xticks: Any
ylabel: Any
ylim: Any
yscale: Any
yticks: Any
zeros: Any
zipf: Any
