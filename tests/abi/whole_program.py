"""The whole program runs beside the sample of MNIST: whole_program.py PROGRAM SAMPLE."""
import pathlib
import subprocess
import sys
import tempfile

program, sample = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:])
with tempfile.TemporaryDirectory() as folder:
    (pathlib.Path(folder) / "mnist").symlink_to(sample)
    sys.exit(subprocess.run([program, folder]).returncode)
