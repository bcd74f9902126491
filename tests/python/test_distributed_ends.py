"""How several ranks end: what one of them raises, closed and forked ones, strangers."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from test_distributed import SLOW, part, run

import libclassify as clf
from libclassify import distributed
from libclassify.sklearn import (
    SVC,
    CountVectorizer,
    OrdinalEncoder,
    Ridge,
    SimpleImputer,
    StandardScaler,
)


def test_what_python_raises_on_one_rank_ends_the_others():
    def body(ranks):
        X, y = part(ranks)
        with ranks:
            SVC(C="much" if ranks.rank == 2 else 1).fit(X, y)

    found = run(3, body, names=["a", "b", "c"])
    assert not isinstance(found[2], clf.PeerError)
    for error in found[:2]:
        assert isinstance(error, clf.PeerError) and "rank 2: c: " in str(error)


def test_what_a_rank_refuses_before_it_meets_the_others_fails_their_fit():
    """NaN that scikit-learn finds, weights of zeros, what ranks cannot do; all go on in step."""
    def body(ranks):
        X, y = part(ranks)
        spoiled = X.copy()
        spoiled[0, 0] = np.nan if ranks.rank == 1 else 0
        heard = []
        with ranks:
            for fit in (lambda: Ridge().fit(spoiled, X[:, 0]),
                        lambda: SVC().fit(X, y, np.full(len(y), 1.0 - ranks.rank)),
                        lambda: OrdinalEncoder().fit(y[:, np.newaxis]),
                        lambda: SimpleImputer(strategy="most_frequent").fit(y[:, np.newaxis]),
                        lambda: StandardScaler().partial_fit(X),
                        lambda: CountVectorizer().fit(["a word"])):
                with pytest.raises((ValueError, clf.Error)) as raised:
                    fit()
                heard.append(raised.value)
            return [str(error) for error in heard], Ridge().fit(X, X[:, 0]).model_.to_bytes()

    (zeroth, model), (first, other) = run(2, body, timeout=10 * SLOW)
    assert model == other
    assert "contains NaN" in first[0] and "rank 1: Input X contains NaN" in zeroth[0]
    assert "weights" in first[1] and zeroth[1].startswith("rank 1: ")
    assert zeroth[2:] == first[2:] and all("several processes" in text for text in first[2:])


def test_a_callback_that_raises_fails_the_call():
    def body(ranks):
        if ranks.rank == 0:
            def fail(mine, everything):
                raise ZeroDivisionError("of a callback")
            ranks._gather = fail
        with ranks:
            Ridge().fit(part(ranks)[0], part(ranks)[0][:, 0])

    found = run(2, body)
    assert isinstance(found[0], clf.PeerError) and "of a callback" in str(found[0])
    assert isinstance(found[0].__cause__, ZeroDivisionError)
    assert isinstance(found[1], clf.PeerError) and "rank 0: of a callback" in str(found[1])


@pytest.mark.parametrize("at", [1, 2, 5])
def test_ctrl_c_again_while_the_others_are_told_is_no_success(at):
    def body(ranks):
        if ranks.rank == 0:
            calls, gather = itertools.count(1), ranks._gather

            def interrupted(*arguments):
                if next(calls) == at:
                    raise KeyboardInterrupt
                gather(*arguments)

            def again(_text):
                raise KeyboardInterrupt
            ranks._gather, ranks._tell_failure = interrupted, again
        clf.Model("ridge", context=ranks.context(threads=1)).fit(*part(ranks))

    found = run(2, body)
    assert isinstance(found[0], KeyboardInterrupt) and isinstance(found[1], clf.PeerError)


def test_closed_ranks_fit_nothing():
    def body(ranks):
        ranks.close()
        with ranks, pytest.raises(clf.PeerError, match="closed"):
            distributed.total(1)
        with pytest.raises(clf.PeerError):
            clf.Model("ridge", context=ranks.context(threads=1)).fit(*part(ranks))

    assert run(2, body) == [None, None]


def test_a_block_holds_for_its_thread(caplog):
    def body(ranks):
        def inner():
            assert distributed.active() is None
            with ranks:
                assert distributed.active() is ranks
                entered.set()
                left.wait(60)
                assert distributed.active() is ranks
            done.append(distributed.active())

        done, entered, left = [], threading.Event(), threading.Event()
        with ranks:
            thread = threading.Thread(target=inner)
            thread.start()
            entered.wait(60)
        assert distributed.active() is None
        left.set()
        thread.join()
        return done

    distributed._ranks._warned = False
    assert run(1, body) == [[None]]
    assert caplog.text.count("alone while another one is in a block") == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_has_no_ranks():
    """It cannot fit with its parent's peers, nor keep them waiting for a parent that is killed."""
    process = subprocess.run([sys.executable, "-c", FORKED], stdout=subprocess.PIPE, text=True,
                             timeout=60 * SLOW)
    assert process.returncode == 0 and process.stdout.split("\n")[:2] == [
        "child: the ranks have failed before, or are closed", "parent: True"], process


