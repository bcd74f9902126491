#!/usr/bin/env python3
"""Ranks that fail at random: random_failures.py [COUNT [SEED]].

Each trial forks some processes that fit a model together by sockets. One of them is killed, runs
out of memory, has a bad value, cancels, calls another function or with other parameters, or has a
callback that raises or does not return, at a random point. All others must end in time, with an
error that names that rank, or all must have the same model. Nothing but a whole file may be left.
"""
import collections
import json
import os
import pathlib
import random
import re
import select
import signal
import sys
import tempfile
import time

try:
    import numpy as np
except ImportError as error:
    print(error)
    sys.exit(77)

import libclassify as clf
from libclassify import distributed

ROWS, SLOW = 240, float(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1"))
TIMEOUT, PATIENCE = 1.0 * SLOW, 60 * SLOW  # of a rank for another one; of this script for all
FAILURES = ("killed", "memory", "bad value", "cancels", "other function", "other parameters", "raises",
            "sleeps", "leaves", "is well")
MODELS = (("ridge", {}), ("ridge", {"alpha": 0}), ("fisher", {}), ("svm", {}),
          ("svm", {"kernel": "linear", "multiclass": "one_vs_rest"}), ("svm", {"divide": "rows"}))


def rows():
    r = np.random.default_rng(1)
    X = r.normal(size=(ROWS, 6)).astype(np.float32)
    return X, (X[:, 0] > 0.4).astype(int) + (X[:, 1] > 0)


def strike(ranks, at, act):
    """Acts within the exchange number `at`, counted from 1."""
    done = [0]

    def within(function):
        def exchange(*arguments):
            done[0] += 1
            if done[0] == at:
                act()
            return function(*arguments)
        return exchange

    ranks._gather, ranks._broadcast = within(ranks._gather), within(ranks._broadcast)


def fail():
    raise RuntimeError("what a callback raised")


def work(trial, rank, listener, path):
    """One rank; returns what came of it."""
    odd = rank == trial["rank"]
    what = trial["failure"] if odd else None
    X, y = rows()
    address = listener.getsockname()
    if rank > 0:
        listener.close()
    ranks = distributed.sockets(rank, trial["ranks"], address, timeout=TIMEOUT, token=b"trial",
                                listener=listener if rank == 0 else None, connect_timeout=PATIENCE)
    first, count = ranks.shard_range(ROWS)
    X, y = X[first:first + count].copy(), y[first:first + count]
    kind, params = MODELS[trial["model"]]
    limits = {"memory_limit": trial["bytes"]} if what == "memory" else {}
    context = ranks.context(threads=1 + rank % 2, progress_interval=0, **limits)
    if what == "killed":
        strike(ranks, trial["at"], lambda: os.kill(os.getpid(), signal.SIGKILL))
    elif what == "raises":
        strike(ranks, trial["at"], fail)
    elif what == "sleeps":
        strike(ranks, trial["at"], lambda: time.sleep(3600))
    elif what == "bad value":
        X[trial["at"] % count, 1] = (np.nan, np.inf)[trial["at"] % 2]
    elif what == "other function":
        kind, params = ("fisher" if kind == "ridge" else "ridge"), {}
    elif what == "other parameters":
        params = {**params, ("C" if kind == "svm" else "tolerance" if kind == "fisher" else "alpha"): 0.3}
    elif what == "leaves":
        ranks.close()
        return {"failed": True, "text": "left"}
    reports = [0]

    def progress(_):
        reports[0] += 1
        return what == "cancels" and reports[0] >= trial["at"]

    model = clf.Model(kind, context=context, **params)
    if trial["standardize"]:
        model.add_transform("standardize")
    try:
        with clf.watch(progress):
            model.fit(X, y)
    except clf.Error as error:
        return {"failed": True, "peer": isinstance(error, clf.PeerError), "text": str(error)}
    data = model.to_bytes()
    if rank == 0:
        model.save(path)
    return {"failed": False, "bytes": data.hex()}


def start(trial, rank, listener, path):
    """Forks a rank; returns its process and the end of a pipe."""
    end, other = os.pipe()
    child = os.fork()
    if child > 0:
        os.close(other)
        return child, end
    status = 1
    try:
        os.close(end)
        os.write(other, json.dumps(work(trial, rank, listener, path)).encode())
        status = 0
    except BaseException as error:
        os.write(other, json.dumps({"failed": True, "text": f"python: {error!r}"}).encode())
    finally:
        os._exit(status)


def read(ends, until):
    """What the pipes give until all that count have ended, and which have not."""
    texts = {rank: b"" for rank in ends}
    left = {end: rank for rank, end in ends.items()}
    while left and time.monotonic() < until:
        for end in select.select(list(left), [], [], 0.5)[0]:
            data = os.read(end, 1 << 20)
            texts[left[end]] += data
            if not data:
                del left[end]
    return texts, sorted(left.values())


def judge(trial, texts, hung, path):
    """What is wrong, or None."""
    odd = trial["rank"]
    if hung:
        return f"ranks {hung} hang"
    found = {rank: json.loads(text) for rank, text in texts.items() if text}
    others = [found.get(rank) for rank in range(trial["ranks"]) if rank != odd]
    if None in others:
        return "a rank has ended without a result"
    if all(not result["failed"] for result in others):
        models = {result["bytes"] for result in others}
        late = odd in found and not found[odd]["failed"]
        if len(models) > 1 or (late and found[odd]["bytes"] not in models):
            return "the models differ"
        return None if trial["failure"] not in ("other function", "other parameters", "bad value",
                                                "leaves") else "the failure was not noticed"
    named = re.compile(rf"\branks? (\d+ and |\d+ .* rank )?{odd}\b", re.S)
    for result in others:
        if not result["failed"] or not result.get("peer") or not named.search(result["text"]):
            return f"a rank says {result}"
    if os.path.exists(path) and trial["failure"] not in ("killed", "sleeps", "raises"):
        return "a file is there after a failure"
    return None


def run(trial, folder):
    path = os.path.join(folder, "model.clf")
    listener = distributed.listen()
    started = {rank: start(trial, rank, listener, path) for rank in range(trial["ranks"])}
    listener.close()
    silent = trial["failure"] in ("killed", "sleeps")
    ends = {rank: end for rank, (_, end) in started.items() if not (silent and rank == trial["rank"])}
    texts, hung = read(ends, time.monotonic() + PATIENCE)
    for rank, (child, end) in started.items():
        if rank in hung or (silent and rank == trial["rank"]):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(end)
    wrong = judge(trial, texts, hung, path)
    left = os.listdir(folder)
    if wrong is None and left not in ([], ["model.clf"]):
        wrong = f"there are {left}"
    if left == ["model.clf"]:
        clf.Model.load(path)
        os.unlink(path)
    failed = any(json.loads(text)["failed"] for text in texts.values() if text)
    return wrong, failed


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    choose = random.Random(seed)
    kinds, noticed, bad, slowest = collections.Counter(), collections.Counter(), 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            ranks = choose.randint(2, 5)
            trial = {"ranks": ranks, "rank": choose.randrange(ranks), "at": choose.randint(1, 25),
                     "failure": FAILURES[number % len(FAILURES)], "model": choose.randrange(len(MODELS)),
                     "bytes": choose.randint(1000, 60000), "standardize": choose.random() < 0.3}
            began = time.monotonic()
            wrong, failed = run(trial, folder)
            slowest = max(slowest, time.monotonic() - began)
            kinds[trial["failure"]] += 1
            noticed[trial["failure"]] += failed
            if wrong is not None:
                bad += 1
                print(f"trial {number}, {trial}: {wrong}", flush=True)
    for kind in FAILURES:
        print(f"{kind:18} {kinds[kind]:4} trials, of which {noticed[kind]} ended in a failure")
    print(f"{count} trials, {bad} wrong; the slowest took {slowest:.1f} s")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
