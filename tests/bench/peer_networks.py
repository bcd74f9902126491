"""Networks for peers.py: lines whose fit is one epoch, and the same layers in PyTorch.

PyTorch's network is made from the text of ours, so that both are the same by construction. It gets what makes it fast
on a CPU: batches indexed from one tensor, images channels last, the fused Adam, numbers below the normal floats taken
as 0, in bf16 autocast for training and weights in bf16 for predictions; and torch.compile where asked to.
"""

import copy
import pathlib
import statistics
import tempfile
import time

import classify as clf
import numpy as np

MLP = ("flatten; dense units=256 activation=relu; dense units=256 activation=relu; "
       "dense units=10")
LENET5 = ("conv2d filters=6 kernel=5 activation=tanh; average_pool2d size=2; "
          "conv2d filters=16 kernel=5 activation=tanh; average_pool2d size=2; flatten; "
          "dense units=120 activation=tanh; dense units=84 activation=tanh; dense units=10")
CNN = ("conv2d filters=32 kernel=5 padding=same activation=relu; max_pool2d size=2; "
       "conv2d filters=64 kernel=5 padding=same activation=relu; max_pool2d size=2; flatten; "
       "dense units=1024 activation=relu; dropout rate=0.4; dense units=10")
# Layers and rows of a step, trained by adam with its defaults.
NETWORKS = {"mlp_cross_entropy": (MLP, 128), "lenet5": (LENET5, 128), "cnn": (CNN, 100)}


def params(layers, batch_size, shape=(28, 28, 1)):
    return (f"epochs=1 batch_size={batch_size} input={','.join(map(str, shape))} "
            f"layers='{layers}'")


def latency(predict):
    """Seconds of a call, the median of many after some."""
    for _ in range(20):
        predict()
    times = []
    for _ in range(200):
        began = time.perf_counter()
        predict()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def torch_network(layers, shape):
    """The layers' text as modules, for rows of height, width, channels."""
    import torch
    activations = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}
    (height, width, channels), modules = shape, []
    for layer in layers.split(";"):
        kind, *words = layer.split()
        given = dict(word.split("=") for word in words)
        number = {key: int(value) for key, value in given.items() if value.isdigit()}
        if kind == "conv2d":
            same = given.get("padding") == "same"
            modules.append(torch.nn.Conv2d(channels, number["filters"], number["kernel"],
                                           padding="same" if same else 0))
            channels, cut = number["filters"], 0 if same else number["kernel"] - 1
            height, width = height - cut, width - cut
        elif kind in ("max_pool2d", "average_pool2d"):
            pool = torch.nn.MaxPool2d if kind == "max_pool2d" else torch.nn.AvgPool2d
            modules.append(pool(number["size"]))
            height, width = height // number["size"], width // number["size"]
        elif kind == "flatten":
            modules.append(torch.nn.Flatten())
            height, width, channels = 1, 1, height * width * channels
        elif kind == "dense":
            modules.append(torch.nn.Linear(channels, number["units"]))
            channels = number["units"]
        elif kind == "dropout":
            modules.append(torch.nn.Dropout(float(given["rate"])))
        else:
            raise ValueError(f"no layer '{kind}' here")
        if given.get("activation", "linear") != "linear":
            modules.append(activations[given["activation"]]())
    return torch.nn.Sequential(*modules).to(memory_format=torch.channels_last)


