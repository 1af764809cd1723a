"""Preferences: names, values, files, and what they change."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ranvier.objects.networks.network import Network
from ranvier.objects.neurons.neurongroup import NeuronGroup
from ranvier.session.logger import catch_logs
from ranvier.session.preference_files import evaluate
from ranvier.session.preferences import (
    BrianGlobalPreferences,
    BrianPreference,
    PreferenceError,
    brian_prefs,
    prefs,
)
from ranvier.units import Quantity, ms

BRIANS = {
    "GSL.directory": None,
    "codegen.cpp.compiler": "",
    "codegen.cpp.define_macros": [],
    "codegen.cpp.extra_compile_args": None,
    "codegen.cpp.extra_compile_args_gcc": [
        "-w", "-O3", "-ffast-math", "-fno-finite-math-only", "-march=native", "-std=c++11",
    ],
    "codegen.cpp.extra_compile_args_msvc": ["/Ox", "/w", "", "/MP"],
    "codegen.cpp.extra_link_args": [],
    "codegen.cpp.headers": [],
    "codegen.cpp.include_dirs": [str(Path(sys.prefix) / "include")],
    "codegen.cpp.libraries": [],
    "codegen.cpp.library_dirs": [str(Path(sys.prefix) / "lib")],
    "codegen.cpp.msvc_architecture": "",
    "codegen.cpp.msvc_vars_location": "",
    "codegen.cpp.runtime_library_dirs": [str(Path(sys.prefix) / "lib")],
    "codegen.generators.cpp.flush_denormals": False,
    "codegen.generators.cpp.restrict_keyword": "__restrict",
    "codegen.loop_invariant_optimisations": True,
    "codegen.max_cache_dir_size": 1000,
    "codegen.runtime.cython.cache_dir": None,
    "codegen.runtime.cython.delete_source_files": True,
    "codegen.runtime.cython.multiprocess_safe": True,
    "codegen.runtime.numpy.discard_units": False,
    "codegen.string_expression_target": "numpy",
    "codegen.target": "auto",
    "core.default_float_dtype": np.float64,
    "core.default_integer_dtype": np.int32,
    "core.network.default_schedule": ["start", "groups", "thresholds", "synapses", "resets", "end"],
    "core.outdated_dependency_error": True,
    "core.stop_on_keyboard_interrupt": True,
    "devices.cpp_standalone.extra_make_args_unix": ["-j"],
    "devices.cpp_standalone.extra_make_args_windows": [],
    "devices.cpp_standalone.make_cmd_unix": "make",
    "devices.cpp_standalone.openmp_spatialneuron_strategy": None,
    "devices.cpp_standalone.openmp_threads": 0,
    "devices.cpp_standalone.run_cmd_unix": "./main",
    "devices.cpp_standalone.run_environment_variables": {"LD_BIND_NOW": "1"},
    "legacy.refractory_timing": False,
    "logging.console_log_level": "INFO",
    "logging.delete_log_on_exit": True,
    "logging.display_brian_error_message": True,
    "logging.file_log": True,
    "logging.file_log_level": "DEBUG",
    "logging.file_log_max_size": 10000000,
    "logging.save_script": True,
    "logging.std_redirection": True,
    "logging.std_redirection_to_file": True,
    "logging.warn_for_unused_objects": True,
}  # fmt: skip
"""The preferences of Brian 2.9.0 and their defaults, as observed."""

OURS = {
    "codegen.pipeline": "default",
    "codegen.backend": "llvm",
    "codegen.pass_modules": [],
    "codegen.threads": "auto",
    "codegen.fast_math": "contract",
    "codegen.cache_dir": None,
    "codegen.share_traces": True,
    "codegen.check_bounds": False,
    "codegen.debug_info": False,
    "codegen.synapse_layout": "auto",
    "codegen.firing_rate": "guess",
    "logging.full_tracebacks": False,
}


@pytest.fixture
def fresh() -> BrianGlobalPreferences:
    """Preferences of our own: two categories."""
    own = BrianGlobalPreferences()
    own.register_preferences(
        "mine",
        "My things",
        size=BrianPreference(1, "How big"),
        delay=BrianPreference(2 * ms, "How long", representor=str),
    )
    own.register_preferences(
        "mine.inner",
        "Inner things",
        kind=BrianPreference("a", "Which kind", validator=lambda value: value in ("a", "b")),
    )
    return own


@pytest.fixture(autouse=True)
def defaults() -> None:
    """Every test leaves the defaults behind."""
    yield
    prefs.reset_to_defaults()


def test_all_of_brians_preferences_with_their_defaults() -> None:
    assert dict(prefs) == BRIANS | OURS
    assert len(prefs) == 59


def test_reading_as_key_as_attribute_and_through_categories() -> None:
    assert prefs["core.default_float_dtype"] is prefs.core.default_float_dtype is np.float64
    assert prefs.core["network.default_schedule"] == prefs.core.network.default_schedule
    assert prefs["codegen"]["cpp.headers"] == []
    assert "target" in prefs.codegen and "codegen.target" in prefs and "codegen" not in prefs
    assert sorted(prefs.core.network) == ["default_schedule"] and len(prefs.core) == 5
    assert {"codegen", "core"} <= set(dir(prefs)) and "target" in dir(prefs.codegen)
    assert repr(prefs.core) == '<BrianGlobalPreferencesView for preference category "core">'


def test_setting_by_either_way() -> None:
    prefs.codegen.target = "numpy"
    prefs["core.default_float_dtype"] = np.float32
    prefs.codegen.cpp["headers"] = ["<cmath>"]
    prefs.update({"legacy.refractory_timing": True})
    assert (prefs["codegen.target"], prefs.core.default_float_dtype) == ("numpy", np.float32)
    assert prefs["codegen.cpp.headers"] == ["<cmath>"] and prefs.legacy.refractory_timing


def test_changing_a_list_leaves_the_default() -> None:
    prefs.codegen.cpp.headers.append("<cmath>")
    prefs.devices.cpp_standalone.run_environment_variables["X"] = "1"
    prefs.reset_to_defaults()
    assert prefs.codegen.cpp.headers == []
    assert prefs.devices.cpp_standalone.run_environment_variables == {"LD_BIND_NOW": "1"}


def test_reading_what_does_not_exist() -> None:
    with pytest.raises(KeyError):
        prefs["codegen.foo"]
    with pytest.raises(AttributeError, match=r"Did you mean codegen\.target"):
        _ = prefs.codegen.tarket
    with pytest.raises(AttributeError):
        _ = prefs.nothing
    assert prefs.get("nothing") is None


@pytest.mark.parametrize("name", ["codegen.foo", "foo.bar", "foo", "codegen", "core.network"])
def test_setting_what_does_not_exist(name: str) -> None:
    with pytest.raises(PreferenceError):
        prefs[name] = 3


def test_setting_attributes_that_do_not_exist() -> None:
    with pytest.raises(PreferenceError, match=r"codegen\.target"):
        prefs.target = "numpy"
    with pytest.raises(PreferenceError):
        prefs.codegen.foo = 3
    with pytest.raises(PreferenceError):
        prefs.core = 3


def test_nothing_is_deleted() -> None:
    for statement in ("del prefs['codegen.target']", "del prefs.codegen", "del prefs.codegen.target", "prefs.clear()"):
        with pytest.raises(PreferenceError):
            exec(statement, {"prefs": prefs})
    assert len(prefs) == 59


INVALID = [
    ("core.default_integer_dtype", np.uint8), ("core.default_integer_dtype", np.int16),
    ("core.default_integer_dtype", float),
    ("core.default_float_dtype", int), ("core.default_float_dtype", "float32"), ("core.default_float_dtype", None),
    ("core.default_float_dtype", np.float16), ("core.default_integer_dtype", "int32"),
    ("core.network.default_schedule", "start"), ("core.network.default_schedule", ("start", "end")),
    ("core.network.default_schedule", None), ("core.stop_on_keyboard_interrupt", 1),
    ("legacy.refractory_timing", None), ("codegen.target", 3), ("codegen.max_cache_dir_size", 1.5),
    ("codegen.fast_math", "very"), ("codegen.fast_math", None), ("codegen.cache_dir", 3), ("codegen.pipeline", None),
    ("codegen.cpp.headers", "a"), ("codegen.cpp.extra_compile_args_gcc", None), ("codegen.cpp.compiler", 3),
    ("codegen.generators.cpp.flush_denormals", 1), ("devices.cpp_standalone.openmp_threads", 1.5),
    ("devices.cpp_standalone.openmp_spatialneuron_strategy", "x"), ("devices.cpp_standalone.run_cmd_unix", None),
    ("devices.cpp_standalone.run_environment_variables", []), ("logging.console_log_level", "LOUD"),
    ("logging.console_log_level", 3), ("logging.file_log_max_size", "a"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), INVALID)
def test_invalid_values_change_nothing(name: str, value: object) -> None:
    before = prefs[name]
    with pytest.raises(PreferenceError, match=name):
        prefs[name] = value
    assert prefs[name] is before


VALID = [
    ("core.default_float_dtype", np.dtype("float32")), ("core.default_integer_dtype", np.int64),
    ("core.default_integer_dtype", int), ("core.network.default_schedule", ["a", "b"]), ("codegen.target", "foo"),
    ("codegen.target", type("NumpyCodeObject", (), {})), ("codegen.cpp.extra_compile_args", ["-O1"]),
    ("codegen.cpp.define_macros", [("A", "1")]), ("logging.console_log_level", "error"),
    ("devices.cpp_standalone.openmp_spatialneuron_strategy", "systems"), ("codegen.cache_dir", Path("x")),
    ("devices.cpp_standalone.run_cmd_unix", ["./main", "1"]), ("codegen.max_cache_dir_size", 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), VALID)
def test_valid_values(name: str, value: object) -> None:
    prefs[name] = value
    assert prefs[name] is value


# ---------------------------------------------------------------------- registering


def test_own_preferences(fresh: BrianGlobalPreferences) -> None:
    fresh.mine.size = 5
    fresh["mine.inner.kind"] = "b"
    assert (fresh.mine.size, fresh.mine.inner.kind) == (5, "b")
    with pytest.raises(PreferenceError):
        fresh.mine.size = "large"
    with pytest.raises(PreferenceError):
        fresh.mine.inner.kind = "c"


@pytest.mark.parametrize(
    ("category", "name"),
    [("mine", "x"), ("mine.size", "x"), ("other", "_x"), ("other", "a b"), ("other", "items"), ("other", "class")],
)
def test_names_that_cannot_be_registered(fresh: BrianGlobalPreferences, category: str, name: str) -> None:
    before = dict(fresh)
    with pytest.raises(PreferenceError):
        fresh.register_preferences(category, "docs", **{name: BrianPreference(1, "docs")})
    assert dict(fresh) == before


def test_a_preference_cannot_be_named_like_a_category(fresh: BrianGlobalPreferences) -> None:
    fresh.register_preferences("outer.inner", "docs")
    with pytest.raises(PreferenceError, match="already registered as a preference category"):
        fresh.register_preferences("outer", "docs", inner=BrianPreference(1, "docs"))


def test_an_invalid_default(fresh: BrianGlobalPreferences) -> None:
    with pytest.raises(PreferenceError, match=r"other\.x"):
        fresh.register_preferences("other", "docs", x=BrianPreference(1, "docs", validator=lambda value: False))
    with pytest.raises(AttributeError):
        _ = fresh.other


# ---------------------------------------------------------------------- files


def test_written_files_are_read_back() -> None:
    prefs.core.default_float_dtype = np.float32
    prefs.core.default_integer_dtype = np.int64
    prefs.codegen.cpp.headers = ["<a b>", "'c'"]
    prefs.codegen.cache_dir = Path("some") / "where"
    text = prefs.as_file
    assert text != prefs.defaults_as_file
    prefs.reset_to_defaults()
    assert prefs.as_file == prefs.defaults_as_file
    prefs.read_preference_file(io.StringIO(text))
    assert prefs.as_file == text
    assert prefs.core.default_float_dtype is np.float32


def test_sections_comments_and_values(tmp_path: Path, fresh: BrianGlobalPreferences) -> None:
    path = tmp_path / "preferences"
    path.write_text(
        "# a comment\nmine.size = -(3 - 5)*2\n\n[mine]\n  delay = 0.5*ms   # short\n\n[mine.inner]\nkind='b'\n"
        "[later]\nx = 7\ny = [float32, (1, None), {'a': True}]\n"
    )
    fresh.read_preference_file(path)
    assert (fresh.mine.size, fresh.mine.delay, fresh.mine.inner.kind) == (4, 0.5 * ms, "b")
    assert isinstance(fresh.mine.delay, Quantity)
    with catch_logs() as caught:
        fresh.check_all_validated()
    assert "later.x" in caught[0][2]
    fresh.register_preferences("later", "docs", x=BrianPreference(1, "docs"), y=BrianPreference([], "docs"))
    assert (fresh.later.x, fresh.later.y) == (7, [np.float32, (1, None), {"a": True}])
    with catch_logs() as caught:
        fresh.check_all_validated()
    assert not caught


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("mine.size: 3", 1), ("garbage", 1), ("\n[mine", 2), ("[mine]\n\nsize = (1 +", 3), ("[mine]\nsize = b", 2),
        ("mine.size = 'a'", 1), ("mine.sise = 3", 1), ("[mine]\nsize = __import__('os').getpid()", 2),
        ("[mine.inner]\nkind = ['a',\n'b']", 2), ("mine.size = 1 = 2", 1), ("mine.inner.kind = f'{1}'", 1),
    ],
)  # fmt: skip
def test_unreadable_files_name_the_line_and_change_nothing(
    tmp_path: Path, fresh: BrianGlobalPreferences, text: str, line: int
) -> None:
    path = tmp_path / "preferences"
    path.write_text(text + "\n")
    before = dict(fresh)
    with pytest.raises(PreferenceError, match=f"line {line}"):
        fresh.read_preference_file(path)
    assert dict(fresh) == before


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        prefs.read_preference_file(tmp_path / "nothing")


def test_the_users_file_then_the_one_in_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, here = tmp_path / "home", tmp_path / "here"
    (home / ".brian").mkdir(parents=True)
    here.mkdir()
    (home / ".brian" / "user_preferences").write_text("codegen.target = 'cython'\nlegacy.refractory_timing = True\n")
    (here / "brian_preferences").write_text("[codegen]\ntarget = 'numpy'\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    code = "from ranvier.session.preferences import prefs; print(prefs.codegen.target, prefs.legacy.refractory_timing)"
    shown = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True)
    assert shown.stdout == "numpy True\n"


# ---------------------------------------------------------------------- documentation, the old name


def test_documentation() -> None:
    everything = prefs.get_documentation()
    for name, value in prefs.items():
        assert f"``{name}``" in everything
        if isinstance(value, str | bool | int):
            assert f"``{name}`` = ``{value!r}``\n" in everything
    assert ".. _brian-pref-core-default-float-dtype:" in prefs.get_documentation("core")
    assert ".. _" not in prefs.get_documentation("core", link_targets=False)
    assert "float32" in prefs.get_documentation("core.default_float_dtype")
    with pytest.raises(ValueError, match="nothing"):
        prefs.get_documentation("nothing")


def test_the_old_name_tells_the_new_one() -> None:
    for use in (lambda: brian_prefs.codegen, lambda: brian_prefs["codegen.target"]):
        with pytest.raises(AttributeError, match="'prefs'"):
            use()
    with pytest.raises(AttributeError, match="'prefs'"):
        brian_prefs.codegen = 3


# ---------------------------------------------------------------------- effects


def go(rate: float) -> NeuronGroup:
    group = NeuronGroup(1, f"dv/dt = {rate}*v/ms : 1", method="euler")
    group.v = 1
    Network(group).run(0.5 * ms, namespace={"ms": ms})
    return group


def test_float_type_of_new_groups() -> None:
    prefs.core.default_float_dtype = np.float32
    assert go(0.125).v[:].dtype == np.float32
    prefs.reset_to_defaults()
    assert go(0.125).v[:].dtype == np.float64


@pytest.mark.parametrize("kind", [np.int32, np.int64, int])
def test_integer_type_of_new_groups(kind: type) -> None:
    prefs.core.default_integer_dtype = kind
    group = NeuronGroup(3, "k : integer")
    group.k = "i"
    group.run_regularly("k = k*2 - 7")
    Network(group).run(0.2 * ms)
    assert group.k[:].dtype == kind and list(group.k[:]) == [-21, -17, -13]


def test_compiled_models_go_where_the_preference_says(tmp_path: Path) -> None:
    prefs.codegen.cache_dir = tmp_path / "cache"
    go(0.0625 + 2.0**-30)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".rvp"]


def test_pipeline_and_fast_math() -> None:
    expected = go(0.25).v[0]
    prefs.codegen.pipeline = "fold-constants,fuse-maps"
    prefs.codegen.fast_math = "off"
    assert go(0.25).v[0] == pytest.approx(expected, rel=1e-14)
    prefs.codegen.pipeline = "fold-everything"
    with pytest.raises(Exception, match="fold-everything"):
        go(0.25)


def test_an_unknown_target_fails_when_it_is_used() -> None:
    prefs.codegen.target = "abacus"
    with pytest.raises(ValueError, match="abacus"):
        go(0.25)


@pytest.mark.parametrize(
    "value", ["9**9**9", "2**(10**10)", "'a'*10**10", "[0]*10**9", "10**1000*10**1000", "(1, 2)*3"]
)
def test_values_in_files_are_small_arithmetic_on_numbers(value: str) -> None:
    with pytest.raises((ValueError, PreferenceError)):
        evaluate(value)


def test_members_that_scripts_of_brian_use() -> None:
    preferences, docs = prefs.pref_register["logging"]
    assert preferences["file_log"].default is True and docs
    assert prefs.prefs["codegen.target"] == prefs.codegen.target and prefs.eval_pref("[3*ms, 'a']") == [3 * ms, "a"]
    prefs.do_validation()
    assert not prefs.is_explicit("logging.file_log")
    prefs._backup()
    prefs.logging.file_log = False
    assert prefs.is_explicit("logging.file_log") and prefs.backup_prefs["logging.file_log"] is True
    prefs._restore()
    assert prefs.logging.file_log is True
    prefs.reset_to_defaults()
    assert not prefs.is_explicit("logging.file_log")
