"""How processes are started by mpirun."""
import os
import subprocess


def command(mpirun, ranks):
    """mpirun with options that let it start more processes than there are cores, and as root."""
    version = subprocess.run([mpirun, "--version"], capture_output=True, text=True).stdout
    options = []
    if "Open MPI" in version:
        options = ["--oversubscribe"] + (["--allow-run-as-root"] if os.getuid() == 0 else [])
    return [mpirun, *options, "-n", str(ranks)]
