"""Makes vae.json: a small variational autoencoder and discriminator, and what PyTorch computes with them.

    python vae.py > vae.json

The networks are written here from their description (VAAL, official code: four 4x4 convolutions of stride 2 with batch
normalisation and ReLU; two heads; linear layer; three 4x4 transposed convolutions of stride 2 with batch normalisation
and ReLU; a 1x1 transposed convolution), with torch.nn alone. `parameters` are counts of the official sizes. Values are
float32 printed with enough digits to be read back exactly. The versions are in the file.
"""

import json
import sys

import torch
from torch import nn
from torch.nn import functional as F


class Step(nn.Module):
    def __init__(self, layer, channels_in, channels_out):
        super().__init__()
        self.conv = layer(channels_in, channels_out, 4, 2, 1, bias=False)
        self.bn = nn.BatchNorm2d(channels_out)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Vae(nn.Module):
    def __init__(self, channels, image_size, latent, width):
        super().__init__()
        self.widest, self.start = 8 * width, image_size // 8
        down = [channels, width, 2 * width, 4 * width, 8 * width]
        up = [8 * width, 4 * width, 2 * width, width]
        self.encoder = nn.ModuleList(Step(nn.Conv2d, a, b) for a, b in zip(down, down[1:]))
        features = self.widest * (image_size // 16) ** 2
        self.mean = nn.Linear(features, latent)
        self.log_variance = nn.Linear(features, latent)
        self.expand = nn.Linear(latent, self.widest * self.start**2)
        self.decoder = nn.ModuleList(Step(nn.ConvTranspose2d, a, b) for a, b in zip(up, up[1:]))
        self.image = nn.ConvTranspose2d(width, channels, 1)

    def encode(self, x):
        for step in self.encoder:
            x = step(x)
        x = x.flatten(1)
        return self.mean(x), self.log_variance(x)

    def decode(self, z):
        x = self.expand(z).view(-1, self.widest, self.start, self.start)
        for step in self.decoder:
            x = step(x)
        return self.image(x)


class Discriminator(nn.Module):
    def __init__(self, latent, hidden):
        super().__init__()
        self.first, self.second = nn.Linear(latent, hidden), nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, 1)

    def forward(self, z):
        return self.last(F.relu(self.second(F.relu(self.first(z)))))[:, 0]


def count(net):
    return sum(value.numel() for value in net.parameters())


def flat(tensor):
    """Nine digits, which name each float32."""
    return [float(f"{value:.9g}") for value in tensor.detach().reshape(-1).tolist()]


def rounded(tensor):
    return [round(value, 6) for value in tensor.detach().reshape(-1).tolist()]


def tensors(net):
    return [
        {"name": name, "shape": list(value.shape), "values": flat(value)}
        for name, value in net.state_dict().items()
        if not name.endswith("num_batches_tracked")
    ]


def results(vae, discriminator, images, noise):
    with torch.no_grad():
        mean, log_variance = vae.encode(images)
        reconstruction = vae.decode(mean + noise * torch.exp(log_variance / 2))
        terms = -0.5 * (1 + log_variance - mean**2 - log_variance.exp())
        return {
            "reconstruction": rounded(reconstruction), "mean": flat(mean), "log_variance": flat(log_variance),
            "reconstruction_error": F.mse_loss(reconstruction, images).item(),
            "kl_sum": terms.sum().item(), "kl_mean": terms.mean().item(),
            "logits": flat(discriminator(mean)), "probabilities": flat(torch.sigmoid(discriminator(mean))),
        }


torch.set_num_threads(1)
torch.manual_seed(11)
parameters = {
    "vae": count(Vae(3, 32, 32, 128)), "vae_64": count(Vae(3, 64, 32, 128)),
    "discriminator": count(Discriminator(32, 512)),
}
channels, size, latent, batch = 2, 16, 3, 3
vae, discriminator = Vae(channels, size, latent, 1), Discriminator(latent, 6)
images = torch.randint(-16, 17, (batch, channels, size, size)) / 16
noise = torch.randn(batch, latent)
for norm in (module for module in vae.modules() if isinstance(module, nn.BatchNorm2d)):
    norm.momentum = 1.0
with torch.no_grad():  # not the values that fresh layers have, and not quite those of the batch
    for name, value in vae.state_dict().items():
        if "bn.weight" in name or "bn.bias" in name:
            value.add_(0.3 * torch.randn_like(value))
    for value in discriminator.parameters():
        value.mul_(3)
    vae.train().decode(vae.encode(images)[0])
    for name, value in vae.state_dict().items():
        if "running_mean" in name:
            value.add_(0.01 * torch.randn_like(value))
        elif "running_var" in name:
            value.mul_(0.5 + torch.rand_like(value))
state = {"vae": tensors(vae), "discriminator": tensors(discriminator)}
evaluation = results(vae.eval(), discriminator, images, noise)
training = results(vae.train(), discriminator, images, noise)  # last, because it changes the running statistics
json.dump(
    {
        "reference": f"torch {torch.__version__}, python {sys.version.split()[0]}",
        "parameters": parameters, "channels": channels, "image_size": size, "latent": latent, "width": 1, "hidden": 6,
        **state, "images": flat(images), "noise": flat(noise),
        "evaluation": evaluation, "training": training,
    },
    sys.stdout,
)
