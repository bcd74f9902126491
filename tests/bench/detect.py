"""Faces in the CMU+MIT scenes: the detector beside OpenCV's cascades and MTCNN (Zhang et al., 2016), a
cascade of networks, as facenet-pytorch has it, in time and average precision.

    detect.py DETECT_PROGRAM DETECTOR --data DIR [--threads N]

DETECTOR is what `detect train --data DIR` saved. All run on the same scenes, a thread's number each; a
cascade's boxes are ranked by the confidence of its last stage. Skipped without python3-opencv; MTCNN is
skipped without facenet-pytorch.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

try:
    import cv2
    import numpy as np
except ImportError:
    sys.exit("OpenCV is not installed: apt-get install python3-opencv opencv-data")

CASCADES = pathlib.Path("/usr/share/opencv4/haarcascades")
OVERLAP = 0.3


def overlap(box, others):
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    both = (high - low).clip(0).prod(1)
    area = lambda b: (b[..., 2:] - b[..., :2]).prod(-1)
    return both / (area(box) + area(others) - both)


def average_precision(found, truth):
    """found: (score, scene, box); truth: boxes by scene. PASCAL VOC 2010."""
    used = {name: np.zeros(len(boxes), bool) for name, boxes in truth.items()}
    hits = []
    for _, name, box in sorted(found, key=lambda f: -f[0]):
        overlaps = overlap(box, truth[name]) if name in truth else np.zeros(1)
        best = overlaps.argmax()
        hit = name in truth and overlaps[best] >= OVERLAP and not used[name][best]
        if hit:
            used[name][best] = True
        hits.append(hit)
    right = np.cumsum(hits)
    recall = np.concatenate([[0], right / sum(map(len, truth.values()))])
    precision = np.maximum.accumulate((right / np.arange(1, len(hits) + 1))[::-1])[::-1]
    return float((np.diff(recall) * precision).sum())


def read_truth(root):
    truth = {}
    for line in (root / "ground_truth_bboxes.txt").read_text().splitlines():
        name, *sides = line.split()
        x1, y1, x2, y2 = map(float, sides)
        truth.setdefault(name, []).append([x1 - 1, y1 - 1, x2, y2])
    return {name: np.array(boxes) for name, boxes in truth.items()}


def grow(box, share):
    """Cascades' boxes are narrower than the data set's: compared at both sizes."""
    x, y, width, height = box
    dx, dy = width * (share - 1) / 2, height * (share - 1) / 2
    return np.array([x - dx, y - dy, x + width + dx, y + height + dy], float)


def report(name, found, truth, seconds, processor):
    """found: (score, scene, (x, y, width, height))."""
    best = max((average_precision([(s, n, grow(b, g)) for s, n, b in found], truth), g)
               for g in (1, 1.15, 1.3))
    print(f"{name}: average precision {best[0]:.4f} (boxes grown by {best[1]}), {seconds:.2f} s, "
          f"{processor:.2f} processor seconds")


def run_peer(name, find, root, truth, flags):
    """find(image) gives boxes (x, y, width, height) and scores."""
    found, seconds, processor = [], 0, 0
    for path in sorted((root / "test_scenes").iterdir()):
        image = cv2.imread(str(path), flags)
        began, used = time.perf_counter(), time.process_time()
        boxes, scores = find(image)
        seconds += time.perf_counter() - began
        processor += time.process_time() - used
        found += [(float(score), path.name, box) for box, score in zip(boxes, scores)]
    report(name, found, truth, seconds, processor)


def cascade(name, threads):
    cv2.setNumThreads(threads)
    classifier = cv2.CascadeClassifier(str(CASCADES / name))

    def find(grey):
        boxes, _, weights = classifier.detectMultiScale3(
            grey, scaleFactor=1.1, minNeighbors=1, minSize=(18, 18), outputRejectLevels=True)
        return boxes, np.ravel(weights)
    return find


def mtcnn(threads):
    import facenet_pytorch
    import torch
    torch.set_num_threads(threads)
    network = facenet_pytorch.MTCNN(keep_all=True, min_face_size=18, thresholds=[0.5, 0.5, 0.2])

    def find(image):
        boxes, scores = network.detect(np.ascontiguousarray(image[:, :, ::-1]))
        if boxes is None:
            return [], []
        boxes = np.asarray(boxes.tolist())
        return np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]]), scores
    return find


def run_detector(program, detector, root, threads, params):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        before = os.times()
        subprocess.run([program, "evaluate", "--data", root, "--detector", detector, "--threads",
                        str(threads), "--json", out.name, "--quiet", "--params", params],
                       check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        result, = json.loads(pathlib.Path(out.name).read_text())
    processor = (after.children_user - before.children_user
                 + after.children_system - before.children_system)
    print(f"detector {params}: average precision {result['average_precision']:.4f}, "
          f"{result['seconds']:.2f} s, {processor:.2f} processor seconds with reading")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("detector")
    parser.add_argument("--data", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--params", default="scale_step=1.2", help="of the detector")
    options = parser.parse_args()
    root = pathlib.Path(options.data)
    root = root if (root / "test_scenes").is_dir() else root / "faces"
    truth = read_truth(root)
    run_detector(options.program, options.detector, root, options.threads, options.params)
    cascades = ("haarcascade_frontalface_default.xml", "haarcascade_frontalface_alt2.xml")
    if not hasattr(cv2, "CascadeClassifier"):
        print(f"cascades: OpenCV {cv2.__version__} has none; Debian's 4.6 does")
        cascades = ()
    for name in cascades:
        run_peer(name, cascade(name, options.threads), root, truth, cv2.IMREAD_GRAYSCALE)
    try:
        find = mtcnn(options.threads)
    except ImportError:
        print("MTCNN: facenet-pytorch is not installed")
    else:
        run_peer("MTCNN", find, root, truth, cv2.IMREAD_COLOR)


main()
