"""Makes torchvision_keys.txt: the names and shapes of every tensor in torchvision's residual networks.

    python torchvision_keys.py > torchvision_keys.txt

A line is a key and a shape; a scalar has none. `#` in a key stands for the blocks first to last that the line
names: `layer3.# 1-5 conv1.weight 256x1024x1x1`. The versions are on the first line.
"""

import itertools

import torch
import torchvision


def lines(state):
    blocks = {}  # (layer, rest of the key, shape) -> blocks that have it, in order
    plain = []
    for key, value in state.items():
        shape = "x".join(map(str, value.shape))
        if key.startswith("layer"):
            layer, block, rest = key.split(".", 2)
            blocks.setdefault((layer, rest, shape), []).append(int(block))
        else:
            plain.append(f"{key} {shape}".strip())
    for (layer, rest, shape), found in blocks.items():
        # Runs of blocks without a gap: their number less their place is the same.
        for _, run in itertools.groupby(enumerate(found), lambda pair: pair[1] - pair[0]):
            run = [block for _, block in run]
            plain.append(f"{layer}.# {run[0]}-{run[-1]} {rest} {shape}".strip())
    return plain


print(f"# torchvision {torchvision.__version__}, torch {torch.__version__}")
for name in ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]:
    print(f"[{name}]")
    print("\n".join(lines(getattr(torchvision.models, name)().state_dict())))
