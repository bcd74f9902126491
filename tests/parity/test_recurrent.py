"""Recurrent layers against PyTorch's cells, where it is installed: what they make of random
sequences, and, told from a step of sgd, the gradients of all weights and by their inputs, which
are the embedding's. Padding is left out here as it is in a packed sequence there."""

import sys

import classify as clf
import numpy as np

try:
    import torch
except ImportError:
    print("PyTorch is not installed: its cells are not compared: skipped")
    sys.exit(77)

RATE = 2.0
STEPS = 2  # before the one that is looked at, so that biases and first states are no zeros
TOLERANCE = 2e-5  # of a tensor's largest value: f32 sums over some hundred steps and rows
WORDS, WIDTH, CLASSES = 12, 7, 3
DIRECTIONS = ("", ""), ("reverse_", "_reverse")
GATES = {"rnn": 1, "lstm": 4, "gru": 3}

rng = np.random.default_rng(5)


class Case:
    """A network of embedding, cells, perhaps pooling, and a dense layer, here and in PyTorch."""

    def __init__(self, cell, units, rows, steps, bidirectional=False, masked=True, layers=1,
                 end="last", first=False):
        self.cell, self.units, self.rows, self.steps = cell, units, rows, steps
        self.bidirectional, self.masked, self.layers, self.end = bidirectional, masked, layers, end
        self.first = first
        self.what = (f"{cell} {units}, {rows} rows of {steps}, {layers} layers, to {end}"
                     f"{', bidirectional' if bidirectional else ''}"
                     f"{', masked' if masked else ''}{', first states' if first else ''}")

    def text(self):
        more = " bidirectional=true" if self.bidirectional else ""
        more += " initial_state=learned" if self.first else ""
        cells = [f"{self.cell} units={self.units}{more} return_sequences="
                 f"{'true' if self.end != 'last' or i < self.layers - 1 else 'false'}"
                 for i in range(self.layers)]
        ends = {"last": [], "average": ["global_average_pool1d"], "max": ["global_max_pool1d"],
                "all": ["flatten"]}[self.end]
        mask = "true" if self.masked else "false"
        return "; ".join([f"embedding vocabulary={WORDS} units={WIDTH} mask={mask}", *cells, *ends,
                          f"dense units={CLASSES}"])

    def data(self):
        ids = rng.integers(1, WORDS, (self.rows, self.steps))
        for row in ids[1:] if self.masked else ():
            row[rng.integers(1, self.steps + 1):] = 0
        if not self.masked:
            ids[rng.random(ids.shape) < 0.2] = 0  # a word as others are
        labels = np.resize(np.arange(CLASSES), self.rows)
        return ids, labels.astype(np.int32)


def fit(case, ids, labels, epochs):
    model = clf.Model("network", f"epochs={epochs} batch_size={len(ids)} shuffle=no "
                                 f"layers='{case.text()}'")
    sgd = clf.Handle("clf_optimizer_free")
    clf.call("clf_optimizer_create", clf.C.byref(sgd.handle), None, "sgd",
             f"learning_rate={RATE} momentum=0")
    clf.call("clf_model_fit", model, clf.Dataset(ids.astype(np.float32), labels), sgd, None)
    return model


class Theirs(torch.nn.Module):
    def __init__(self, case):
        super().__init__()
        kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[case.cell]
        width = case.units * (2 if case.bidirectional else 1)
        self.case = case
        self.embedding = torch.nn.Embedding(WORDS, WIDTH)
        self.cells = kind(WIDTH, case.units, case.layers, batch_first=True,
                          bidirectional=case.bidirectional)
        directions = 2 if case.bidirectional else 1
        self.first = [[torch.nn.Parameter(torch.zeros(1, case.units))
                       for _ in range(case.layers * directions)]
                      for _ in range(2 if case.cell == "lstm" else 1)]
        self.dense = torch.nn.Linear(width * (case.steps if case.end == "all" else 1), CLASSES)

    def forward(self, ids):
        case = self.case
        lengths = (ids > 0).sum(1) if case.masked else torch.full((len(ids),), case.steps)
        packed = torch.nn.utils.rnn.pack_padded_sequence(self.embedding(ids), lengths, True, False)
        first = [torch.stack(part).expand(-1, len(ids), -1).contiguous() for part in self.first]
        y, state = self.cells(packed, tuple(first) if case.cell == "lstm" else first[0])
        if case.end == "last":
            last = state[0] if case.cell == "lstm" else state
            directions = 2 if case.bidirectional else 1
            return self.dense(torch.cat(list(last[-directions:]), 1))
        fill = -np.inf if case.end == "max" else 0
        y = torch.nn.utils.rnn.pad_packed_sequence(y, True, fill, case.steps)[0]
        ends = {"average": lambda: y.sum(1) / lengths[:, None], "max": lambda: y.max(1)[0],
                "all": lambda: y.flatten(1)}
        return self.dense(ends[case.end]())


