"""Networks whose weights were set by name, against NumPy's forward pass, and against PyTorch's
where that is installed."""

import classify as clf
import numpy as np

try:
    import torch
except ImportError:
    torch = None

LAYERS = ("conv2d filters=4 kernel=3 stride=2 padding=valid activation=relu; max_pool2d size=2; "
          "flatten; dense units=7 activation=tanh; dense units=5")
SHAPE = (11, 13, 2)  # height, width, channels


def network(layers, shape, weights):
    model = clf.Model("network", f"input={','.join(map(str, shape))} layers='{layers}'")
    for name, value in weights.items():
        clf.call("clf_network_set_weight", model, name, clf.tensor(value))
    return model


def draw(rng, *shape):
    return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[:-1]))).astype(np.float32)


def convolve(x, w, b, stride):
    kernel = len(w)
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), (1, 2))
    return np.einsum("nijcuv,uvcf->nijf", windows[:, ::stride, ::stride], w) + b


def pool(x, size):
    n, height, width, channels = x.shape
    height, width = height // size, width // size
    cut = x[:, :height * size, :width * size]
    return cut.reshape(n, height, size, width, size, channels).max((2, 4))


def set_weights__predict_as_numpy_does():
    rng = np.random.default_rng(4)
    weights = {"conv2d_1.weight": draw(rng, 3, 3, 2, 4), "conv2d_1.bias": draw(rng, 4),
               "dense_1.weight": draw(rng, 2 * 3 * 4, 7), "dense_1.bias": draw(rng, 7),
               "dense_2.weight": draw(rng, 7, 5), "dense_2.bias": draw(rng, 5)}
    x = rng.standard_normal((9, *SHAPE)).astype(np.float32)
    w = {name: value.astype(float) for name, value in weights.items()}
    y = np.maximum(convolve(x.astype(float), w["conv2d_1.weight"], w["conv2d_1.bias"], 2), 0)
    y = pool(y, 2).reshape(9, -1)
    y = np.tanh(y @ w["dense_1.weight"] + w["dense_1.bias"])
    y = y @ w["dense_2.weight"] + w["dense_2.bias"]
    model = network(LAYERS, SHAPE, weights)
    data = clf.Dataset(x)
    clf.close(model.decision_function(data), y, 1e-5, "scores")
    power = np.exp(y - y.max(1, keepdims=True))
    clf.close(model.predict_proba(data), power / power.sum(1, keepdims=True), 1e-5,
              "probabilities")
    assert (model.predict(data) == y.argmax(1)).all()


def weights_of_pytorch__predict_as_pytorch_does():
    """As docs/guide.md says: dense weights are turned round; a convolution's filters go last, and
    the first dense layer after flatten takes its inputs in the order height, width, channel."""
    if torch is None:
        print("PyTorch is not installed: skipped")
        return
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3, stride=2), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(4 * 2 * 3, 7), torch.nn.Tanh(), torch.nn.Linear(7, 5))
    conv, first, last = net[0], net[4], net[6]
    rows = first.weight.detach().reshape(7, 4, 2, 3).permute(2, 3, 1, 0).reshape(-1, 7)
    weights = {"conv2d_1.weight": conv.weight.detach().permute(2, 3, 1, 0),
               "conv2d_1.bias": conv.bias.detach(), "dense_1.weight": rows,
               "dense_1.bias": first.bias.detach(), "dense_2.weight": last.weight.detach().T,
               "dense_2.bias": last.bias.detach()}
    model = network(LAYERS, SHAPE, {name: value.numpy() for name, value in weights.items()})
    x = torch.randn(9, *SHAPE)
    with torch.no_grad():
        expected = net(x.permute(0, 3, 1, 2)).numpy()
    clf.close(model.decision_function(clf.Dataset(x.numpy())), expected, 1e-5, "scores")


def set_weights__of_another_shape_are_refused():
    model = network(LAYERS, SHAPE, {"dense_2.bias": np.zeros(5, np.float32)})
    for value in (np.zeros((5, 7), np.float32), np.zeros(35, np.float32)):
        try:
            clf.call("clf_network_set_weight", model, "dense_2.weight", clf.tensor(value))
        except clf.Error as error:
            assert "dense_2.weight is 7x5" in str(error), error
        else:
            raise AssertionError(f"shape {value.shape} was taken")


if __name__ == "__main__":
    clf.run([set_weights__predict_as_numpy_does, weights_of_pytorch__predict_as_pytorch_does,
             set_weights__of_another_shape_are_refused])
