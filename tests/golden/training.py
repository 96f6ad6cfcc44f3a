"""Makes training.json: ten steps of Adam on a weighted and smoothed cross-entropy, and that loss on its own, from PyTorch.

    python training.py > training.json

The networks, images and labels are those of resnet.json, which must be beside this file. The loss is
torch.nn.functional.cross_entropy with `weight` and `label_smoothing`; the optimiser torch.optim.Adam with `weight_decay`.
"""

import json
import os
import sys

import torch
from torch.nn import functional as F

sys.stdout, stdout = open(os.devnull, "w"), sys.stdout
import resnet  # makes resnet.json again, into nothing

sys.stdout = stdout


def network(case):
    net = resnet.Net(case["stem"], case["blocks"], case["widths"], case["classes"])
    state = {
        tensor["name"]: torch.tensor(tensor["values"]).reshape(tensor["shape"]) for tensor in case["state"]
    }
    net.load_state_dict(state, strict=False)
    return net.train()


def inverse_frequencies(labels, classes):
    counts = torch.bincount(labels, minlength=classes)
    return torch.where(counts > 0, 1.0 / counts.clamp(min=1), torch.zeros(()))


def steps(case):
    net, size = network(case), case["size"]
    labels = torch.tensor(case["labels"])
    pixels = torch.tensor(case["pixels"]).reshape(len(labels), 3, size, size)
    images = (pixels.float() / 255 - 0.5) / 0.25
    weights = inverse_frequencies(labels, case["classes"])
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=5e-5)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images)[0], labels, weight=weights, label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def loss(weights, smoothing):
    torch.manual_seed(3)
    logits = (3 * torch.randn(7, 4)).requires_grad_()
    targets = torch.tensor([0, 3, 1, 1, 0, 3, 3])
    value = F.cross_entropy(logits, targets, weight=torch.tensor(weights), label_smoothing=smoothing)
    value.backward()
    return {
        "logits": resnet.flat(logits), "targets": targets.tolist(), "weights": weights, "smoothing": smoothing,
        "loss": value.item(), "gradient": resnet.flat(logits.grad),
    }


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "resnet.json")) as file:
    cases = json.load(file)["cases"]
json.dump(
    {
        "reference": f"torch {torch.__version__}, python {sys.version.split()[0]}",
        "adam_losses": [steps(case) for case in cases],
        "losses": [loss(w, s) for w in ([1.0, 1.0, 1.0, 1.0], [0.5, 0.25, 0.0, 2.0]) for s in (0.0, 0.1, 0.3)],
    },
    sys.stdout,
)
