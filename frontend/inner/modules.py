"""Brian's inner modules: what packages for Brian import from it, beyond what scripts do.

The table is read when one of these modules is imported. A name is public, or `name=module`, `name=module:other`;
`name!` belongs to Brian's code generator and means nothing here: it can be imported, and compared with, but not used.
"""

from __future__ import annotations

from collections.abc import Mapping

_INNER = "ranvier.inner"

_UNITSAFE = (
    "arange arccos arccosh arcsin arcsinh arctan arctanh cos cosh diagonal dot exp expm1 exprel linspace log log10 "
    "log1p ones_like ptp ravel sin sinh tan tanh trace where zeros_like"
)

_GENERATORS = {
    "base": "CodeGenerator",
    "cpp_generator": "CPPCodeGenerator c_data_type",
    "cython_generator": "CythonCodeGenerator CythonNodeRenderer",
    "GSL_generator": "GSLCPPCodeGenerator GSLCodeGenerator GSLCythonCodeGenerator",
    "numpy_generator": "NumpyCodeGenerator VectorisationError",
}
"""Brian's generators of code, which mean nothing here, by module."""

CODEGEN = "CodeObject=ranvier.codegen.codeobject CythonCodeObject NumpyCodeObject"
"""What Brian's package `codegen` gives; `ranvier.codegen` is a part of this compiler."""

INNER_MODULES: Mapping[str, str] = {
    "codegen._prefs": "prefs",
    "codegen.codeobject": "CodeObject! check_compiler_kwds! constant_or_scalar! create_runner_codeobj!",
    "codegen.cpp_prefs": (
        "C99Check! compiler_supports_c99! get_compiler_and_args! get_msvc_env! update_for_cross_compilation!"
    ),
    "codegen.generators": " ".join(
        f"{name}=ranvier.codegen.generators.{module}" for module, names in _GENERATORS.items() for name in names.split()
    ),
    **{
        f"codegen.generators.{module}": " ".join(f"{name}!" for name in names.split())
        for module, names in _GENERATORS.items()
    },
    "codegen.get_numpy_dtype": "get_numpy_dtype!",
    "codegen.optimisation": "ArithmeticSimplifier! Simplifier! optimise_statements!",
    "codegen.permutation_analysis": "OrderDependenceError! check_for_order_independence!",
    "codegen.runtime": "CythonCodeObject NumpyCodeObject",
    "codegen.runtime.cython_rt": "CythonCodeObject",
    "codegen.runtime.cython_rt.cython_rt": "CythonCodeObject",
    "codegen.runtime.cython_rt.extension_manager": "cython_extension_manager!",
    "codegen.runtime.GSLcython_rt": "GSLCythonCodeObject! IntegrationError!",
    "codegen.runtime.numpy_rt": "NumpyCodeObject",
    "codegen.runtime.numpy_rt.numpy_rt": "NumpyCodeObject",
    "codegen.statements": "Statement!",
    "codegen.targets": "codegen_targets!",
    "codegen.templates": "CodeObjectTemplate! MultiTemplate! Templater!",
    "codegen.translation": (
        f"LineInfo! analyse_identifiers={_INNER}.identifiers get_identifiers_recursively={_INNER}.identifiers "
        "is_scalar_expression! make_statements!"
    ),
    "devices.cpp_standalone": (
        "CPPStandaloneCodeObject=ranvier.devices.cpp_standalone.codeobject "
        "CPPStandaloneDevice=ranvier.objects.networks.devices "
        "cpp_standalone_device=ranvier.objects.networks.devices"
    ),
    "devices.cpp_standalone.codeobject": "CPPStandaloneCodeObject! openmp_pragma!",
    "devices.cpp_standalone.device": (
        "CPPStandaloneDevice=ranvier.objects.networks.devices CPPWriter! RunFunctionContext! "
        "cpp_standalone_device=ranvier.objects.networks.devices"
    ),
    "equations.codestrings": "CodeString=ranvier.equations.code_strings Expression Statements is_constant_over_dt!",
    "equations.refractory": "add_refractoriness! check_identifier_refractory!",
    "equations.unitcheck": "check_dimensions! check_units_statements!",
    "importexport.dictlike": (
        "DictImportExport=ranvier.objects.variables.formats:DictFormat "
        "PandasImportExport=ranvier.objects.variables.formats:PandasFormat"
    ),
    "memory.dynamicarray": f"DynamicArray={_INNER}.dynamicarray DynamicArray1D={_INNER}.dynamicarray",
    "parsing.bast": "BrianASTRenderer! brian_ast! dtype_hierarchy!",
    "parsing.dependencies": "abstract_code_dependencies!",
    "parsing.expressions": (
        f"is_boolean_expression={_INNER}.expressions parse_expression_dimensions={_INNER}.expressions"
    ),
    "parsing.functions": (
        "AbstractCodeFunction! abstract_code_from_function! extract_abstract_code_functions! "
        "substitute_abstract_code_functions!"
    ),
    "parsing.rendering": (
        f"CPPNodeRenderer! NodeRenderer={_INNER}.rendering NumpyNodeRenderer={_INNER}.rendering SympyNodeRenderer!"
    ),
    "parsing.statements": f"parse_statement={_INNER}.expressions",
    "random": "seed",
    "stateupdaters.GSL": "gsl_rk2 gsl_rk4 gsl_rk8pd gsl_rkck gsl_rkf45",
    "synapses.parse_synaptic_generator_syntax": "handle_range! handle_sample! parse_synapse_generator!",
    "tests.utils": f"assert_allclose={_INNER}.testing assert_equal={_INNER}.testing exc_isinstance={_INNER}.testing",
    "units.unitsafe": _UNITSAFE,
    "units.unitsafefunctions": _UNITSAFE,
    "utils.arrays": f"calc_repeats={_INNER}.tools",
    "utils.caching": f"cached={_INNER}.tools",
    "utils.environment": f"running_from_ipython={_INNER}.tools",
    "utils.filetools": (
        f"copy_directory={_INNER}.tools ensure_directory={_INNER}.tools ensure_directory_of_file={_INNER}.tools "
        f"in_directory={_INNER}.tools"
    ),
    "utils.topsort": f"topsort={_INNER}.tools",
}
"""Brian's inner modules → names there."""
