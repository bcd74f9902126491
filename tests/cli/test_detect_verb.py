"""classify detect: boxes of squares and bars, drawn, as JSON and CSV; damaged pictures, folders. See cli.py."""
import http.client
import json
import os
import random
import signal
import subprocess
import time

from cli import TOOL, Cli, main

SIDE = 16


def noise(height, width, seed):
    dice = random.Random(seed)
    return [[dice.randrange(60, 90) for _ in range(width)] for _ in range(height)]


def add_object(rows, kind, top, left):
    """A bright square with a dark middle, or two bright bars."""
    for i in range(2, SIDE - 2):
        for j in range(2, SIDE - 2):
            inner = 6 <= i < 10 and 6 <= j < 10 if kind == "square" else 6 <= j < 10
            rows[top + i][left + j] = 30 if inner else 225


def pgm(rows):
    return b"P5 %d %d 255\n" % (len(rows[0]), len(rows)) + bytes(value for row in rows for value in row)


class Detect(Cli):
    def make_model(self):
        """A network fitted on windows: the class that sorts first is the background."""
        for kind in (" background", "bars", "square"):
            (self.folder / "windows" / kind).mkdir(parents=True)
            for i in range(90):
                rows = noise(3 * SIDE, 3 * SIDE, f"{kind} {i}")
                dice = random.Random(i)
                if kind != " background":
                    add_object(rows, kind, SIDE, SIDE)
                elif i % 3:  # a part of an object is none
                    shift = dice.choice([-1, 1]) * dice.randrange(5, 15)
                    add_object(rows, ("bars", "square")[i % 2], SIDE + shift * (i % 4 > 1), SIDE + shift * (i % 4 < 2))
                window = [row[SIDE:2 * SIDE] for row in rows[SIDE:2 * SIDE]]
                (self.folder / "windows" / kind / f"{i}.pgm").write_bytes(pgm(window))
        self.classify("train", "windows", "--model", "network epochs=80 layers='conv2d filters=8 kernel=4 stride=2 "
                      "activation=relu; conv2d filters=12 kernel=4 stride=2 activation=relu; flatten; dense units=3'",
                      "-o", "network.clf", "--quiet")

    def make_scene(self, name, objects, seed=0):
        rows = noise(60, 80, seed)
        for kind, top, left in objects:
            add_object(rows, kind, top, left)
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pgm(rows))
        return name

    def check(self, boxes, objects):
        """Each object has one box of its class, and there are no others."""
        self.assertEqual(len(boxes), len(objects), boxes)
        for kind, top, left in objects:
            near = [b for b in boxes if b["class"] == kind and abs(b["top"] - top) < 6 and abs(b["left"] - left) < 6]
            self.assertEqual(len(near), 1, (kind, top, left, boxes))
            self.assertTrue(abs(near[0]["height"] - SIDE) < 5 and 0.5 < near[0]["probability"] <= 1)

    def test_pictures_and_folders(self):
        self.make_model()
        objects = {"a.pgm": [("square", 8, 10), ("bars", 30, 50)], "b.pgm": [("bars", 20, 24)], "c.pgm": []}
        for i, (name, there) in enumerate(objects.items()):
            self.make_scene(f"scenes/{name}", there, i)
        self.write("scenes/notes.txt", "not a picture")
        common = "detect", "network.clf", "--params", "stride=1 threshold=0.7 min_size=16 max_size=16"
        said = self.classify(*common, "scenes", "--draw", "drawn")
        self.assertEqual(self.said, "")
        found = json.loads(said)
        self.assertEqual([f["image"] for f in found], [f"scenes/{name}" for name in objects])
        for f, there in zip(found, objects.values()):
            self.check(f["boxes"], there)
            head = (self.folder / f["drawn"]).read_bytes()[:24]
            self.assertEqual(head[:8] + head[16:], b"\x89PNG\r\n\x1a\n" + bytes([0, 0, 0, 80, 0, 0, 0, 60]))
        self.assertEqual(sorted(os.listdir(self.folder / "drawn")), ["a.pgm.boxes.png", "b.pgm.boxes.png", "c.pgm.boxes.png"])

        table = self.classify(*common, "scenes/a.pgm", "scenes/b.pgm", "--csv").splitlines()
        self.assertEqual(table[0], "image,class,probability,top,left,height,width")
        self.assertEqual(sorted(line.split(",")[:2] for line in table[1:]),
                         [["scenes/a.pgm", "bars"], ["scenes/a.pgm", "square"], ["scenes/b.pgm", "bars"]])

        self.assertEqual(self.classify(*common, "scenes/a.pgm", "-o", "found.json"), "")
        self.assertEqual(json.loads((self.folder / "found.json").read_text())[0]["boxes"], found[0]["boxes"])

        # Damaged pictures, and files that are none, do not keep it from the others.
        whole = (self.folder / "scenes/a.pgm").read_bytes()
        (self.folder / "cut.pgm").write_bytes(whole[:-50])
        names = ["cut.pgm", "scenes/b.pgm", "none.png", "scenes/notes.txt", "scenes/b.pgm"]
        found = json.loads(self.classify(*common, *names, "--draw", "drawn", status=1))
        self.assertEqual([("error" in f, len(f.get("boxes", ()))) for f in found],
                         [(True, 0), (False, 1), (True, 0), (True, 0), (False, 1)])
        self.assertEqual(len(self.said.splitlines()), 3)
        for line, name in zip(self.said.splitlines(), ("cut.pgm", "none.png", "scenes/notes.txt")):
            self.assertTrue(line.startswith("classify detect: ") and name in line, line)
        self.assertEqual([f.get("drawn") for f in found][1::3], ["drawn/b.pgm.boxes.png", "drawn/5-b.pgm.boxes.png"])

        # A terminal gets a table.
        run = subprocess.run(["script", "-qec", f"'{TOOL}' detect network.clf scenes/b.pgm --quiet --params "
                              "'stride=1 threshold=0.7 min_size=16 max_size=16'", "/dev/null"], cwd=self.folder,
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                             env={**os.environ, "NO_COLOR": "1"})
        self.assertRegex(run.stdout, r"image +class +probability +top +left +height +width\s+scenes/b.pgm  bars")

        # Ctrl-C ends it with what was found.
        many = [self.make_scene(f"many/{i}.pgm", [], i) for i in range(300)]
        with subprocess.Popen([TOOL, "detect", "network.clf", *many, "--params", "min_size=4"], cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            first = process.stdout.readline() + process.stdout.readline()
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            found = json.loads(first + process.stdout.read())
            if process.wait(10) == 130:  # it may have ended before
                self.assertLess(len(found), 300)
                self.assertIn("interrupted", process.stderr.read())
            self.assertLess(time.monotonic() - began, 5)

    def test_wrong_usage(self):
        self.flowers()
        self.classify("train", "flowers.csv", "-o", "flowers.clf", "--quiet")
        self.make_scene("a.pgm", [])
        (self.folder / "empty").mkdir()
        for arguments, status, message in ((["flowers.clf"], 2, "it takes MODEL IMAGE"),
                                           (["flowers.clf", "a.pgm"], 1, "network"),
                                           (["missing.clf", "a.pgm"], 1, "missing.clf"),
                                           (["flowers.csv", "a.pgm"], 1, "flowers.csv"),
                                           (["flowers.clf", "a.pgm", "--drew", "x"], 2, "did you mean --draw?")):
            with self.subTest(arguments):
                self.classify("detect", *arguments, status=status)
                self.assertIn(message, self.said)
                self.assertEqual(self.said.count("\n"), 1)

    def test_models_of_what_a_detector_finds(self):
        self.make_model()
        dice = random.Random(3)
        for kind in ("bars", "square"):
            for i in range(12):
                self.make_scene(f"places/{kind}/{i}.pgm", [(kind, dice.randrange(40), dice.randrange(60))], i)
        self.make_scene("places/square/none.pgm", [])
        detector = "network.clf stride=1 threshold=0.7 min_size=16 max_size=16"
        result, = json.loads(self.classify("train", "places", "--detector", detector, "--holdout", "0.25", "--model",
                                           "svm C=5", "-o", "kinds.clf", "--json"))
        self.assertEqual((result["rows"] + result["test_rows"], result["features"]), (24, 64 * 64))
        self.assertEqual(result["test_accuracy"], 1)
        self.assertIn("the detector finds nothing in 1 of 25 images, which are left out", self.said)
        self.classify("test", "kinds.clf", "places", "--require", "accuracy>=0.9")
        for reading, message in (("csv", "--format must begin with images"),
                                 ("images height=0 width=0", "images of one size"), ("images channels=auto", "images of one size")):
            self.classify("train", "places", "--detector", detector, "--format", reading, "-o", "x.clf", status=2)
            self.assertIn(message, self.said)
        self.check_server()

    def check_server(self):
        """classify serve reads pictures by the detector, too."""
        process = subprocess.Popen([TOOL, "serve", "kinds.clf", "--http", "127.0.0.1:0"], cwd=self.folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = process.stdout.readline()
        if not line:  # built without its libraries
            self.assertIn("this build has no server", process.communicate()[1])
            return
        client = http.client.HTTPConnection(line.split("//")[1].strip("/\n"), timeout=20)
        for path, status, says in (("bars/3.pgm", 200, '"label": "bars"'), ("square/3.pgm", 200, '"label": "square"'),
                                   ("square/none.pgm", 400, "the detector finds nothing in it")):
            client.request("POST", "/predict", (self.folder / "places" / path).read_bytes(), {"Content-Type": "image/pgm"})
            answer = client.getresponse()
            self.assertIn(says, answer.read().decode())
            self.assertEqual(answer.status, status)
        client.close()
        process.terminate()
        self.assertEqual(process.communicate(timeout=20)[1], "")
        self.assertEqual(process.returncode, 0)


main()
