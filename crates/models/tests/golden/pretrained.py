"""Makes pretrained.json: small residual networks saved as PyTorch saves them, and their logits.

    python pretrained.py > pretrained.json

The networks are torchvision's own (its blocks, its `_make_layer`, its `forward`) with small widths. Each is saved three
times: as torch.save writes files now (a zip), as it wrote them before 1.6, and by the safetensors package. A file is
deflated and written in hexadecimal, so that nothing binary is kept in the repository. All weights are multiples of 1/64,
which makes them compressible and exact. The versions are in the file.
"""

import io
import json
import sys
import zlib

import safetensors
import safetensors.torch
import torch
import torchvision
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet


class Small(ResNet):
    def __init__(self, block, blocks, widths, classes):
        nn.Module.__init__(self)
        self._norm_layer, self.groups, self.base_width, self.dilation = nn.BatchNorm2d, 1, 64, 1
        self.inplanes = widths[0]
        self.conv1 = nn.Conv2d(3, widths[0], kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        for stage, (count, width) in enumerate(zip(blocks, widths)):
            layer = self._make_layer(block, width, count, stride=1 if stage == 0 else 2)
            setattr(self, f"layer{stage + 1}", layer)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(widths[-1] * block.expansion, classes)


def sixty_fourths(tensor, low, high):
    """Random multiples of 1/64 in [low, high]."""
    return torch.randint(round(low * 64), round(high * 64) + 1, tensor.shape).float() / 64


def packed(data):
    return zlib.compress(data, 9).hex()


def saved(state, **options):
    file = io.BytesIO()
    torch.save(state, file, **options)
    return packed(file.getvalue())


def images(count, size):
    """A pattern that the test makes too."""
    index = torch.arange(count * 3 * size * size)
    return (((index * 37 + index // 11) % 101).double() / 50 - 1).float().reshape(count, 3, size, size)


def case(block, kind):
    torch.manual_seed(3)
    blocks, widths, classes, size = [2, 1, 1, 1], [2, 3, 2, 3], 5, 33
    net = Small(block, blocks, widths, classes).eval()
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if name.endswith("num_batches_tracked"):
                value.fill_(7)
            elif name.endswith("running_var"):
                value.copy_(sixty_fourths(value, 0.5, 2))
            elif name.endswith("bias") or name.endswith("running_mean"):
                value.copy_(sixty_fourths(value, -0.25, 0.25))
            elif value.dim() == 1:  # the weights of batch normalisation
                value.copy_(sixty_fourths(value, 0.5, 1.5))
            else:
                value.copy_(sixty_fourths(value, -0.75, 0.75))
    state = net.state_dict()
    with torch.no_grad():
        logits = net(images(3, size))
    return {
        "block": kind, "blocks": blocks, "widths": widths, "classes": classes, "size": size,
        "logits": [float(value) for value in logits.reshape(-1)],
        "zip": saved(state),
        "before_1_6": saved(state, _use_new_zipfile_serialization=False),
        "safetensors": packed(safetensors.torch.save(dict(state))),
    }


torch.set_num_threads(1)
json.dump(
    {
        "reference": f"torch {torch.__version__}, torchvision {torchvision.__version__}, "
        f"safetensors {safetensors.__version__}, python {sys.version.split()[0]}",
        "cases": [case(BasicBlock, "Basic"), case(Bottleneck, "Bottleneck")],
    },
    sys.stdout,
    indent=0,
)
