"""Boxes against the same written with NumPy: suppression box by box, average precision by the
definition of PASCAL VOC 2010."""

import ctypes as C

import classify as clf
import numpy as np

BOX = np.dtype([("top", "f4"), ("left", "f4"), ("height", "f4"), ("width", "f4"), ("score", "f4"),
                ("label", "i4")])


def address(array):
    return clf.ptr(array.ctypes.data)


def boxes(rng, count, labels):
    out = np.zeros(count, BOX)
    out["top"], out["left"] = rng.uniform(0, 60, (2, count))
    out["height"], out["width"] = rng.uniform(5, 40, (2, count))
    out["score"] = rng.integers(0, count // 2 + 1, count)
    out["label"] = rng.integers(0, labels, count)
    return out


def overlap(a, b):
    a, b = ({name: box[name].astype(float) for name in BOX.names} for box in (a, b))
    height = (np.minimum(a["top"] + a["height"], b["top"] + b["height"])
              - np.maximum(a["top"], b["top"])).clip(0)
    width = (np.minimum(a["left"] + a["width"], b["left"] + b["width"])
             - np.maximum(a["left"], b["left"])).clip(0)
    both = height * width
    return both / (a["height"] * a["width"] + b["height"] * b["width"] - both)


def suppressed(all_boxes, threshold):
    rest = list(np.argsort(-all_boxes["score"], kind="stable"))
    kept = []
    while rest:
        best = rest.pop(0)
        kept.append(best)
        rest = [i for i in rest if all_boxes[i]["label"] != all_boxes[best]["label"]
                or overlap(all_boxes[i], all_boxes[best]) <= threshold]
    return sorted(map(int, kept))


def average_precision(found, found_image, truth, truth_image, threshold):
    used, hits = set(), []
    for i in np.argsort(-found["score"], kind="stable"):
        there = np.flatnonzero(truth_image == found_image[i])
        overlaps = overlap(truth[there], found[i]) if len(there) else np.zeros(0)
        best = there[overlaps.argmax()] if len(there) else -1
        hit = len(there) > 0 and overlaps.max() >= threshold and best not in used
        hits.append(hit)
        used |= {best} if hit else set()
    right = np.cumsum(hits)
    recall = np.concatenate([[0], right / len(truth), [1]])
    precision = np.concatenate([[0], right / np.arange(1, len(hits) + 1), [0]])
    for i in range(len(precision) - 2, -1, -1):
        precision[i] = max(precision[i], precision[i + 1])
    steps = np.flatnonzero(recall[1:] != recall[:-1])
    return ((recall[steps + 1] - recall[steps]) * precision[steps + 1]).sum()


def suppression__agrees():
    rng = np.random.default_rng(0)
    for count, labels, threshold in [(1, 1, 0.3), (50, 1, 0.3), (120, 3, 0.5), (100, 1, 0.0),
                                     (120, 2, 0.7)]:
        made = boxes(rng, count, labels)
        expected = made[suppressed(made, threshold)]
        kept = clf.i64()
        clf.call("clf_box_suppress", address(made), clf.i64(count), clf.f64(threshold),
                 C.byref(kept))
        found = made[:kept.value]
        assert np.all(np.diff(found["score"]) <= 0)
        assert np.array_equal(np.sort(found, order=BOX.names), np.sort(expected, order=BOX.names))


class BoxSet(C.Structure):
    _fields_ = [("struct_size", C.c_uint32), ("boxes", clf.ptr), ("images", clf.ptr),
                ("count", clf.i64)]


def box_set(of, images):
    return BoxSet(C.sizeof(BoxSet), address(of), address(images), len(of))


def average_precision__agrees():
    rng = np.random.default_rng(1)
    for found_count, truth_count, images, threshold in [(1, 1, 1, 0.3), (40, 10, 2, 0.3),
                                                        (200, 30, 5, 0.5), (200, 90, 9, 0.1)]:
        found, truth = boxes(rng, found_count, 2), boxes(rng, truth_count, 2)
        truth["label"][0] = 0
        found_image = rng.integers(0, images, found_count)
        truth_image = rng.integers(0, images, truth_count)
        expected = []
        for label in np.unique(truth["label"]):
            f, t = found["label"] == label, truth["label"] == label
            expected.append(average_precision(found[f], found_image[f], truth[t], truth_image[t],
                                              threshold))
        out = clf.f64()
        where = (C.byref(box_set(found, found_image)), C.byref(box_set(truth, truth_image)),
                 clf.f64(threshold))
        clf.call("clf_box_average_precision", *where, 0, C.byref(out), None, None, None)
        clf.close([out.value], [expected[0]], 1e-12, "average precision")
        clf.call("clf_box_mean_average_precision", *where, C.byref(out))
        clf.close([out.value], [np.mean(expected)], 1e-12, "mean average precision")


clf.run([suppression__agrees, average_precision__agrees])
