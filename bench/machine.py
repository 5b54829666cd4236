"""On what it was measured."""

import platform
import subprocess
from pathlib import Path
from typing import Final

from bench.stack import PYTHON

# A distribution's is built with profiles and does not say so here; one without either is slower.
_BUILD: Final = """
import sys, sysconfig
flags = sysconfig.get_config_var('CONFIG_ARGS') or ''
said = [flag for flag in ('--enable-optimizations', '--with-lto') if flag in flags]
of = 'of the distribution' if sys.base_prefix == '/usr' else 'built with ' + (' '.join(said) or 'no optimisations')
print('Python', sys.version.split()[0], of)
"""


def told() -> str:
    """Processor, interpreter and how it was built, Node."""
    info = Path("/proc/cpuinfo").read_text()
    names = [line.partition(":")[2].strip() for line in info.splitlines() if "model name" in line]
    cores = f"{len(names)} cores of {names[0]}" if names else platform.machine()
    return f"{cores}; {_said(PYTHON, '-c', _BUILD)}; Node {_said('node', '--version')}"


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
