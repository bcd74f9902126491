"""Epochs of networks measured along axes, for growth_networks.py and growth_sequences.py.

Each number comes from a process of its own, a fork of one that has loaded the libraries and
computed nothing: the processor seconds of an epoch, the least of some, which other work on the
machine disturbs least, and the most memory that training held above what the process held before.
"""

import argparse
import json
import multiprocessing
import pathlib

from peer_lines import timed


def parser_of(description):
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--peer", default="torch", choices=("torch", "none"))
    parser.add_argument("--json")
    return parser


def resident(name):
    """VmHWM or VmRSS of this process, in bytes."""
    lines = pathlib.Path("/proc/self/status").read_text().split("\n")
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def measure(trainer, program, setting, unit, options):
    epoch, count = trainer(program, setting, options.threads)
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = resident("VmRSS")
    seconds = min(timed(epoch)[1] for _ in range(options.epochs))
    return {"by": program, **setting, "threads": options.threads, f"{unit}s": count,
            f"{unit}_cpu_seconds": seconds / count, "memory_bytes": resident("VmHWM") - before}


def programs(peer):
    """Ours and the peer, loaded, or a word that it is absent."""
    try:
        if peer == "torch":
            import torch  # noqa: F401
            return ("libclassify", "torch")
    except ImportError as error:
        print(f"torch is left out: {error}", flush=True)
    return ("libclassify",)


def grow(options, axes, base, unit, trainer):
    """Along each axis, from `base`. trainer(program, setting, threads) returns what trains an epoch,
    and the units in one."""
    present, measured = programs(options.peer), []
    settings = [(axis, {**base, axis: value}) for axis, values in axes.items() for value in values]
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        for axis, setting in settings:
            for program in present:
                last = pool.apply(measure, (trainer, program, setting, unit, options))
                measured.append({"axis": axis, **last})
                print(f"{program:<12} {axis} {setting[axis]:>6}: "
                      f"{1e6 * last[f'{unit}_cpu_seconds']:9.2f} us per {unit}, "
                      f"{last['memory_bytes'] / 1e6:7.1f} MB", flush=True)
                if options.json:
                    pathlib.Path(options.json).write_text(json.dumps(measured, indent=1) + "\n")
