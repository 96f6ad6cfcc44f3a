"""The networks of `tailward bench` in PyTorch: one JSON line for each on stdout.

Usage: training.py THREADS REPEATS [FILTER]

Each network is measured in both memory layouts; the faster one is reported, and both are in the details. A step is forward,
backward and SGD with Nesterov momentum and weight decay, on batches that are ready.
"""

import json
import platform
import sys
import time

import torch
from torch import nn
from torch.nn import functional

THREADS, REPEATS = int(sys.argv[1]), int(sys.argv[2])
FILTER = sys.argv[3] if len(sys.argv) > 3 else ""
torch.set_num_threads(THREADS)


def conv(channels_in, channels_out, kernel, stride):
    return nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, bias=False)


class Block(nn.Module):
    def __init__(self, bottleneck, channels_in, width, stride):
        super().__init__()
        out = width * (4 if bottleneck else 1)
        if bottleneck:
            shapes = [(channels_in, width, 1, 1), (width, width, 3, stride), (width, out, 1, 1)]
        else:
            shapes = [(channels_in, width, 3, stride), (width, width, 3, 1)]
        self.convs = nn.ModuleList(conv(*shape) for shape in shapes)
        self.norms = nn.ModuleList(nn.BatchNorm2d(shape[1]) for shape in shapes)
        self.short = None
        if stride != 1 or channels_in != out:
            self.short = nn.Sequential(conv(channels_in, out, 1, stride), nn.BatchNorm2d(out))

    def forward(self, x):
        y = x
        for place, (layer, norm) in enumerate(zip(self.convs, self.norms)):
            y = norm(layer(y))
            if place + 1 < len(self.convs):
                y = functional.relu(y, inplace=True)
        y = y + (x if self.short is None else self.short(x))
        return functional.relu(y, inplace=True)


class ResNet(nn.Module):
    def __init__(self, stem, bottleneck, blocks, widths, classes=100):
        super().__init__()
        self.first = {
            "cifar": nn.Conv2d(3, widths[0], 3, 1, 1, bias=False),
            "cifar-strided": nn.Conv2d(3, widths[0], 3, 2, 1, bias=False),
            "imagenet": nn.Conv2d(3, widths[0], 7, 2, 3, bias=False),
        }[stem]
        self.norm = nn.BatchNorm2d(widths[0])
        self.pool = nn.MaxPool2d(3, 2, 1) if stem == "imagenet" else nn.Identity()
        layers, channels = [], widths[0]
        for stage, (count, width) in enumerate(zip(blocks, widths)):
            for block in range(count):
                layers.append(Block(bottleneck, channels, width, 2 if stage > 0 and block == 0 else 1))
                channels = width * (4 if bottleneck else 1)
        self.layers = nn.Sequential(*layers)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.pool(functional.relu(self.norm(self.first(x)), inplace=True))
        return self.fc(self.layers(x).mean((2, 3)))


class Vae(nn.Module):
    """The official network of VAAL."""

    def __init__(self, width=128, latent=32):
        super().__init__()
        encoder, channels = [], 3
        for factor in (1, 2, 4, 8):
            encoder += [nn.Conv2d(channels, width * factor, 4, 2, 1, bias=False), nn.BatchNorm2d(width * factor), nn.ReLU(True)]
            channels = width * factor
        self.encoder, self.channels = nn.Sequential(*encoder), channels
        self.mean, self.log_variance = nn.Linear(channels * 4, latent), nn.Linear(channels * 4, latent)
        self.expand = nn.Linear(latent, channels * 16)
        decoder = []
        for factor in (4, 2, 1):
            decoder += [nn.ConvTranspose2d(channels, width * factor, 4, 2, 1, bias=False), nn.BatchNorm2d(width * factor), nn.ReLU(True)]
            channels = width * factor
        self.decoder = nn.Sequential(*decoder, nn.ConvTranspose2d(channels, 3, 1))

    def forward(self, x):
        features = self.encoder(x).flatten(1)
        mean, log_variance = self.mean(features), self.log_variance(features)
        latent = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        return self.decoder(self.expand(latent).view(-1, self.channels, 4, 4)), mean, log_variance


class TowerBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        y = self.norms[0](x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        y = self.wide(self.norms[1](x))
        return x + self.narrow(y * torch.sigmoid(1.702 * y))


class Tower(nn.Module):
    """CLIP's image tower, ViT-B/32, with a linear head."""

    def __init__(self, image=224, patch=32, width=768, layers=12, heads=12, features=512, classes=100):
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch, bias=False)
        self.first = nn.Parameter(torch.randn(1, 1, width) * width**-0.5)
        self.places = nn.Parameter(torch.randn(1, (image // patch) ** 2 + 1, width) * width**-0.5)
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.blocks = nn.Sequential(*(TowerBlock(width, heads) for _ in range(layers)))
        self.project, self.head = nn.Linear(width, features, bias=False), nn.Linear(features, classes)

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.first.expand(len(tokens), -1, -1), tokens], 1) + self.places
        return self.head(self.project(self.after(self.blocks(self.before(tokens))[:, 0])))


def classifier_loss(model, images, labels):
    return functional.cross_entropy(model(images), labels)


def vae_loss(model, images, _):
    output, mean, log_variance = model(images)
    return functional.mse_loss(output, images) - 0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()


def training(make, loss_of, batch, side, adam=False):
    def measure(layout):
        torch.manual_seed(0)
        model = make().to(memory_format=layout).train()
        if adam:
            optimiser = torch.optim.Adam(model.parameters(), lr=5e-4)
        else:
            optimiser = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4)
        images = torch.randn(batch, 3, side, side).to(memory_format=layout)
        labels = torch.arange(batch) % 100

        def step():
            optimiser.zero_grad(set_to_none=True)
            loss_of(model, images, labels).backward()
            optimiser.step()

        return step

    return measure