class TorchTrainer:
    """Trains epochs on rows of bytes [count, height, width, channels]."""

    def __init__(self, layers, rows, labels, batch_size, precision="f32", compiled=False):
        import torch
        self.torch, self.batch_size, self.compiled = torch, batch_size, compiled
        self.reduced = precision == "bf16"
        torch.set_flush_denormal(True)
        self.rows = torch.from_numpy(rows.transpose(0, 3, 1, 2))
        self.labels = torch.from_numpy(labels.astype(np.int64))
        self.network = torch_network(layers, rows.shape[1:])
        self.fast = self.compile(self.network)
        self.restart()

    def compile(self, network):
        if not self.compiled:
            return network
        self.torch._dynamo.config.recompile_limit = 64
        return self.torch.compile(network, dynamic=False)

    def restart(self):
        """From new weights."""
        for module in self.network:
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
        try:
            self.optimizer = self.torch.optim.Adam(self.network.parameters(), fused=True)
        except RuntimeError:  # versions before 2.4 have none for CPUs
            self.optimizer = self.torch.optim.Adam(self.network.parameters())

    def floats(self, rows):
        rows = rows.to(self.torch.float32).mul_(1 / 255)
        return rows.contiguous(memory_format=self.torch.channels_last)

    def epoch(self, count=None):
        """Of all rows, or of the first batches up to a count. A batch of another size is not worth a compilation."""
        self.network.train()
        for chosen in self.torch.randperm(count or len(self.rows)).split(self.batch_size):
            network = self.fast if len(chosen) == self.batch_size else self.network
            self.optimizer.zero_grad()
            with self.torch.autocast("cpu", self.torch.bfloat16, enabled=self.reduced):
                scores = network(self.floats(self.rows[chosen]))
            self.torch.nn.functional.cross_entropy(scores.float(), self.labels[chosen]).backward()
            self.optimizer.step()

    def predictor(self):
        """A function of rows of bytes, to the best classes."""
        network = copy.deepcopy(self.network).eval()
        network = self.compile(network.to(self.torch.bfloat16) if self.reduced else network)

        def predict(rows):
            with self.torch.inference_mode():
                x = self.floats(self.torch.from_numpy(rows.transpose(0, 3, 1, 2)))
                return network(x.to(self.torch.bfloat16) if self.reduced else x).argmax(1).numpy()
        return predict


class Torch:
    """PyTorch; each fit starts from new weights and trains an epoch."""
    compiled = False

    @staticmethod
    def knows(line, precision):
        return line.network and precision in ("f32", "bf16")

    def __init__(self, line, precision, digits, on, threads):
        import torch
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        train, test = (x.reshape(-1, 28, 28, 1) for x in (digits.train, digits.test))
        self.parts = np.array_split(test, 20)
        layers, batch_size = line.network
        self.trainer = TorchTrainer(layers, train, digits.labels, batch_size, precision, self.compiled)
        self.trainer.epoch(2 * batch_size)  # loads and compiles
        if not self.compiled:  # one image takes longer compiled
            self.latency = lambda: latency(lambda: self.answer(self.parts[0][:1]))

    def fit(self):
        self.trainer.restart()
        self.trainer.epoch()

    def prepare(self):
        """What predictions need once, after the last fit."""
        self.answer = self.trainer.predictor()
        self.answer(self.parts[0])

    def predict(self):
        return np.concatenate([self.answer(part) for part in self.parts])

    def facts(self):
        return {}


class TorchCompile(Torch):
    """The same by torch.compile."""
    compiled = True


class Onnx:
    """onnxruntime, with the network that this library exports after an epoch on some rows."""
    only_predicts = True

    @staticmethod
    def knows(line, precision):
        return line.network and precision in ("f32", "int8")

    def __init__(self, line, precision, digits, on, threads):
        import onnxruntime
        self.model = clf.Model(line.kind, f"{line.params} precision={precision}", on=on.handle)
        self.some = clf.Dataset(digits.train[:2000], digits.labels[:2000].copy(), scale=1 / 255,
                                on=on.handle)
        self.digits, self.session = digits, None
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.make = onnxruntime.InferenceSession

    def fit(self):
        if self.session is None:
            self.model.fit(self.some)
            with tempfile.TemporaryDirectory() as folder:
                path = str(pathlib.Path(folder) / "network.onnx")
                clf.call("clf_model_export", self.model, "onnx", path, None)
                self.session = self.make(path, self.options, providers=["CPUExecutionProvider"])
            self.input = self.session.get_inputs()[0]

    def scores(self, rows):
        values = rows.astype(np.float32).reshape(len(rows), *self.input.shape[1:])
        values *= 1 / 255
        return self.session.run(None, {self.input.name: values})

    def predict(self):
        parts = [self.scores(part) for part in np.array_split(self.digits.test, 20)]
        return np.concatenate([self.labels(part) for part in parts])

    @staticmethod
    def labels(outputs):
        """The label output, or the best of the scores."""
        whole = [output for output in outputs if output.dtype.kind == "i"]
        return whole[0].ravel() if whole else outputs[0].argmax(1)

    def latency(self):
        return latency(lambda: self.scores(self.digits.test[:1]))

    def facts(self):
        return {}
