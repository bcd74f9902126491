"""What docs/guide.md says of the conventions of losses, decay, schedules, padding and first weights,
each against PyTorch's form of it, or a closed form."""

import ctypes as C

import classify as clf
import numpy as np

try:
    import torch
except ImportError:
    torch = None

ROWS, COLUMNS, CLASSES, BATCH, RATE = 20, 5, 3, 7, 0.1
rng = np.random.default_rng(8)
X = rng.standard_normal((ROWS, COLUMNS)).astype(np.float32)
Y = (np.arange(ROWS) % CLASSES).astype(np.int32)
T = 7 + 3 * rng.standard_normal((ROWS, 3))
ONE_BATCH = f"batch_size={ROWS} shuffle=false"


def with_torch(function):
    def run():
        if torch is None:
            print(f"{function.__name__}: PyTorch is not installed: skipped")
        else:
            torch.manual_seed(0)
            function()
    run.__name__ = function.__name__
    return run


def optimizer(kind, params):
    handle = clf.Handle("clf_optimizer_free")
    clf.call("clf_optimizer_create", C.byref(handle.handle), None, kind, params)
    return handle


def fit(params, data, kind="sgd", rule=f"learning_rate={RATE}"):
    model = clf.Model("network", params)
    clf.call("clf_model_fit", model, data, optimizer(kind, rule), None)
    return model


def linear_of(model):
    """PyTorch's layer with the weights that the network has."""
    weight, bias = model.tensor("dense_1.weight"), model.tensor("dense_1.bias")
    layer = torch.nn.Linear(*weight.shape)
    layer.weight.data = torch.tensor(weight.T.copy())
    layer.bias.data = torch.tensor(bias)
    return layer


def check_loss(name, outputs, data, targets, loss, epochs=3):
    """The same steps on the same batches end at the same weights; the first epoch's losses agree."""
    params = f"loss={name} layers='dense units={outputs}' batch_size={BATCH} shuffle=false epochs="
    layer = linear_of(fit(params + "0", data))
    rule = torch.optim.SGD(layer.parameters(), RATE)
    rows, losses = torch.tensor(X), []
    for epoch in range(epochs):
        total = 0
        for first in range(0, ROWS, BATCH):
            part = slice(first, first + BATCH)
            rule.zero_grad()
            value = loss(layer(rows[part]), targets[part])
            value.backward()
            rule.step()
            total += float(value) * len(rows[part])
        losses.append(total / ROWS)
    model = fit(params + str(epochs), data)
    clf.close(model.tensor("dense_1.weight"), layer.weight.detach().numpy().T, 2e-6, name)
    clf.close(model.tensor("dense_1.bias"), layer.bias.detach().numpy(), 5e-6, name)
    return model, losses


@with_torch
def cross_entropy__is_the_mean_over_rows():
    target = torch.tensor(Y).long()
    model, losses = check_loss("cross_entropy", CLASSES, clf.Dataset(X, Y), target,
                               torch.nn.CrossEntropyLoss())
    clf.close(model.tensor("history_loss"), losses, 1e-6, "losses")


@with_torch
def binary_cross_entropy__is_summed_over_outputs():
    target = torch.nn.functional.one_hot(torch.tensor(Y).long(), CLASSES).float()
    mean = torch.nn.BCEWithLogitsLoss()
    model, losses = check_loss("binary_cross_entropy", CLASSES, clf.Dataset(X, Y), target,
                               lambda z, t: CLASSES * mean(z, t))
    clf.close(model.tensor("history_loss"), losses, 1e-6, "losses")


@with_torch
def squared_error__is_half_the_sum_over_outputs():
    """In a regression of targets less their mean, by their deviation; told in the data's units."""
    center, scale = T.mean(0), T.std(0)
    target = torch.tensor(((T - center) / scale).astype(np.float32))
    mean = torch.nn.MSELoss()
    model, losses = check_loss("squared_error", 3, clf.Dataset(X, targets=T), target,
                               lambda z, t: 3 / 2 * mean(z, t))
    clf.close(model.tensor("target_center"), center, 1e-12, "center")
    clf.close(model.tensor("target_scale"), scale, 1e-12, "scale")
    same = clf.Dataset(X, targets=(T - center) / scale)
    params = f"loss=squared_error layers='dense units=3' batch_size={BATCH} shuffle=false epochs=3"
    clf.close(fit(params, same).tensor("history_loss"), losses, 1e-6, "losses")


@with_torch
def hinge__is_summed_over_the_other_classes():
    mean = torch.nn.MultiMarginLoss()
    model, losses = check_loss("hinge", CLASSES, clf.Dataset(X, Y), torch.tensor(Y).long(),
                               lambda z, t: CLASSES * mean(z, t))
    clf.close(model.tensor("history_loss"), losses, 1e-6, "losses")


