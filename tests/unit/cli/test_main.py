"""The command line as a whole."""

import subprocess
import sys


def test_no_command_imports_the_functions_before_it_runs() -> None:
    """The functions' logger reads its level and name from the environment, which a local stack sets first."""
    loaded = "import sys, kolom_cli.main; print('kolom.observability' in sys.modules, 'moto' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
