"""classify serve on a pipe: a line in, a line of JSON out, at once, whatever the line is. See cli.py."""
import json
import subprocess
import threading

from cli import SAMPLE, TOOL, Cli, main


class ServeLines(Cli):
    def serve(self, model, lines, *options, status=0):
        said = self.classify("serve", model, *options, typed=lines, status=status)
        self.assertEqual(self.said, "")
        return [json.loads(line) for line in said.splitlines()]

    def predict(self, model, name, *options):
        return json.loads(self.classify("predict", model, name, "--json", "--quiet", *options))

    def test_rows(self):
        self.flowers()
        self.classify("train", "flowers.csv", "-o", "flowers.clf", "--quiet")
        rows = [line.split(",")[:4] for line in (self.folder / "flowers.csv").read_text().splitlines()]
        plain = "\n".join(",".join(row) for row in rows[1:31])
        self.write("plain.csv", plain + "\n")
        want = self.predict("flowers.clf", "plain.csv", "--probabilities")
        self.assertEqual(len({answer["label"] for answer in want}), 3)
        self.assertEqual(self.serve("flowers.clf", plain), want)  # also without an end of its last line
        shuffled = [2, 0, 3, 1]
        headed = "\r\n".join(",".join(row[j] for j in shuffled) for row in rows[:31])
        self.assertEqual(self.serve("flowers.clf", headed), want)

    def test_bad_lines(self):
        self.flowers()
        self.classify("train", "flowers.csv", "-o", "flowers.clf", "--quiet")
        good = "5.0,3.4,1.5,0.2"
        lines = [good, "5.0,3.4,x,0.2", good, "", "1,2,3", "1,2,3,4,5", ",,,", "nan,1,1,1", "1e999,1,1,1", '"5.0', "\0",
                 "\t", "x" * 300, good]
        answers = self.serve("flowers.clf", "\n".join(lines) + "\n", "--max-body", "200")
        self.assertEqual(len(answers), len(lines))
        for number, (line, answer) in enumerate(zip(lines, answers), 1):
            with self.subTest(line[:20]):
                if line == good:
                    self.assertEqual(answer["label"], "setosa")
                else:
                    self.assertEqual((list(answer), answer["line"]), (["error", "line"], number))
                    self.assertNotIn("data in memory", answer["error"])
        self.assertIn("'x' is not a number", answers[1]["error"])
        self.assertIn("--max-body", answers[-2]["error"])
        self.assertEqual(self.serve("flowers.clf", ""), [])
        answer = self.serve("flowers.clf", '{"sepal_length":5,"sepal_width":3}\n')[0]  # no header
        self.assertEqual((list(answer), answer["line"]), (["error", "line"], 1))

    def test_texts_pictures_and_sparse_rows(self):
        self.reviews()
        self.classify("train", "reviews.pos", "reviews.neg", "-o", "reviews.clf", "--quiet")
        answers = self.serve("reviews.clf", "a good, warm film\nbad, cold\n\n\"good\n")
        self.assertEqual([a.get("label") for a in answers[:2] + answers[3:]], ["pos", "neg", "pos"])
        self.assertEqual(len(answers), 4)

        self.classify("train", SAMPLE / "t10k", "--model", "ridge", "-o", "digits.clf", "--quiet")
        for name, level in (("black", 0), ("white", 255)):
            (self.folder / f"{name}.pgm").write_bytes(b"P5 28 28 255\n" + bytes([level]) * 784)
        (self.folder / "cut.pgm").write_bytes(b"P5 28 28 255\n" + bytes(20))
        answers = self.serve("digits.clf", "black.pgm\nnone.png\ncut.pgm\nwhite.pgm\n")
        self.assertEqual(["label" in a for a in answers], [True, False, False, True])
        self.assertIn("none.png", answers[1]["error"])
        want = self.predict("digits.clf", "white.pgm", "--scores")[0]
        self.assertEqual({**answers[3], "file": "white.pgm"}, want)

        self.write("sparse.txt", "".join(f"{i % 2} {1 + i % 2}:1 {3 + i % 5}:0.5\n" for i in range(40)))
        self.classify("train", "sparse.txt", "-o", "sparse.clf", "--quiet")
        answers = self.serve("sparse.clf", "1:1 4:0.5\n1 2:1\n0 2:1 900:3\n2:one\n2:1\n")
        self.assertEqual([a.get("label") for a in answers], ["0", "1", None, None, "1"])

    def test_each_answer_comes_at_once(self):
        self.flowers()
        self.classify("train", "flowers.csv", "-o", "flowers.clf", "--quiet")
        with subprocess.Popen([TOOL, "serve", "flowers.clf"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              cwd=self.folder) as process:
            watchdog = threading.Timer(30, process.kill)
            watchdog.start()
            for line, label in (("6.6,3.0,5.6,2.0", "virginica"), ("oops", None), ("5.9,2.8,4.3,1.3", "versicolor")):
                process.stdin.write(line + "\n")
                process.stdin.flush()
                self.assertEqual(json.loads(process.stdout.readline()).get("label"), label)
            process.stdin.close()
            self.assertEqual(process.wait(), 0)
            watchdog.cancel()


main()
