"""After any sequence of steps, a run folder is that of a new run, or the step is refused and the folder is as before."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.benchmarks.made_again import RunsMadeAgain


def test_runs_that_are_made_again_equal_new_ones():
    """As ``python -m tests.benchmarks.made_again`` tries with many more steps."""
    few = settings(
        max_examples=6,
        stateful_step_count=10,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(RunsMadeAgain, settings=few)
