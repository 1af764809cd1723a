"""The methods of the GNU Scientific Library, which Ranvier does not have."""

from __future__ import annotations

from ranvier.equations.assignments import Line
from ranvier.integrators.method import MethodOptions, StateUpdateMethod
from ranvier.integrators.system import OdeSystem, UnsupportedEquationsException


class GSL(StateUpdateMethod):
    """A name that scripts may mention; using it is an error that says so."""

    options = {  # noqa: RUF012
        "adaptable_timestep": True,
        "absolute_error": 1e-6,
        "absolute_error_per_variable": None,
        "max_steps": 100,
        "use_last_timestep": True,
        "save_failed_steps": False,
        "save_step_count": False,
    }

    def integrate(
        self, system: OdeSystem, options: MethodOptions | None = None, *, strict: bool = False
    ) -> tuple[Line, ...]:
        """Refuses.

        Raises:
            UnsupportedEquationsException: For stochastic equations, as Brian does.
            NotImplementedError: Otherwise.
        """
        if system.noises:
            raise UnsupportedEquationsException("Cannot solve stochastic equations with this state updater.")
        raise NotImplementedError(
            f"The method '{self.name}' (adaptive steps of the GNU Scientific Library) is not available. Use "
            "'rk4', with a smaller dt if the equations are stiff, or 'exponential_euler'."
        )


gsl_rkf45 = GSL("gsl_rkf45")
gsl_rk2 = GSL("gsl_rk2")
gsl_rk4 = GSL("gsl_rk4")
gsl_rkck = GSL("gsl_rkck")
gsl_rk8pd = GSL("gsl_rk8pd")
