"""How well models tell rows that are none of their classes: MNIST, and strangers made here.

    PYTHONPATH=build/bindings/python CLASSIFY_LIBRARY=build/lib/libclassify.so \\
        python3 tests/bench/novelty.py --data DIR [--train 10000] [--models svm,fisher,lenet5,…] [--fit]
        [--faces DIR] [--rate 0.05]

--data has the four files of MNIST. --faces has train_faces and train_scenes, folders of images, which
are cropped to 28x28. Letters are drawn with the TrueType fonts of the system. Models learn what
strangers are from 2,000 held-out training rows, or with --fit from their own fit. Prints, of each
model, the share of test digits that it rejects, and for each kind of stranger the area under the ROC
curve of the novelty and the share that is rejected. Needs NumPy, Pillow and scikit-learn.
"""
import argparse
import pathlib
import time

import libclassify as clf
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from sklearn.metrics import roc_auc_score

SIDE, BIG = 28, 112
LENET5 = ("conv2d filters=6 kernel=5 activation=tanh; average_pool2d size=2; "
          "conv2d filters=16 kernel=5 activation=tanh; average_pool2d size=2; flatten; "
          "dense units=120 activation=tanh; dense units=84 activation=tanh; dense units=10")
MLP = "flatten; dense units=256 activation=relu; dense units=256 activation=relu; dense units=10"
MODELS = {
    "ridge": lambda: clf.Model("ridge"),
    "fisher": lambda: clf.Model("fisher"),
    "perceptron": lambda: clf.Model("perceptron"),
    "logistic": lambda: clf.Model("logistic", max_iterations=100),
    "svm": lambda: clf.Model("svm", kernel="rbf", C=5, gamma=0.02),
    "svm_linear": lambda: clf.Model("svm", kernel="linear", C=1),
    "svm_poly": lambda: clf.Model("svm", kernel="polynomial", degree=4, gamma=0.01, coef0=1),
    "kernel_fisher": lambda: clf.Model("fisher", kernel="rbf", gamma=0.02, alpha=0.1),
    "kernel_perceptron": lambda: clf.Model("perceptron", kernel="rbf", gamma=0.02),
    "mlp": lambda: clf.Network(MLP, epochs=10),
    "lenet5": lambda: clf.Network(LENET5, epochs=10),
}


def shrunk(image):
    return np.asarray(image.resize((SIDE, SIDE), Image.BOX))


def garment(rng):
    """A filled outline of a shirt, trousers, a dress, a shoe or a bag, with a pattern."""
    image = Image.new("L", (BIG, BIG))
    draw = ImageDraw.Draw(image)
    gray = int(rng.uniform(90, 255))
    kind, a, b = rng.integers(5), rng.uniform(0, 0.1), rng.uniform(0.35, 0.9)
    outlines = [
        [(0.2 - a, 0.1), (0.8 + a, 0.1), (0.98, 0.2), (0.95, 0.2 + 0.6 * b), (0.85 + a, 0.3), (0.8 + a, 0.95),
         (0.2 - a, 0.95), (0.15 - a, 0.3), (0.05, 0.2 + 0.6 * b), (0.02, 0.2)],
        [(0.3 - a, 0.04), (0.7 + a, 0.04), (0.75 + a, 0.97), (0.53 + a, 0.97), (0.5, 0.3), (0.47 - a, 0.97),
         (0.25 - a, 0.97)],
        [(0.35, 0.03), (0.65, 0.03), (0.62, 0.4), (0.7 + 2 * a, 0.97), (0.3 - 2 * a, 0.97), (0.38, 0.4)],
        [(0.03, 0.85), (0.05, 0.5 - a), (0.3, 0.6 - a), (0.6, 0.6), (0.95, 0.7), (0.98, 0.85)],
        [(0.1 - a, 0.35), (0.9 + a, 0.35), (0.93, 0.95), (0.07, 0.95)],
    ]
    if kind == 4:
        draw.arc((BIG * 0.3, BIG * 0.1, BIG * 0.7, BIG * 0.6), 180, 360, fill=gray, width=6)
    flip = rng.random() < 0.5
    points = [(x + rng.normal() * 0.01, y + rng.normal() * 0.01) for x, y in outlines[kind]]
    draw.polygon([(BIG * (1 - x if flip else x), BIG * y) for x, y in points], fill=gray)
    wave = np.sin(np.arange(SIDE) * rng.uniform(0.3, 2.5) + rng.uniform(0, 6))[:, None]
    pattern = 1 + 0.25 * rng.normal() * wave + 0.08 * rng.normal(size=(SIDE, SIDE))
    return np.clip(shrunk(image) * pattern, 0, 255).astype(np.uint8)


def shapes(rng):
    image = Image.new("L", (BIG, BIG))
    draw = ImageDraw.Draw(image)
    for _ in range(rng.integers(1, 4)):
        x, y, w, h = rng.uniform(5, 60), rng.uniform(5, 60), rng.uniform(25, 50), rng.uniform(25, 50)
        gray, width, kind = int(rng.uniform(120, 255)), int(rng.integers(6, 14)), rng.integers(4)
        if kind == 0:
            draw.rectangle((x, y, x + w, y + h), outline=gray, width=width)
        elif kind == 1:
            draw.polygon([(x, y + h), (x + w / 2, y), (x + w, y + h)], fill=gray)
        elif kind == 2:
            draw.rectangle((x, y, x + w, y + h), fill=gray)
        else:
            draw.line((x, y, x + w, y + h), fill=gray, width=width)
            draw.line((x + w, y, x, y + h), fill=gray, width=width)
    return shrunk(image)


