"""classify serve by HTTP: answers, status codes, and what slow and hostile clients do to it. See cli.py."""
import base64
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import random
import re
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest
import zlib

from cli import TOOL, interrupt_twice, main

SLOW = float(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1"))  # of a loaded machine
FOLDER = tempfile.TemporaryDirectory()
ROOT = pathlib.Path(FOLDER.name)
NAMES = ["sepal length", "sepal width", "petal length", "petal width"]


def run(*arguments, status=0):
    done = subprocess.run([TOOL, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == status, (arguments, done.returncode, done.stderr)
    return done


def png(height, width, level):
    """A gray PNG by a function of row and column."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    lines = b"".join(b"\0" + bytes(level(i, j) for j in range(width)) for i in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def bar(upright, noise=0):
    return png(20, 20, lambda i, j: 230 if 8 <= (j if upright else i) < 12 else (i * 7 + j * 5 + noise) % 40)


def make_models():
    """Rows, texts and pictures that are easy to tell apart, so that the labels are known."""
    numbers = random.Random(1)
    lines = [",".join(NAMES + ["species"])]
    for i in range(60):
        center, name = [([5, 3, 1, 0], "setosa"), ([6, 3, 5, 2], "virginica")][i % 2]
        lines.append(",".join([f"{c + numbers.gauss(0, .3):.3f}" for c in center] + [name]))
    (ROOT / "flowers.csv").write_text("\n".join(lines) + "\n")
    run("train", "flowers.csv", "-o", "rows.clf", "--quiet")
    lines = [f"{'' if i % 13 == 5 else 30 + i % 3},{['Bern', 'Chur'][i % 2] if i % 11 else ''},{['yes', 'no'][i % 2]}"
             for i in range(40)]
    (ROOT / "cities.csv").write_text("\n".join(["age,city,label"] + lines) + "\n")
    run("train", "cities.csv", "--format", "csv missing=keep", "-o", "cities.clf", "--quiet")
    run("train", "cities.csv", "--format", "csv missing=keep", "-o", "strict.clf", "--quiet", "--transform",
        "one_hot unknown=error", "--transform", "impute")
    for label, words in (("good", ["great fine film", "a happy film"]), ("bad", ["an awful film", "poor sad film"])):
        for i in range(6):
            (ROOT / "texts" / label).mkdir(parents=True, exist_ok=True)
            (ROOT / "texts" / label / f"{i}.txt").write_text(words[i % 2])
    run("train", "texts", "-o", "texts.clf", "--quiet")
    for i in range(10):
        for label in ("upright", "flat"):
            (ROOT / "bars" / label).mkdir(parents=True, exist_ok=True)
            (ROOT / "bars" / label / f"{i}.png").write_bytes(bar(label == "upright", i))
    run("train", "bars", "-o", "pictures.clf", "--quiet")


def setUpModule():
    make_models()


def tearDownModule():
    FOLDER.cleanup()


class Server:
    def __init__(self, model, *options, env=None):
        self.process = subprocess.Popen([TOOL, "serve", model, "--http", "127.0.0.1:0", *options], cwd=ROOT, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env={**os.environ, **(env or {})})
        said = self.process.stdout.readline()
        found = re.fullmatch(r"serving at http://127\.0\.0\.1:(\d+)/\n", said)
        assert found, (said, self.process.stderr.read() if not said else "")
        self.port = int(found[1])

    def connect(self, timeout=20):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def ask(self, method, path, body=None, headers=None, timeout=20):
        """Status, headers and body: of JSON, the value."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(client):
            client.request(method, path, body, headers or {})
            answer = client.getresponse()
            data = answer.read()
            if answer.headers["Content-Type"] == "application/json" and method != "HEAD":
                data = json.loads(data)
            return answer.status, answer.headers, data

    def predict(self, value, kind="application/json"):
        body = value if isinstance(value, (bytes, str)) else json.dumps(value)
        status, _, answer = self.ask("POST", "/predict", body, {"Content-Type": kind})
        return status, answer

    def wait_until_it_answers(self):
        """It sees within two seconds that clients are gone."""
        for attempt in range(50):
            with contextlib.suppress(ConnectionError, http.client.HTTPException):
                if self.predict(ROW)[0] == 200:
                    return
            time.sleep(0.2)
        raise AssertionError("it answers no more")

    def memory(self):
        """Resident, in MB."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", lines)[1]) / 1000

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait(20)
        said = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        return status, said


@contextlib.contextmanager
def serving(model, *options, env=None):
    server = Server(model, *options, env=env)
    try:
        yield server
    except BaseException:
        server.end(signal.SIGKILL)
        raise
    status, said = server.end()
    assert (status, said) == (0, ""), (status, said)


def post(body, *headers, kind="application/json"):
    lines = ["POST /predict HTTP/1.1", "Host: localhost", f"Content-Type: {kind}", f"Content-Length: {len(body)}",
             *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_all(client):
    """What comes until the server closes the connection."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


ROW = b'{"rows": [[5, 3, 1, 0]]}'
MANY = 80000  # so many that the answer fits into no buffer of the system
MANY_ROWS = json.dumps({"rows": [[5, 3, 1, 0]] * MANY}).replace(" ", "").encode()


class Answers(unittest.TestCase):
    def check(self, predictions, labels, names):
        self.assertEqual([p["label"] for p in predictions], labels)
        for p in predictions:
            self.assertEqual(list(p["probabilities"]), names)
            self.assertAlmostEqual(sum(p["probabilities"].values()), 1, 6)
            self.assertEqual(max(p["probabilities"], key=p["probabilities"].get), p["label"])

    def test_rows_as_arrays_objects_and_csv(self):
        rows = [[5, 3, 1, 0], [6, 3.5, 5e0, 2]]
        with serving("rows.clf") as server:
            status, answer = server.predict({"rows": rows})
            self.assertEqual(status, 200)
            self.check(answer["predictions"], ["setosa", "virginica"], ["setosa", "virginica"])
            objects = [dict(reversed(list(zip(NAMES, row)))) for row in rows]  # their order does not matter
            self.assertEqual(server.predict({"rows": objects}), (200, answer))
            self.assertEqual(server.predict({"rows": [rows[0], objects[1]]}), (200, answer))
            shuffled = [2, 0, 3, 1]
            table = "\n".join(",".join(str(line[j]) for j in shuffled) for line in [NAMES] + rows)
            self.assertEqual(server.predict(table, "text/csv"), (200, answer))
            plain = "\n".join(",".join(map(str, row)) for row in rows)
            self.assertEqual(server.predict(plain, "text/csv; charset=utf-8"), (200, answer))
            one = {"predictions": answer["predictions"][:1]}  # integers alone are no other kind of row
            self.assertEqual(server.predict("5,3,1,0\n", "text/csv"), (200, one))
            self.assertEqual(server.predict(ROW), (200, one))

    def test_texts_of_categories(self):
        rows = [[30, "Bern"], [31, "Chur"], [None, "Bern"], [30, None]]
        with serving("cities.clf") as server:
            status, answer = server.predict({"rows": rows})
            self.assertEqual((status, [p["label"] for p in answer["predictions"]][:3]), (200, ["yes", "no", "yes"]))
            objects = [{"city": city, "age": age} for age, city in rows]
            self.assertEqual(server.predict({"rows": objects}), (200, answer))
            self.assertEqual(server.predict({"rows": rows[:1]}), (200, {"predictions": answer["predictions"][:1]}))
            for row, wrong in (([30, 1], "rows[0][1] is a number; it must be a string, or null"),
                               (["30", "Bern"], "rows[0][0] is a string; it must be a number, or null"),
                               ([30, "Bern\0x"], "rows[0][1] has the character NUL"),
                               ({"age": 30, "city": "\0"}, "rows[0][city] has the character NUL"),
                               ([30], "rows[0] has 1 values; the model reads 2")):
                status, answer = server.predict({"rows": [row]})
                self.assertEqual(status, 400, answer)
                self.assertIn(wrong, answer["error"])
            self.assertEqual(server.predict({"rows": [[30, "Genf"]]})[0], 200)  # train ignores unknown ones
            missing = server.predict({"rows": [[30, None]]})  # an empty text is a missing value, as in CSV
            self.assertEqual(server.predict({"rows": [[30, ""]]}), missing)
            self.assertEqual(server.predict('age,city\n30,""\n', "text/csv"), missing)
        with serving("strict.clf") as server:  # unknown categories are refused, missing ones are not
            self.assertEqual(server.predict({"rows": [[30, ""]]})[0], 200)
            status, answer = server.predict({"rows": [[30, "Genf"]]})
            self.assertEqual(status, 400, answer)
            self.assertIn("Genf", answer["error"])

    def test_sparse_rows_by_numbers(self):
        for first in (0, 1):
            data = "".join(f"{i % 2} {first + i % 2}:1 {first + 2 + i % 5}:0.5\n" for i in range(40))
            (ROOT / "sparse.txt").write_text(data)
            run("train", "sparse.txt", "-o", "sparse.clf", "--quiet", "--format",
                f"svmlight zero_based={'true' if first == 0 else 'false'} features=50000")
            with serving("sparse.clf") as server:
                facts = server.ask("GET", "/model")[2]
                self.assertEqual((facts["features"], facts["first_index"]), (50000, first))
                rows = [{str(first + i): 1, str(first + 4): 0.5} for i in range(2)]
                status, answer = server.predict({"rows": rows})
                self.assertEqual((status, [p["label"] for p in answer["predictions"]]), (200, ["0", "1"]))
                dense = [[1 if j == i else 0.5 if j == 4 else 0 for j in range(50000)] for i in range(2)]
                self.assertEqual(server.predict({"rows": dense}), (status, answer))
                self.assertEqual(server.predict({"rows": [{}] * 5000})[0], 413)  # 2 GB if they were written out
                for key in (str(first - 1), str(first + 50000), "", "1x", " 1", "9" * 30):
                    status, answer = server.predict({"rows": [{key: 1}]})
                    self.assertEqual(status, 400, key)
                    self.assertIn(f"by numbers from {first} to {first + 49999}", answer["error"])

    def test_many_rows_are_answered_as_each_alone(self):
        numbers = random.Random(2)
        rows = [[numbers.uniform(0, 7) for _ in NAMES] for _ in range(3000)]
        with serving("rows.clf") as server:
            status, answer = server.predict({"rows": rows})
            self.assertEqual((status, len(answer["predictions"])), (200, 3000))
            for i in range(0, 3000, 500):
                self.assertEqual(server.predict({"rows": rows[i:i + 1]})[1]["predictions"],
                                 answer["predictions"][i:i + 1])

    def test_texts(self):
        with serving("texts.clf") as server:
            status, answer = server.predict({"texts": ["a great happy day", "awful and sad \u0000 \U0001f600", ""]})
            self.assertEqual(status, 200)
            self.check(answer["predictions"][:2], ["good", "bad"], ["bad", "good"])
            self.assertEqual(server.predict(b"a great happy day", "text/plain")[1]["predictions"],
                             answer["predictions"][:1])
            self.assertEqual(server.predict(b"a great \xff\xfe happy day", "text/plain")[0], 200)
            self.assertEqual(server.ask("GET", "/model")[2]["input"], "texts")

    def test_pictures(self):
        upright, flat = bar(True, 3), bar(False, 3)
        with serving("pictures.clf") as server:
            facts = server.ask("GET", "/model")[2]
            self.assertEqual((facts["input"], facts["image"]), ("images", {"height": 20, "width": 20, "channels": 1}))
            images = [base64.b64encode(upright).decode(), base64.b64encode(flat).decode().rstrip("="),
                      "data:image/png;base64," + base64.b64encode(upright).decode()]
            status, answer = server.predict({"images": images})
            self.assertEqual(status, 200)
            self.check(answer["predictions"], ["upright", "flat", "upright"], ["flat", "upright"])
            self.assertEqual(server.predict(flat, "image/png")[1]["predictions"], answer["predictions"][1:2])
            padded = [base64.b64encode(upright + bytes(extra)).decode() for extra in range(3)]
            self.assertEqual(sorted(text.count("=") for text in padded), [0, 1, 2])
            padded += [text.rstrip("=") for text in padded]
            self.assertEqual(server.predict({"images": padded})[1]["predictions"], answer["predictions"][:1] * 6)
            large = png(100, 100, lambda i, j: 230 if 40 <= j < 60 else 20)  # is resized
            self.assertEqual(server.predict(large, "image/x-any")[1]["predictions"][0]["label"], "upright")
            for body, says in (({"images": ["%%%"]}, "images[0] is no base64"),
                               ({"images": [images[0], "QUJD"]}, "images[1]: "),
                               *(({"images": [text]}, "images[0] is no base64")
                                 for text in ("A", "QUJD=", "QQ=", "QQ===", "")),
                               ({"images": [3]}, "images[0] is a number"),
                               (upright[:60], "")):
                kind = "application/json" if isinstance(body, dict) else "image/png"
                status, answer = server.predict(body, kind)
                self.assertEqual(status, 400, body)
                self.assertIn(says, answer["error"])
            bomb = png(1, 1, lambda i, j: 0).replace(struct.pack(">II", 1, 1), struct.pack(">II", 60000, 60000))
            self.assertEqual(server.predict(bomb, "image/png")[0], 400)

    def test_facts_and_page(self):
        with serving("rows.clf") as server:
            status, headers, facts = server.ask("GET", "/model")
            self.assertEqual((status, facts["kind"], facts["input"]), (200, "logistic", "rows"))
            self.assertEqual((facts["features"], facts["feature_names"]), (4, NAMES))
            self.assertEqual((facts["classes"], facts["answers"]), (["setosa", "virginica"], "probabilities"))
            self.assertEqual(facts["training"]["rows"], "60")
            self.assertNotIn("flowers.csv", json.dumps(facts))  # paths stay here
            self.assertEqual(server.ask("GET", "/health")[2], {"status": "ok", "waiting": 0})
            status, headers, page = server.ask("GET", "/?from=bookmark")
            self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
            page = page.decode()
            self.assertFalse(re.findall(r"""\b(?:src|href)=(?!"/model")|https?://|@import|url\(""", page))
            script = re.search(r"<script>(.*?)</script>", page, re.S)[1]
            allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            self.assertIn(f"script-src 'sha256-{allowed}'", headers["Content-Security-Policy"])
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
            status, headers, body = server.ask("HEAD", "/")
            self.assertEqual((status, body, int(headers["Content-Length"])), (200, b"", len(page.encode())))
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertFalse([name for name in headers if name.lower().startswith("access-control")])


class Refusals(unittest.TestCase):
    def test_bodies(self):
        deep = "[" * 9000
        with serving("rows.clf") as server:
            for body, says in (
                    ("", "the body is no JSON: line 1"), ("{", "the body is no JSON"), (deep, "depth"),
                    ('{"a":' * 3000, "depth"), ('{"rows": [[1,2,3,NaN]]}', "the body is no JSON"),
                    ('{"rows": [[1,2,3,1e999]]}', "the body is no JSON"), (b'{"rows": "\xff"}', "0xff"),
                    ('{"rows": [[1,2,3,4]], "rows": []}', "duplicate"), ("[]", "one member"),
                    ("3", "the body is no JSON"),
                    ({"row": []}, "one member"), ({"rows": [], "texts": []}, "one member"),
                    ({"texts": ["a"]}, 'reads "rows", not "texts"'), ({"rows": {}}, "must be an array, not an object"),
                    ({"rows": []}, "no rows"), ({"rows": [[1, 2, 3]]}, "rows[0] has 3 numbers; the model reads 4"),
                    ({"rows": [[1, 2, 3, 4], [1, 2, 3, 4, 5]]}, "rows[1] has 5 numbers"),
                    ({"rows": [[1, 2, 3, "4"]]}, "rows[0][3] is a string"),
                    ({"rows": [[1, [], 3, 4]]}, "rows[0][1] is an array"),
                    ({"rows": [7]}, "rows[0] is a number"), ({"rows": [[1, 2, 3, True]]}, "rows[0][3] is true"),
                    ({"rows": [[1, 2, 3, None]]}, "NaN"), ({"rows": [[1, 2, 3, 1e300]]}, ""),
                    ({"rows": [dict.fromkeys(NAMES[:3], 1)]}, "rows[0] lacks 'petal width'"),
                    ({"rows": [dict.fromkeys(NAMES + ["Petal width"], 1)]}, "'Petal width', which is no feature"),
                    ({"rows": [dict.fromkeys(NAMES, "x")]}, "rows[0][sepal length] is a string")):
                with self.subTest(body=str(body)[:60]):
                    status, answer = server.predict(body)
                    self.assertEqual(status, 400, answer)
                    self.assertEqual(list(answer), ["error"])
                    self.assertIn(says, answer["error"])
            for table in ("", "1,2,3\n", "1,2,3,x\n", "a,b,c,d\n1,2,3,4\n", "sepal length,sepal width\n1,2\n",
                          "\0\0", "\"1"):
                with self.subTest(table=table):
                    self.assertEqual(server.predict(table, "text/csv")[0], 400)
            self.assertEqual(server.predict(ROW)[0], 200)

    def test_status_codes(self):
        kind = {"Content-Type": "application/json"}
        options = "--max-body", "1000", "--max-rows", "5", "--host", "model.example", "--host", "other"
        with serving("rows.clf", *options) as server:
            def status(*arguments):
                return server.ask(*arguments)[0]
            self.assertEqual(status("GET", "/nothing"), 404)
            self.assertEqual(status("GET", "/../etc/passwd"), 404)
            for method in ("GET", "PUT", "OPTIONS", "DELETE"):
                code, headers, _ = server.ask(method, "/predict")
                self.assertEqual((code, headers["Allow"]), (405, "POST"))
            code, headers, _ = server.ask("POST", "/model", "{}", kind)
            self.assertEqual((code, headers["Allow"]), (405, "GET, HEAD"))
            for other in ("application/x-www-form-urlencoded", "text/plain", "application/jsonx", "image", ""):
                self.assertEqual(status("POST", "/predict", ROW, {"Content-Type": other}), 415)
            self.assertEqual(status("POST", "/predict", ROW, {**kind, "Content-Encoding": "gzip"}), 415)
            self.assertEqual(status("POST", "/predict", ROW), 415)
            self.assertEqual(status("POST", "/predict", ROW, {"Content-Type": "Application/JSON;charset=UTF-8"}), 200)
            self.assertEqual(status("POST", "/predict", b" " * 1001, kind), 413)
            self.assertEqual(status("POST", "/predict", (b" " * 600 for _ in range(20)), kind), 413)  # chunked
            self.assertEqual(status("POST", "/predict", iter([ROW[:9], ROW[9:]]), kind), 200)
            self.assertEqual(status("POST", "/predict", json.dumps({"rows": [[1, 2, 3, 4]] * 6}), kind), 413)
            self.assertEqual(status("GET", "/model", ROW, kind), 200)  # a GET with a body
            for host, code in (("evil.example", 421), ("localhost.evil.example:80", 421), ("127.0.0.1.evil", 421),
                               ("", 421), ("x" * 2000, 421), ("localhost", 200), ("LOCALHOST:1", 200),
                               ("[::1]:99", 200), ("[localhost]", 421),
                               ("10.0.0.7", 200), ("model.example:80", 200), ("other", 200)):
                self.assertEqual(status("GET", "/model", None, {"Host": host}), code, host)
            for origin, code in (("http://evil.example", 403), ("null", 403), (f"http://127.0.0.1:{server.port}", 200)):
                self.assertEqual(status("POST", "/predict", ROW, {**kind, "Origin": origin}), code, origin)
            for head, code in (("POST /predict HTTP/1.1\r\nHost: localhost\r\n", 411),
                               ("GET /model HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n", 400),
                               ("GET /model HTTP/1.1\r\n", 400),
                               ("POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
                                "Content-Length: 3\r\n", 400),
                               ("POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
                                "Transfer-Encoding: chunked\r\n", 400),
                               ("GET /model HTTP/1.1\r\nHost: localhost\r\nX: " + "x" * 100000 + "\r\n", 431)):
                with server.connect() as client:
                    answer = b""
                    with contextlib.suppress(OSError):  # a head that is too long is not read to its end
                        client.sendall(head.encode() + b"Connection: close\r\n\r\n")
                        client.shutdown(socket.SHUT_WR)
                        answer = read_all(client)
                    if answer or code != 431:
                        self.assertRegex(answer[:20].decode(), rf"HTTP/1\.[01] {code} ", head[:80])
            with server.connect() as client:  # a client that asks first is told before it sends
                client.sendall(post(b"", "Expect: 100-continue").replace(b"Length: 0", b"Length: 99999"))
                self.assertIn(b" 413 ", client.recv(1000))

    def test_answers_that_are_no_numbers_are_never_sent_as_json(self):
        with serving("rows.clf") as server:
            for value in (1e38, -1e38, 3e38, 1e200, -1e308):
                client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
                body = json.dumps({"rows": [[value] * 4]})
                client.request("POST", "/predict", body, {"Content-Type": "application/json"})
                answer = client.getresponse()
                json.loads(answer.read(), parse_constant=self.fail)
                self.assertIn(answer.status, (200, 400))
                client.close()


class Clients(unittest.TestCase):
    def test_slow_clients_are_closed_and_hold_nobody_up(self):
        with serving("rows.clf", "--request-time", "1") as server:
            body = post(ROW)
            slow = [server.connect() for _ in range(60)]
            began = time.monotonic()
            for i, client in enumerate(slow):
                client.sendall((b"GET / HTTP/1.1\r\nHost: localhost\r\n", body[:-9], b"")[i % 3])
            for i in range(6):  # something trickles in all the time
                for j, client in enumerate(slow[:-3]):
                    with contextlib.suppress(OSError):
                        client.sendall((b"X: y\r\n", b" ", b"G")[j % 3] if i < 5 else b"")
                self.assertEqual(server.predict(ROW)[0], 200)
                time.sleep(0.25)
            answers = []
            for client in slow:
                client.settimeout(5 * SLOW)
                answers.append(read_all(client))
                client.close()
            self.assertLess(time.monotonic() - began, 8 * SLOW)
            self.assertTrue(all(a == b"" or a.startswith(b"HTTP/1.") for a in answers))
            self.assertTrue(all(b" 408 " in a for a in answers[1:-3:3]), answers[1])
            self.assertEqual(server.predict(ROW)[0], 200)

    def test_clients_that_never_read(self):
        with serving("rows.clf", "--request-time", "1", "--max-rows", str(MANY), "--max-held", "40000000") as server:
            self.assertEqual(len(server.predict(MANY_ROWS)[1]["predictions"]), MANY)
            before, began = server.memory(), time.monotonic()
            deaf = [server.connect() for _ in range(8)]
            for client in deaf:
                client.sendall(post(MANY_ROWS))
            statuses = []
            while time.monotonic() - began < 2 or (statuses[-1] != 200 and time.monotonic() - began < 20):
                statuses.append(server.predict(ROW)[0])  # none holds it up, though all of --max-held may be taken
                time.sleep(0.3)
            self.assertLessEqual(set(statuses), {200, 503})
            self.assertEqual(statuses[-1], 200)
            self.assertLess(server.memory() - before, 120)
            lengths = [len(read_all(client)) for client in deaf]
            for client in deaf:
                client.close()
            self.assertTrue(any(1000 < length < 60 * MANY for length in lengths), lengths)  # closed in the middle

    def test_200_at_once(self):
        with serving("rows.clf") as server:
            clients = [server.connect() for _ in range(200)]
            for client in clients:
                client.sendall(post(ROW, "Connection: close"))
            answers = [read_all(client) for client in clients]
            for client in clients:
                client.close()
            self.assertEqual({a.split(b"\r\n", 1)[0] for a in answers}, {b"HTTP/1.1 200 OK"})
            self.assertEqual(len({a.split(b"\r\n\r\n", 1)[1] for a in answers}), 1)

    def test_pipelined_and_half_closed(self):
        with serving("rows.clf") as server:
            with server.connect() as client:
                client.sendall(post(ROW) + post(b"[") + b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" + post(ROW))
                client.shutdown(socket.SHUT_WR)
                answer = read_all(client).decode()
            self.assertEqual(re.findall(r"HTTP/1\.1 (\d+)", answer), ["200", "400", "200", "200"])
            self.assertEqual(answer.count("setosa"), 4)
            with server.connect() as client:  # and one that leaves before it is answered
                client.sendall(post(json.dumps({"rows": [[5, 3, 1, 0]] * 9000}).encode()))
            self.assertEqual(server.predict(ROW)[0], 200)

    def test_a_connection_serves_many_requests(self):
        with serving("rows.clf") as server:
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            for _ in range(200):
                client.request("POST", "/predict", ROW, {"Content-Type": "application/json"})
                self.assertEqual(client.getresponse().read().count(b"setosa"), 2)
            client.close()

    def test_too_many(self):
        large = json.dumps({"rows": [[5, 3, 1, 0]] * 9000}).encode()
        with serving("rows.clf", "--max-waiting", "1", "--workers", "1") as server:
            clients = [server.connect() for _ in range(20)]
            for end in slice(None, -1), slice(-1, None):  # the last bytes of all come at once
                for client in clients:
                    client.sendall(post(large, "Connection: close")[end])
            answers = [read_all(client) for client in clients]
            for client in clients:
                client.close()
            self.assertEqual({answer.split(b" ", 2)[1] for answer in answers}, {b"200", b"503"})
            self.assertTrue(all(b"Retry-After: 1\r\n" in answer for answer in answers if b" 503 " in answer[:20]))
        with serving("rows.clf", "--max-per-client", "30") as server:
            idle = [server.connect() for _ in range(29)]
            with server.connect() as client:  # which the server closes, and no longer counts
                client.sendall(post(ROW, "Connection: close"))
                self.assertIn(b" 200 ", read_all(client))
            idle.append(server.connect())
            self.assertRaises((ConnectionError, http.client.HTTPException), server.predict, ROW)
            for client in idle:
                client.close()
            server.wait_until_it_answers()
        with serving("rows.clf", "--max-held", "100000") as server:
            self.assertEqual(server.predict(large)[0], 503)
            self.assertEqual(server.predict(ROW)[0], 200)

    def test_memory_stays_bounded(self):
        worst = b'{"rows": [' + b"[]," * 700000 + b"[]]}"
        with serving("rows.clf") as server:
            before = server.memory()
            for body, code in ((worst, 413), (b"[" * 2000000, 413), (b'"' + b"\\u0041" * 300000 + b'"', 400),
                               (b'"' * 2000001, 400), (b" " * 8000000, 400), (b"[1,1" * 9000, 400)) * 3:
                self.assertEqual(server.predict(body)[0], code)
            for _ in range(300):
                with server.connect() as client:
                    client.sendall(post(ROW)[:-5])
            server.wait_until_it_answers()
            self.assertLess(server.memory() - before, 60)
            self.assertEqual(server.predict(b"x" * 9000000)[0], 413)


class Memory(unittest.TestCase):
    def test_every_allocation_may_fail(self):
        """An answer is the right one, or a 503, or the connection is closed; and the server goes on."""
        module = os.environ.get("FAILING_MALLOC_MODULE")
        if module is None:
            self.skipTest("FAILING_MALLOC_MODULE names no module to preload")
        words = " ".join(f"film{i}" for i in range(300))
        requests = {"rows.clf": [ROW, b"5,3,1,0\n"],
                    "texts.clf": [json.dumps({"texts": [f"a great {words}"]}).encode()],
                    "pictures.clf": [json.dumps({"images": [base64.b64encode(bar(True)).decode()]}).encode()]}
        for model, bodies in requests.items():
            with serving(model, env={"LD_PRELOAD": module, "FAILING_MALLOC": "20000"}) as server:
                right, statuses = {}, []
                for i in range(400):
                    body = bodies[i % len(bodies)]
                    kind = "application/json" if body[:1] == b"{" else "text/csv"
                    try:
                        status, answer = server.predict(body, kind)
                    except (ConnectionError, http.client.HTTPException, ValueError):
                        continue  # a 503 without memory for its sentence is no JSON
                    statuses.append(status)
                    if status == 200:
                        self.assertEqual(right.setdefault(body, answer), answer)
                    else:
                        self.assertEqual(status, 503, answer)
                self.assertGreater(statuses.count(200), 200, statuses)


class Ends(unittest.TestCase):
    def test_answers_under_way_are_finished(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = Server("rows.clf", "--max-rows", str(MANY))
            with server.connect() as client, server.connect():
                client.sendall(post(MANY_ROWS))
                client.recv(1, socket.MSG_PEEK)  # the answer has begun
                server.process.send_signal(number)
                with self.assertRaises(ConnectionRefusedError):
                    for _ in range(200):
                        with contextlib.suppress(ConnectionResetError):  # it waited to be accepted
                            server.connect().close()
                        time.sleep(0.1)
                self.assertIsNone(server.process.poll())
                head, body = read_all(client).split(b"\r\n\r\n", 1)
            self.assertIn(b" 200 ", head)
            self.assertEqual(len(json.loads(body)["predictions"]), MANY)
            self.assertEqual(server.process.wait(20), 0)
            self.assertEqual(server.process.stderr.read(), "")
            server.process.stdout.close()
            server.process.stderr.close()

    def test_a_second_signal_ends_it_at_once(self):
        server = Server("rows.clf", "--max-rows", str(MANY))
        with server.connect() as client:
            client.sendall(post(MANY_ROWS))
            client.recv(1, socket.MSG_PEEK)
            interrupt_twice(server.process)
            self.assertEqual(server.process.wait(20), 130)
        server.process.stdout.close()
        server.process.stderr.close()

    def test_addresses(self):
        with serving("rows.clf") as server:
            done = run("serve", "rows.clf", "--http", f"127.0.0.1:{server.port}", status=1)
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.stderr.count("\n"), 1)
            self.assertIn(f"cannot listen at 127.0.0.1:{server.port}: Address already in use", done.stderr)
        with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
            process = subprocess.Popen([TOOL, "serve", "rows.clf", "--http", "[::1]:0"], cwd=ROOT, text=True,
                                       stdout=subprocess.PIPE)
            port = int(re.fullmatch(r"serving at http://\[::1\]:(\d+)/\n", process.stdout.readline())[1])
            client = http.client.HTTPConnection("::1", port, timeout=20)
            client.request("GET", "/health")
            self.assertEqual(client.getresponse().status, 200)
            client.close()
            process.terminate()
            self.assertEqual(process.wait(20), 0)
            process.stdout.close()
        for address in ("127.0.0.1:65536", "127.0.0.1:", ":80", "::1:80", "x:y", "", "-5"):
            done = run("serve", "rows.clf", f"--http={address}", status=2)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("no such file", run("serve", "none.clf", "--http", "0", status=1).stderr.lower())


main()