def pairs(case, net):
    """Our tensors' names, PyTorch's parameters of each, and what makes those, or their gradients,
    one like ours."""
    def biases(both):
        first, second = both
        if case.cell != "gru":
            return first
        return torch.cat([first, second[2 * case.units:]])

    def joined(parts):
        return torch.cat(parts)

    yield "embedding_1.weight", [net.embedding.weight], lambda p: p[0]
    yield "dense_1.weight", [net.dense.weight], lambda p: p[0].T
    yield "dense_1.bias", [net.dense.bias], lambda p: p[0]
    for layer in range(case.layers):
        for second, (ours, end) in enumerate(DIRECTIONS[:2 if case.bidirectional else 1]):
            name = f"{case.cell}_{layer + 1}.{ours}"
            theirs = [getattr(net.cells, f"{part}_l{layer}{end}")
                      for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
            yield name + "weight", theirs[:1], lambda p: p[0].T
            yield name + "recurrent_weight", theirs[1:2], lambda p: p[0].T
            yield name + "bias", theirs[2:], biases
            if case.first:
                index = layer * (2 if case.bidirectional else 1) + second
                yield name + "initial_state", [part[index] for part in net.first], joined


def copy_weights(case, net, model):
    """Ours become PyTorch's, which has two biases of every gate."""
    with torch.no_grad():
        for name, theirs, _ in pairs(case, net):
            ours = torch.tensor(model.tensor(name))
            if name.endswith("initial_state"):
                for part, values in zip(theirs, ours):
                    part.copy_(values[None])
            elif len(theirs) == 1:
                theirs[0].copy_(ours.T if ours.ndim == 2 and "embedding" not in name else ours)
            else:
                gates = GATES[case.cell] * case.units
                theirs[0].copy_(ours[:gates])
                theirs[1].zero_()
                theirs[1][2 * case.units:] = ours[gates:] if case.cell == "gru" else 0


def compare(case):
    ids, labels = case.data()
    first, second = (fit(case, ids, labels, epochs) for epochs in (STEPS, STEPS + 1))
    net = Theirs(case)
    copy_weights(case, net, first)
    scores = net(torch.tensor(ids))
    found = first.decision_function(clf.Dataset(ids.astype(np.float32)))
    clf.close(found, scores.detach().numpy(), TOLERANCE, f"{case.what}: scores")
    torch.nn.functional.cross_entropy(scores, torch.tensor(labels.astype(np.int64))).backward()
    for name, theirs, ours in pairs(case, net):
        weight = first.tensor(name).astype(float)
        gradient = (weight - second.tensor(name)) / RATE
        expected = ours([p.grad for p in theirs]).numpy()
        rounding = 2.0 ** -23 * np.abs(weight).max() / RATE  # of weights, in f32
        clf.close(gradient, expected, TOLERANCE + rounding / (np.abs(expected).max() or 1.0),
                  f"{case.what}: gradient of {name}")


def the_last_state_is_pytorchs():
    for cell in GATES:
        for units, rows, steps in (1, 3, 1), (5, 4, 9), (33, 40, 6), (16, 65, 20):
            for bidirectional in False, True:
                compare(Case(cell, units, rows, steps, bidirectional))
        compare(Case(cell, 6, 9, 11, masked=False))


def all_states_are_pytorchs():
    for cell in GATES:
        for end in "all", "average", "max":
            for bidirectional in False, True:
                compare(Case(cell, 5, 8, 7, bidirectional, end=end))
        compare(Case(cell, 9, 34, 5, masked=False, end="all"))


def first_states_are_pytorchs():
    for cell in GATES:
        for bidirectional in False, True:
            compare(Case(cell, 5, 9, 6, bidirectional, first=True))
            compare(Case(cell, 17, 40, 5, bidirectional, layers=2, end="average", first=True))
        compare(Case(cell, 6, 7, 4, masked=False, end="all", first=True))


def stacked_layers_are_pytorchs():
    for cell in GATES:
        for bidirectional in False, True:
            compare(Case(cell, 6, 35, 8, bidirectional, layers=2))
        compare(Case(cell, 4, 7, 10, True, layers=3, end="average"))


if __name__ == "__main__":
    print("PyTorch", torch.__version__)
    torch.set_num_threads(1)
    clf.run([the_last_state_is_pytorchs, all_states_are_pytorchs, first_states_are_pytorchs,
             stacked_layers_are_pytorchs])