@with_torch
def hinge__of_one_output_is_of_signs():
    sign = torch.tensor(np.where(Y == 1, 1, -1).astype(np.float32))
    check_loss("hinge", 1, clf.Dataset(X, (Y == 1).astype(np.int32)), sign,
               lambda z, t: torch.clamp(1 - t * z[:, 0], min=0).mean())


@with_torch
def class_weight__is_divided_by_the_mean_of_the_fit():
    """PyTorch divides by the weights of each batch; ours is its sum over rows × the mean weight."""
    weight = np.array([1, 2, 5], np.float32)
    own = torch.nn.CrossEntropyLoss(torch.tensor(weight), reduction="sum")
    mean = weight[Y].mean()
    params = (f"class_weight=1,2,5 layers='dense units={CLASSES}' batch_size={BATCH} "
              "shuffle=false epochs=")
    data = clf.Dataset(X, Y)
    layer = linear_of(fit(params + "0", data))
    rule = torch.optim.SGD(layer.parameters(), RATE)
    for first in range(0, ROWS, BATCH):
        rows, labels = torch.tensor(X[first:first + BATCH]), torch.tensor(Y[first:first + BATCH])
        rule.zero_grad()
        (own(layer(rows), labels.long()) / (len(rows) * float(mean))).backward()
        rule.step()
    clf.close(fit(params + "1", data).tensor("dense_1.weight"), layer.weight.detach().numpy().T,
              2e-6, "weights")


@with_torch
def weight_decay__is_of_weights_and_not_of_biases():
    """Added to the gradient, but for adamw, which shrinks the weights by rate × decay."""
    data, epochs, decay = clf.Dataset(X, Y), 5, 0.3
    rules = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW,
             "rmsprop": torch.optim.RMSprop, "adagrad": torch.optim.Adagrad}
    for kind, rule in rules.items():
        params = f"layers='dense units={CLASSES}' {ONE_BATCH} epochs="
        layer = linear_of(fit(params + "0", data))
        step = rule([{"params": [layer.weight], "weight_decay": decay},
                     {"params": [layer.bias], "weight_decay": 0}], lr=0.05)
        for _ in range(epochs):
            step.zero_grad()
            torch.nn.functional.cross_entropy(layer(torch.tensor(X)), torch.tensor(Y).long()
                                              ).backward()
            step.step()
        model = fit(params + str(epochs), data, kind, f"learning_rate=0.05 weight_decay={decay}")
        clf.close(model.tensor("dense_1.weight"), layer.weight.detach().numpy().T, 1e-5, kind)
        clf.close(model.tensor("dense_1.bias"), layer.bias.detach().numpy(), 1e-5, kind)


def rates_of(make, epochs, losses=None):
    """Learning rates of PyTorch's schedule, a step an epoch."""
    rule = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], RATE)
    schedule, rates = make(rule), []
    for epoch in range(epochs):
        rates.append(rule.param_groups[0]["lr"])
        rule.step()
        schedule.step(*([losses[epoch]] if losses is not None else []))
    return rates


@with_torch
def schedules__are_those_of_pytorch():
    """In our parameters: PyTorch counts steps where we name fractions of the whole fit."""
    schedules, epochs = torch.optim.lr_scheduler, 12
    pairs = {"schedule=step interval=3 factor=0.5": lambda r: schedules.StepLR(r, 3, 0.5),
             "schedule=cosine factor=0.1":
                 lambda r: schedules.CosineAnnealingLR(r, epochs - 1, 0.1 * RATE),
             "warmup=4": lambda r: schedules.LinearLR(r, 1 / 4, total_iters=3)}
    for params, make in pairs.items():
        model = fit(f"layers='dense units={CLASSES}' {ONE_BATCH} epochs={epochs}",
                    clf.Dataset(X, Y), "sgd", f"learning_rate={RATE} {params}")
        clf.close(model.tensor("history_learning_rate"), rates_of(make, epochs), 1e-6, params)


@with_torch
def plateau__of_interval_is_patience_and_one():
    """PyTorch reduces after more than `patience` epochs, we after `interval`; and without a
    threshold, so that any lower loss counts."""
    epochs = 40
    model = fit(f"layers='dense units={CLASSES}' {ONE_BATCH} epochs={epochs}", clf.Dataset(X, Y),
                "sgd", "learning_rate=30 schedule=plateau interval=2 factor=0.5")
    losses = model.tensor("history_loss")
    found = model.tensor("history_learning_rate")
    rates = rates_of(lambda r: torch.optim.lr_scheduler.ReduceLROnPlateau(
        r, factor=0.5, patience=1, threshold=0), epochs, losses)
    assert found[-1] < found[0], "the loss must have stood still"
    clf.close(found / 30, np.array(rates) / RATE, 1e-6, "plateau")


