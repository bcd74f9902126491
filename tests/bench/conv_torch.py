"""PyTorch's times for the convolutions of `bench_ops PEAK conv`: a batch of 100 images, relu
included; on one thread the processor's time counts.

    python3 tests/bench/conv_torch.py [THREADS] [--json FILE]
"""
import argparse
import time

import results
import torch

LAYERS = [(28, 1, 32, 5), (14, 32, 64, 5), (28, 3, 32, 3), (14, 64, 64, 3), (14, 16, 16, 3),
          (7, 128, 128, 3), (28, 128, 128, 3), (14, 128, 128, 3), (14, 256, 256, 3)]
FORMATS = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}


def fastest(call, clock, calls=40):
    """Milliseconds of the fastest of several calls."""
    best = float("inf")
    for _ in range(calls):
        began = clock()
        call()
        best = min(best, clock() - began)
    return 1e3 * best


def times(layer, memory, clock):
    size, channels, filters, kernel = layer
    conv = torch.nn.Conv2d(channels, filters, kernel, padding=kernel // 2).to(memory_format=memory)
    x = torch.rand(100, channels, size, size).contiguous(memory_format=memory)
    dy = torch.rand(100, filters, size, size).contiguous(memory_format=memory)
    with torch.no_grad():
        yield "forward", fastest(lambda: torch.relu(conv(x)), clock)
        yield "forward, one image", fastest(lambda: torch.relu(conv(x[:1])), clock, 200)
    for name, input_too in (("gradient of weights", False), ("both gradients", True)):
        x = x.detach().requires_grad_(input_too)
        y = torch.relu(conv(x))
        wanted = (conv.weight, conv.bias) + ((x,) if input_too else ())
        yield name, fastest(lambda: torch.autograd.grad(y, wanted, dy, retain_graph=True), clock)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("threads", nargs="?", type=int, default=1)
    results.add_option(parser)
    options = parser.parse_args()
    threads, kept = options.threads, results.Results(options.json)
    torch.set_num_threads(threads)
    clock = time.process_time if threads == 1 else time.perf_counter
    print(f"PyTorch {torch.__version__}, {threads} threads")
    for layer in LAYERS:
        for name, memory in FORMATS.items():
            size, channels, filters, kernel = layer
            for what, milliseconds in times(layer, memory, clock):
                kept.add(layer=f"{kernel}x{kernel}, {channels} to {filters} of {size}x{size}", format=name, work=what,
                         by="torch", threads=threads, work_seconds=milliseconds / 1e3)
                print(f"conv {kernel}x{kernel}, {channels:3} to {filters:3} of {size}x{size}  "
                      f"{name}  {what:20} {milliseconds:8.3f} ms", flush=True)


main()