FORKED = """
import os, signal, sys, time
import libclassify as clf
from libclassify import distributed
here, there = os.pipe()
listener = distributed.listen()
other = os.fork()
if other == 0:
    ranks = distributed.sockets(1, 2, listener.getsockname(), connect_timeout=60)
    if os.fork() == 0:
        try:
            with ranks:
                distributed.total(1)
        except clf.PeerError as error:
            print("child:", str(error)[-46:], flush=True)
        os.kill(os.getppid(), signal.SIGKILL)
        os.close(there)
        os.read(here, 1)  # until rank 0 ends
        os._exit(0)
    time.sleep(60)
ranks = distributed.sockets(0, 2, listener.getsockname(), listener=listener)
try:
    with ranks:
        distributed.total(1)
except clf.PeerError as error:
    print("parent:", "rank 1 has ended" in str(error), flush=True)
"""


def test_a_stranger_is_turned_away():
    listener = distributed.listen()
    address, stranger = listener.getsockname(), []

    def other():
        try:
            distributed.sockets(1, 2, address, token=b"wrong", connect_timeout=0.5)
        except clf.PeerError as error:
            stranger.append(error)

    thread = threading.Thread(target=other)
    thread.start()
    with pytest.raises(clf.PeerError, match="rank 1 did not connect"):
        distributed.sockets(0, 2, address, token=b"right", listener=listener, connect_timeout=1)
    thread.join()
    assert stranger


def test_an_echo_is_not_rank_0():
    with distributed.listen() as listener:
        def echo():
            link = listener.accept()[0]
            link.sendall(bytes(32))
            proof = link.recv(32, socket.MSG_WAITALL)
            link.sendall(proof)
            link.close()

        thread = threading.Thread(target=echo)
        thread.start()
        with pytest.raises(clf.PeerError, match="is not rank 0"):
            distributed.sockets(1, 2, listener.getsockname(), token=b"secret", connect_timeout=20)
        thread.join()


def test_a_stranger_does_not_hold_rank_0():
    """It sends a byte now and then."""
    listener = distributed.listen()
    address, gone = listener.getsockname(), threading.Event()

    def trickle():
        with socket.create_connection(address) as link:
            link.recv(32, socket.MSG_WAITALL)
            while not gone.wait(0.2):
                link.sendall(b"x")

    thread = threading.Thread(target=trickle)
    thread.start()
    began = time.monotonic()
    with pytest.raises(clf.PeerError):
        distributed.sockets(0, 2, address, listener=listener, connect_timeout=1)
    assert time.monotonic() - began < 4 * SLOW
    gone.set()
    thread.join()


def test_other_machines_need_a_token():
    for number in range(2):
        with pytest.raises(clf.ArgumentError, match="token"):
            distributed.sockets(number, 2, ("0.0.0.0", 0), connect_timeout=1)