@with_torch
def padding_same__has_the_larger_half_at_the_end():
    """As PyTorch's with a stride of 1; with a stride, ceil(size / stride) places."""
    image, filters = rng.standard_normal((2, 7, 9, 2)).astype(np.float32), 3
    for kernel in (2, 3, 4):
        for stride in (1, 2, 3):
            w = rng.standard_normal((kernel, kernel, 2, filters)).astype(np.float32)
            model = clf.Model("network", "input=7,9,2 loss=squared_error layers='conv2d bias=false "
                              f"filters={filters} kernel={kernel} stride={stride} padding=same; "
                              "flatten'")
            clf.call("clf_network_set_weight", model, "conv2d_1.weight", clf.tensor(w))
            x = torch.tensor(image).permute(0, 3, 1, 2)
            around = []
            for size in (9, 7):  # the last axis first
                missing = max(0, (-(-size // stride) - 1) * stride + kernel - size)
                around += [missing // 2, missing - missing // 2]
            weight = torch.tensor(w).permute(3, 2, 0, 1)
            expected = torch.nn.functional.conv2d(torch.nn.functional.pad(x, around), weight,
                                                  stride=stride)
            if stride == 1:
                same = torch.nn.functional.conv2d(x, weight, padding="same")
                clf.close(same, expected, 1e-6, "PyTorch's own")
            clf.close(model.decision_function(clf.Dataset(image)),
                      expected.permute(0, 2, 3, 1).reshape(2, -1).numpy(), 1e-5,
                      f"kernel {kernel}, stride {stride}")


def forget_gates__begin_at_one():
    """The closed form: gates in the order input, forget, cell, output, as PyTorch has them."""
    units = 4
    model = fit(f"input=5,1 layers='lstm units={units}; dense units={CLASSES}' epochs=0",
                clf.Dataset(X, Y))
    expected = np.zeros(4 * units)
    expected[units:2 * units] = 1
    clf.close(model.tensor("lstm_1.bias"), expected, 0, "bias")


def first_weights__have_the_bounds_that_the_guide_says():
    """fan_in_uniform is PyTorch's for layers: 1 / sqrt(inputs), for weights and biases."""
    for layer, inputs in (("dense units=500", 64), ("conv2d filters=500 kernel=3", 9)):
        name = f"{layer.split()[0]}_1"
        for initializer in ("fan_in_uniform", "auto"):
            model = clf.Model("network", f"input=8,8,1 layers='{'flatten; ' if inputs == 64 else ''}"
                              f"{layer} initializer={initializer}; flatten; dense units=2'")
            clf.call("clf_network_set_weight", model, "dense_2.bias" if inputs == 64
                     else "dense_1.bias", clf.tensor(np.zeros(2, np.float32)))
            bound = 1 / np.sqrt(inputs)
            weight = bound if initializer == "fan_in_uniform" else bound * np.sqrt(3)
            clf.close([np.abs(model.tensor(f"{name}.weight")).max()], [weight], 0.01, initializer)
            clf.close([np.abs(model.tensor(f"{name}.bias")).max()], [bound], 0.01, "bias")


@with_torch
def clip_norm__is_of_all_weights_together():
    data, most = clf.Dataset(X, Y), 0.05
    params = f"layers='dense units={CLASSES}' {ONE_BATCH} epochs="
    layer = linear_of(fit(params + "0", data))
    loss = torch.nn.functional.cross_entropy(layer(torch.tensor(X)), torch.tensor(Y).long())
    loss.backward()
    torch.nn.utils.clip_grad_norm_(layer.parameters(), most)
    torch.optim.SGD(layer.parameters(), RATE).step()
    model = fit(params + f"1 clip_norm={most}", data)
    clf.close(model.tensor("dense_1.weight"), layer.weight.detach().numpy().T, 1e-5, "weights")


if __name__ == "__main__":
    clf.run([cross_entropy__is_the_mean_over_rows, binary_cross_entropy__is_summed_over_outputs,
             squared_error__is_half_the_sum_over_outputs, hinge__is_summed_over_the_other_classes,
             hinge__of_one_output_is_of_signs, class_weight__is_divided_by_the_mean_of_the_fit,
             weight_decay__is_of_weights_and_not_of_biases, schedules__are_those_of_pytorch,
             plateau__of_interval_is_patience_and_one,
             padding_same__has_the_larger_half_at_the_end, forget_gates__begin_at_one,
             first_weights__have_the_bounds_that_the_guide_says,
             clip_norm__is_of_all_weights_together])
