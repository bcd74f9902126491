"""Layers in inference against NumPy, and trained ones against PyTorch where it is installed: random
shapes, odd sizes, one channel, one row, batches of one."""

import classify as clf
import numpy as np

rng = np.random.default_rng(7)


def image_of(x, *shape):
    return x.reshape(len(x), *shape).astype(float)


def places(size, span, stride, same):
    """Number of windows, and what of the first lies before the image."""
    if not same:
        return (size - span) // stride + 1, 0
    count = -(-size // stride)
    return count, max((count - 1) * stride + span - size, 0) // 2


def windows(x, kernel, stride, dilation, same, fill):
    """[rows, out_height, out_width, kernel, kernel, channels]"""
    rows, height, width, channels = x.shape
    span = (kernel - 1) * dilation + 1
    (tall, top), (wide, left) = places(height, span, stride, same), places(width, span, stride, same)
    room = (tall * stride + span, wide * stride + span)
    padded = np.full((rows, max(room[0], height + top), max(room[1], width + left), channels), float(fill))
    padded[:, top:top + height, left:left + width] = x
    out = np.empty((rows, tall, wide, kernel, kernel, channels))
    for i in range(tall):
        for j in range(wide):
            out[:, i, j] = padded[:, i * stride:i * stride + span:dilation,
                                  j * stride:j * stride + span:dilation]
    return out


def conv2d(x, weight, bias, stride, dilation, same):
    patches = windows(x, len(weight), stride, dilation, same, 0)
    return np.einsum("rijmnc,mncd->rijd", patches, weight) + bias


def network(layers, shape, outputs, x):
    """A network with the weights that it begins with, and what it makes of x: no epochs. The last
    layer, with an output a class, is the identity."""
    labels = np.arange(max(len(x), outputs)) % outputs
    rows = np.resize(x, (len(labels), x.shape[1])).astype(np.float32)
    size = ",".join(str(n) for n in shape)
    model = clf.Model("network", f"epochs=0 input={size} layers='{layers}'")
    model.fit(clf.Dataset(rows, labels.astype(np.int32)))
    return model


def random_images(rows, *shape):
    return rng.normal(size=(rows, int(np.prod(shape)))).astype(np.float32)


def compare_layer(layer, shape, outputs, expected, rows, tolerance=2e-6):
    x = random_images(rows, *shape)
    model = network(layer + "; flatten", shape, outputs, x)
    found = model.decision_function(clf.Dataset(x))
    clf.close(found, expected(model, image_of(x, *shape)).reshape(rows, outputs), tolerance,
              f"{layer} of {shape}, {rows} rows")


def dense__is_numpys():
    for rows, inputs, units in [(1, 1, 2), (1, 3137, 65), (2, 31, 200), (3, 7, 2), (100, 65, 33)]:
        compare_layer(f"dense units={units}", (inputs,), units,
                      lambda m, x: x @ m.tensor("dense_1.weight") + m.tensor("dense_1.bias"), rows)


def conv2d__is_numpys():
    for rows, height, width, channels, filters, kernel, stride, dilation, same in [
            (1, 1, 1, 1, 2, 1, 1, 1, False), (1, 7, 5, 1, 3, 3, 1, 1, True),
            (3, 9, 11, 3, 5, 5, 2, 1, True), (2, 13, 6, 17, 4, 3, 1, 2, True),
            (5, 28, 28, 1, 8, 5, 1, 1, True), (2, 14, 13, 33, 7, 5, 1, 1, True),
            (4, 10, 10, 2, 3, 4, 3, 2, False), (1, 2, 3, 8, 4, 7, 1, 1, True)]:
        tall = places(height, (kernel - 1) * dilation + 1, stride, same)[0]
        wide = places(width, (kernel - 1) * dilation + 1, stride, same)[0]
        padding = "same" if same else "valid"
        compare_layer(
            f"conv2d filters={filters} kernel={kernel} stride={stride} dilation={dilation} "
            f"padding={padding}", (height, width, channels), tall * wide * filters,
            lambda m, x: conv2d(x, m.tensor("conv2d_1.weight"), m.tensor("conv2d_1.bias"), stride,
                                dilation, same), rows, 2e-5)


def pooling__is_numpys():
    for rows, height, width, channels, size, stride, same in [
            (1, 3, 2, 1, 2, 1, False), (3, 7, 5, 3, 2, 2, False), (2, 9, 8, 17, 3, 2, True),
            (4, 5, 5, 2, 4, 1, True), (1, 6, 7, 33, 5, 3, True)]:
        tall, wide = places(height, size, stride, same)[0], places(width, size, stride, same)[0]
        for kind, function in (("max", np.nanmax), ("average", np.nanmean)):
            compare_layer(
                f"{kind}_pool2d size={size} stride={stride} padding={'same' if same else 'valid'}",
                (height, width, channels), tall * wide * channels,
                lambda m, x: function(windows(x, size, stride, 1, same, np.nan), axis=(3, 4)), rows)
        if channels > 1:
            compare_layer("global_max_pool2d", (height, width, channels), channels,
                          lambda m, x: x.max((1, 2)), rows)
            compare_layer("global_average_pool2d", (height, width, channels), channels,
                          lambda m, x: x.mean((1, 2)), rows)


def batch_norm__follows_the_moments_of_its_batches():
    """One epoch whose learning rate is as good as 0: only the running statistics move. They are
    kept as the training left them, and the model has those of all rows."""
    for shape, momentum, epsilon in [((5,), 0.1, 1e-5), ((4, 3, 2), 0.3, 0.01), ((7, 1, 1), 1, 0.1)]:
        rows, channels = 24, shape[-1]
        x = (random_images(rows, *shape) * 3 + 5).astype(np.float32)
        size = ",".join(str(n) for n in shape)
        layers = f"batch_norm momentum={momentum} epsilon={epsilon}; flatten; dense units=2"
        model = clf.Model("network", f"epochs=1 batch_size=8 shuffle=no warm_start=yes input={size} "
                                     f"layers='{layers}'")
        still = clf.Handle("clf_optimizer_free")
        clf.call("clf_optimizer_create", clf.C.byref(still.handle), None, "sgd",
                 "learning_rate=1e-30")
        data = clf.Dataset(x, (np.arange(rows) % 2).astype(np.int32))
        clf.call("clf_model_fit", model, data, still, None)
        mean, variance = np.zeros(channels), np.ones(channels)
        for batch in x.astype(float).reshape(3, 8, -1, channels):
            values = batch.reshape(-1, channels)
            mean = (1 - momentum) * mean + momentum * values.mean(0)
            variance = (1 - momentum) * variance + momentum * values.var(0, ddof=1)
        kept = model.tensor("training_weights")
        clf.close(kept[2 * channels:3 * channels], mean, 1e-5, f"running mean of {shape}")
        clf.close(kept[3 * channels:4 * channels], variance, 1e-5, f"running variance of {shape}")
        values = x.astype(float).reshape(-1, channels)
        mean, variance = values.mean(0), values.var(0, ddof=1)
        clf.close(model.tensor("batch_norm_1.running_mean"), mean, 1e-5, f"mean of {shape}")
        clf.close(model.tensor("batch_norm_1.running_var"), variance, 1e-5, f"variance of {shape}")
        z = (x.astype(float).reshape(rows, -1, channels) - mean) / np.sqrt(variance + epsilon)
        expected = (z.reshape(rows, -1) @ model.tensor("dense_1.weight")
                    + model.tensor("dense_1.bias"))
        clf.close(model.decision_function(data), expected, 1e-5, f"inference of {shape}")


def training__is_pytorchs():
    """Steps of sgd from the same weights, through every kind of layer that learns."""
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed: its training is not compared")
        return
    rows, size, steps = 16, 8, 3
    for epochs in (1, steps):
        x = random_images(rows, size, size, 2)
        labels = (np.arange(rows) % 3).astype(np.int32)
        layers = ("conv2d filters=5 kernel=3; batch_norm; activation; max_pool2d; flatten; "
                  "dense units=9; batch_norm; activation function=tanh; dense units=3")
        params = f"input=8,8,2 batch_size={rows} shuffle=no layers='{layers}'"
        data = clf.Dataset(x, labels)
        first = clf.Model("network", "epochs=0 " + params).fit(data)
        sgd = clf.Handle("clf_optimizer_free")
        clf.call("clf_optimizer_create", clf.C.byref(sgd.handle), None, "sgd", "learning_rate=0.1")
        model = clf.Model("network", f"epochs={epochs} " + params)
        clf.call("clf_model_fit", model, data, sgd, None)

        class ChannelsLast(torch.nn.Module):
            def forward(self, y):
                return y.permute(0, 2, 3, 1).flatten(1)

        net = torch.nn.Sequential(
            torch.nn.Conv2d(2, 5, 3), torch.nn.BatchNorm2d(5), torch.nn.ReLU(),
            torch.nn.MaxPool2d(2), ChannelsLast(), torch.nn.Linear(45, 9), torch.nn.BatchNorm1d(9),
            torch.nn.Tanh(), torch.nn.Linear(9, 3))
        names = {"conv2d_1": net[0], "batch_norm_1": net[1], "dense_1": net[5],
                 "batch_norm_2": net[6], "dense_2": net[8]}

        def theirs(name, array):
            axes = {4: (3, 2, 0, 1), 2: (1, 0)}.get(array.ndim)
            return torch.tensor(array.transpose(axes) if axes else array)

        with torch.no_grad():
            for name, module in names.items():
                module.weight.copy_(theirs(name, first.tensor(f"{name}.weight")))
                module.bias.copy_(theirs(name, first.tensor(f"{name}.bias")))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        images = torch.tensor(x.reshape(rows, size, size, 2).transpose(0, 3, 1, 2).copy())
        target = torch.tensor(labels.astype(np.int64))
        for _ in range(epochs):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(images), target).backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            for place, axes in ((1, (0, 2, 3)), (6, 0)):  # of all rows, one layer after another
                values = net[:place](images)
                net[place].running_mean.copy_(values.mean(axes))
                net[place].running_var.copy_(values.var(axes, unbiased=True))
        for name, module in names.items():
            found = theirs(name, model.tensor(f"{name}.weight")).numpy()
            clf.close(found, module.weight.detach().numpy(), 2e-5, f"{name}, {epochs} steps")
        for name in ("batch_norm_1", "batch_norm_2"):
            clf.close(model.tensor(f"{name}.running_mean"), names[name].running_mean.numpy(), 2e-5,
                      f"{name}'s mean")
            clf.close(model.tensor(f"{name}.running_var"), names[name].running_var.numpy(), 2e-5,
                      f"{name}'s variance")
        with torch.no_grad():
            clf.close(model.decision_function(data), net(images).numpy(), 5e-5,
                      f"decision, {epochs} steps")


clf.run([dense__is_numpys, conv2d__is_numpys, pooling__is_numpys,
         batch_norm__follows_the_moments_of_its_batches, training__is_pytorchs])
