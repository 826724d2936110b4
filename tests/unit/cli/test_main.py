"""The command line itself."""

import subprocess
import sys


def test_no_command_loads_the_functions_before_it_runs() -> None:
    """Their logger takes level and name from the environment that a local stack sets first."""
    loaded = "import sys, kolom_cli.main; print('kolom.observability' in sys.modules, 'moto' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_command_line_does_not_make_the_functions_logger() -> None:
    """It reads the environment when it is made, and that of the local stack comes later."""
    program = "import sys, kolom_cli.main; print('kolom.observability' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
