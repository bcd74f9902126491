"""The example programs run as a user runs them, in an empty folder, and say what they should."""

import pathlib
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "python"


def run(folder, name, *arguments, text=""):
    done = subprocess.run([sys.executable, str(EXAMPLES / name), *map(str, arguments)], cwd=folder,
                          input=text, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


def percent(text):
    return [float(found) for found in re.findall(r"([\d.]+) %", text)]


def test_digits(tmp_path):
    out = run(tmp_path, "digits.py", "--save", "digits.clf", "--report", "digits.html")
    assert percent(out)[-1] > 95
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digits.clf", "digits.html"]


def test_faces_drawn_and_of_a_folder(tmp_path):
    image = pytest.importorskip("PIL.Image")
    assert percent(run(tmp_path, "faces.py"))[0] > 90
    sys.path.insert(0, str(EXAMPLES))
    try:
        import faces
    finally:
        sys.path.remove(str(EXAMPLES))
    import numpy as np

    rng = np.random.default_rng(1)
    for k in range(4):
        (tmp_path / "people" / f"name{k}").mkdir(parents=True)
        for i in range(8):
            image.fromarray(faces.draw_face(k, rng)).save(tmp_path / "people" / f"name{k}" / f"{i}.png")
    image.fromarray(faces.draw_face(2, rng)).save(tmp_path / "who.png")
    out = run(tmp_path, "faces.py", "people", "who.png")
    assert "of 4 people" in out and "who.png: name2" in out


def test_sentiment_typed_and_of_a_folder(tmp_path):
    out = run(tmp_path, "sentiment.py", "--type",
              text="the cast was warm and not cold at all\nthe cast was cold and not warm at all\n")
    words, order = percent(out)
    assert words < 70 < 95 < order
    assert re.findall(r"^(positive|negative) \(", out, re.M) == ["positive", "negative"]
    for label, text in (("pos", "a good film"), ("neg", "a bad film")):
        (tmp_path / "reviews" / label).mkdir(parents=True)
        for i in range(20):
            (tmp_path / "reviews" / label / f"{i}.txt").write_text(f"{text}, part {i}")
    assert percent(run(tmp_path, "sentiment.py", "reviews"))[0] == 100


def test_pipeline(tmp_path):
    pytest.importorskip("sklearn")
    out = run(tmp_path, "pipeline.py", "--jobs", "2")
    assert percent(out)[1] > 97 and "predicts the same" in out

def test_gallery(tmp_path):
    pytest.importorskip("matplotlib")
    assert "5 plots" in run(tmp_path, "gallery.py", "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8").count("<svg") == 5