def scoring(make, batch, side):
    def measure(layout):
        torch.manual_seed(0)
        model = make().to(memory_format=layout).eval()
        images = torch.randn(batch, 3, side, side).to(memory_format=layout)

        def step():
            with torch.inference_mode():
                model(images).softmax(1)

        return step

    return measure


def normalisation(side, channels, has_shortcut):
    """Batch normalisation in training and ReLU, forward and backward."""

    def measure(layout):
        images = torch.linspace(-1, 1, 32 * channels * side * side).view(32, channels, side, side)
        images = images.to(memory_format=layout)
        inputs = images.clone(memory_format=torch.preserve_format).requires_grad_()
        shortcut = images.clone(memory_format=torch.preserve_format).requires_grad_() if has_shortcut else None
        norm = nn.BatchNorm2d(channels).train()
        wanted = [inputs, norm.weight, norm.bias] + ([shortcut] if has_shortcut else [])

        def step():
            output = norm(inputs)
            if has_shortcut:
                output = output + shortcut
            torch.autograd.grad(functional.relu(output, inplace=True), wanted, images)

        return step

    return measure


def pooling(layout):
    images = torch.randn(16, 64, 32, 32).to(memory_format=layout).requires_grad_()

    def step():
        output = functional.max_pool2d(images, 3, 2, 1)
        torch.autograd.grad(output, images, torch.ones_like(output))

    return step


def optimisation(make):
    def measure(_):
        parameter = nn.Parameter(torch.linspace(-1, 1, 11_220_132))
        parameter.grad = parameter.detach().clone()
        return make([parameter]).step

    return measure


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True)


def adam(parameters):
    return torch.optim.Adam(parameters, lr=1e-3, weight_decay=5e-4, fused=True)


def seconds(step):
    step()
    step()
    found = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        step()
        found.append(time.perf_counter() - started)
    return found


def quick():
    return ResNet("cifar-strided", False, [1, 1, 1], [32, 64, 128])


def resnet18():
    return ResNet("cifar", False, [2, 2, 2, 2], [64, 128, 256, 512])


def resnet50():
    return ResNet("imagenet", True, [3, 4, 6, 3], [64, 128, 256, 512])


CASES = [
    ("train-step/quick-resnet/batch=64", 64, training(quick, classifier_loss, 64, 32)),
    ("train-step/resnet-18/batch=32", 32, training(resnet18, classifier_loss, 32, 32)),
    ("train-step/resnet-50/side=64/batch=16", 16, training(resnet50, classifier_loss, 16, 64)),
    ("train-step/clip-vit-b-32/batch=8", 8, training(Tower, classifier_loss, 8, 224)),
    ("train-step/vae/official/batch=32", 32, training(Vae, vae_loss, 32, 32, adam=True)),
    ("score/quick-resnet/batch=500", 500, scoring(quick, 500, 32)),
    ("score/resnet-18/batch=100", 100, scoring(resnet18, 100, 32)),
    ("score/clip-vit-b-32/batch=8", 8, scoring(Tower, 8, 224)),
    ("kernels/batch-norm+relu/64/batch=32", 32, normalisation(32, 64, False)),
    ("kernels/batch-norm+relu+shortcut/64/batch=32", 32, normalisation(32, 64, True)),
    ("kernels/batch-norm+relu/128/batch=32", 32, normalisation(16, 128, False)),
    ("kernels/batch-norm+relu/256/batch=32", 32, normalisation(8, 256, False)),
    ("kernels/batch-norm+relu+shortcut/512/batch=32", 32, normalisation(4, 512, True)),
    ("kernels/max-pool/64/batch=16", 16, pooling),
    ("kernels/sgd/parameters=11220132", 1, optimisation(sgd)),
    ("kernels/adam/parameters=11220132", 1, optimisation(adam)),
]

for name, images, measure in CASES:
    benchmark = f"python/torch/{name}/threads={THREADS}"
    if FILTER not in benchmark:
        continue
    layouts = {"channels_first": torch.contiguous_format, "channels_last": torch.channels_last}
    found = {name: seconds(measure(layout)) for name, layout in layouts.items()}
    median = {name: sorted(values)[len(values) // 2] for name, values in found.items()}
    best = min(median, key=median.get)
    detail = {
        "images_per_sec": round(images / median[best]),
        "layout": best,
        "channels_first": median["channels_first"],
        "channels_last": median["channels_last"],
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    print(json.dumps({"benchmark": benchmark, "seconds": found[best], "detail": detail}), flush=True)
