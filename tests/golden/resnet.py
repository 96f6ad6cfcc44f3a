"""Makes resnet.json: a small residual network's weights, inputs, logits and ten steps' losses from PyTorch.

    python resnet.py > resnet.json

Made with the versions that the file itself names. The network is written here from its description (basic blocks, CIFAR
stem); it uses nothing but torch.nn. Values are float32 printed with enough digits to be read back exactly.
"""

import json
import sys

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, channels_in, channels_out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels_out)
        self.downsample = None
        if stride != 1 or channels_in != channels_out:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out)
            )

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + shortcut)


class Net(nn.Module):
    def __init__(self, stem, blocks, widths, classes):
        super().__init__()
        kernel, stride = {"Cifar": (3, 1), "CifarStrided": (3, 2), "ImageNet": (7, 2)}[stem]
        self.conv1 = nn.Conv2d(3, widths[0], kernel, stride, kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.pool = nn.MaxPool2d(3, 2, 1) if stem == "ImageNet" else None
        self.layers = nn.ModuleList()
        channels = widths[0]
        for stage, (count, width) in enumerate(zip(blocks, widths)):
            layer = nn.ModuleList()
            for block in range(count):
                layer.append(Block(channels, width, 2 if stage > 0 and block == 0 else 1))
                channels = width
            self.layers.append(layer)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        if self.pool is not None:
            x = self.pool(x)
        for layer in self.layers:
            for block in layer:
                x = block(x)
        embeddings = x.mean(dim=(2, 3))
        return self.fc(embeddings), embeddings


def flat(tensor):
    return [float(value) for value in tensor.detach().reshape(-1)]


def tensors(state):
    return [
        {"name": name, "shape": list(value.shape), "values": flat(value)}
        for name, value in state.items()
        if not name.endswith("num_batches_tracked")
    ]


def case(stem, size, batch):
    torch.manual_seed(7)
    blocks, widths, classes = [1, 1], [4, 6], 5
    net = Net(stem, blocks, widths, classes)
    with torch.no_grad():  # not the values that a fresh network has
        for name, value in net.named_parameters():
            if "bn" in name or "downsample.1" in name:
                value.add_(0.2 * torch.randn_like(value))
        for name, value in net.named_buffers():
            if name.endswith("running_mean"):
                value.add_(0.3 * torch.randn_like(value))
            if name.endswith("running_var"):
                value.mul_(0.5 + torch.rand_like(value))
    state = tensors(net.state_dict())
    pixels = torch.randint(0, 256, (batch, 3, size, size))
    images = (pixels.float() / 255 - 0.5) / 0.25
    labels = torch.randint(0, classes, (batch,))
    net.eval()
    logits, embeddings = net(images)
    result = {
        "stem": stem, "blocks": blocks, "widths": widths, "classes": classes, "size": size,
        "state": state, "pixels": pixels.reshape(-1).tolist(), "labels": labels.tolist(),
        "logits": flat(logits), "embeddings": flat(embeddings),
    }
    net.train()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images)[0], labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    result["losses"] = losses
    return result


torch.set_num_threads(1)
json.dump(
    {
        "reference": f"torch {torch.__version__}, python {sys.version.split()[0]}",
        "cases": [case("Cifar", 8, 6), case("CifarStrided", 9, 6), case("ImageNet", 16, 6)],
    },
    sys.stdout,
)