def letter(rng, fonts):
    font = ImageFont.truetype(str(fonts[rng.integers(len(fonts))]), 80)
    image = Image.new("L", (120, 120))
    ImageDraw.Draw(image).text((25, 10), "ABCDEFGHKMNPRTVWXYaeghkmnprtwxy"[rng.integers(31)], font=font, fill=255)
    image = image.crop(image.getbbox()).rotate(rng.normal() * 8, expand=True)
    scale = 20 / max(image.size)
    image = image.resize([max(1, int(side * scale)) for side in image.size], Image.LANCZOS)
    out = Image.new("L", (SIDE, SIDE))
    out.paste(image, ((SIDE - image.size[0]) // 2, (SIDE - image.size[1]) // 2))
    return np.asarray(out)


def texture(rng):
    noise = rng.normal(size=(44, 44))
    image = Image.fromarray(np.uint8((noise - noise.min()) / np.ptp(noise) * 255))
    blurred = np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 4))), float)[8:36, 8:36]
    return np.uint8((blurred - blurred.min()) / (np.ptp(blurred) + 1e-9) * 255)


def crop(rng, files, whole):
    image = Image.open(files[rng.integers(len(files))]).convert("L")
    if not whole:
        side = int(rng.integers(SIDE, max(SIDE + 1, min(120, *image.size))))
        x, y = rng.integers(0, image.size[0] - side + 1), rng.integers(0, image.size[1] - side + 1)
        image = image.crop((x, y, x + side, y + side))
    return np.asarray(image.resize((SIDE, SIDE), Image.BILINEAR))


def strangers(rng, digits, count, faces):
    """Rows of each kind, uint8 [count, 28, 28]; those made of digits take them at random."""
    def drawn():
        return digits[rng.choice(len(digits), count)]

    def many(make, *rest):
        return np.array([make(rng, *rest) for _ in range(count)])
    made = {"garments": many(garment), "shapes": many(shapes), "textures": many(texture)}
    fonts = sorted(path for ending in ("ttf", "otf") for path in pathlib.Path("/usr/share/fonts").rglob(f"*.{ending}")
                   if path.parent.name in ("dejavu", "urw-base35"))
    if fonts:
        made["letters"] = many(letter, fonts)
    for name, whole in (("train_faces", True), ("train_scenes", False)) if faces else ():
        files = sorted((pathlib.Path(faces) / name).glob("*.jpg"))
        made[name.split("_")[1]] = many(crop, files, whole)
    made["noise"] = rng.integers(0, 256, (count, SIDE, SIDE)).astype(np.uint8)
    made["shuffled"] = np.array([rng.permutation(row.ravel()).reshape(SIDE, SIDE) for row in drawn()])
    made["inverted"] = 255 - drawn()
    made["upside down"] = drawn()[:, ::-1]
    made["turned"] = np.rot90(drawn(), axes=(1, 2))
    made["halves"] = np.concatenate([drawn()[:, :14], drawn()[:, 14:]], 1)
    return made


def rows(pixels, model):
    values = np.ascontiguousarray(pixels, dtype=np.float32) / 255
    return values[..., None] if isinstance(model, clf.Network) else values.reshape(len(values), -1)


def line(name, model, train, held, test, made, options):
    began = time.process_time()
    model.set_params(**({"reject": options.rate} if options.fit else {}))
    model.fit(rows(train[0], model), train[1])
    if not options.fit:
        model.set_reject(rows(held[0], model), held[1], rate=options.rate)
    seconds = time.process_time() - began
    known = model.novelty(rows(test, model))
    scores = {kind: model.novelty(rows(pixels, model)) for kind, pixels in made.items()}

    def area(values):
        return roc_auc_score(np.repeat([0, 1], [len(known), len(values)]), np.concatenate([known, values]))
    print(f"{name}: {seconds:.1f} s, {100 * (known > 1).mean():.1f} % of the test digits rejected; all strangers "
          f"{area(np.concatenate(list(scores.values()))):.3f}: " +
          ", ".join(f"{kind} {area(values):.3f} ({100 * (values > 1).mean():.0f} %)"
                    for kind, values in scores.items()), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--faces")
    parser.add_argument("--train", type=int, default=10000)
    parser.add_argument("--rate", type=float, default=0.05)
    parser.add_argument("--count", type=int, default=500, help="strangers of each kind")
    parser.add_argument("--models", default="svm,fisher,lenet5")
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    data, test = (clf.Dataset.load("idx", f"{options.data}/{part}") for part in ("train", "t10k"))
    x, y = data.tensor("x").reshape(-1, SIDE, SIDE), data.labels
    digits = test.tensor("x").reshape(-1, SIDE, SIDE)
    made = strangers(np.random.default_rng(1), digits, options.count, options.faces)
    for name in options.models.split(","):
        line(name, MODELS[name](), (x[:options.train], y[:options.train]), (x[-2000:], y[-2000:]), digits, made,
             options)


main()
