"""Makes clip.json: a small image tower of CLIP, its features, gradients and ten steps of AdamW.

    python clip.py > clip.json

The tower is transformers' own CLIPVisionModelWithProjection with a small configuration and random weights; nothing is
downloaded. Its weights are multiples of 1/64, so that they are short here and exact in half precision too; the file has them
times 64, under the keys of Hugging Face and, by the inverse of transformers' convert_clip_original_pytorch_to_hf.py, under
OpenAI's. A gradient and a parameter after the steps are given by their first entries, their L2 norm and three sums in which every
entry has a weight of its own, under the names and in the layout of this project (a layer's weights are [features_in, features_out]);
the biases of keys are left out of them, for no output depends on them. Gradients are clipped over all parameters (clip_grad_norm_). The `zip`s are state dictionaries as torch.save
writes them: Hugging Face's with the numbers of the positions, as its older files have them; OpenAI's in half precision where
its `convert_weights` halves, with the numbers that are no weights. `torchscript` is a traced module. These three are deflated
and in hexadecimal. The versions are in the file.
"""

import io
import json
import sys
import zlib

import torch
import transformers
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

WIDTH, LAYERS, HEADS, IMAGE, PATCH, FEATURES, CLASSES, BATCH = 16, 2, 2, 16, 8, 8, 3, 4
SHOWN, CLIP = 12, 0.25


def sixty_fourths(tensor, low, high):
    """Random multiples of 1/64 in [low, high]."""
    return torch.randint(round(low * 64), round(high * 64) + 1, tensor.shape).float() / 64


def images():
    """A pattern that the test makes too."""
    index = torch.arange(BATCH * 3 * IMAGE * IMAGE)
    return (((index * 37 + index // 11) % 101).double() / 50 - 1).float().reshape(BATCH, 3, IMAGE, IMAGE)


def numbers(tensor):
    return [float(value) for value in tensor.detach().reshape(-1)]


def tensor(value):
    scaled = (value.detach() * 64).reshape(-1)
    assert torch.equal(scaled, scaled.round())
    return {"shape": list(value.shape), "times_64": [int(entry) for entry in scaled]}


def openai(state):
    """OpenAI's keys from Hugging Face's."""
    names = {
        "vision_model.embeddings.class_embedding": "visual.class_embedding",
        "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
        "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    }
    for ours, theirs in [("weight", "weight"), ("bias", "bias")]:
        names[f"vision_model.pre_layrnorm.{theirs}"] = f"visual.ln_pre.{ours}"
        names[f"vision_model.post_layernorm.{theirs}"] = f"visual.ln_post.{ours}"
        for layer in range(LAYERS):
            a, b = f"visual.transformer.resblocks.{layer}", f"vision_model.encoder.layers.{layer}"
            names[f"{b}.layer_norm1.{theirs}"] = f"{a}.ln_1.{ours}"
            names[f"{b}.layer_norm2.{theirs}"] = f"{a}.ln_2.{ours}"
            names[f"{b}.mlp.fc1.{theirs}"] = f"{a}.mlp.c_fc.{ours}"
            names[f"{b}.mlp.fc2.{theirs}"] = f"{a}.mlp.c_proj.{ours}"
            names[f"{b}.self_attn.out_proj.{theirs}"] = f"{a}.attn.out_proj.{ours}"
    found = {theirs: state[ours] for ours, theirs in names.items()}
    for layer in range(LAYERS):
        for kind in ["weight", "bias"]:
            parts = [state[f"vision_model.encoder.layers.{layer}.self_attn.{part}_proj.{kind}"] for part in "qkv"]
            found[f"visual.transformer.resblocks.{layer}.attn.in_proj_{kind}"] = torch.cat(parts)
    found["visual.proj"] = state["visual_projection.weight"].T
    used = len(names) + 6 * LAYERS + 1
    assert used == sum(not key.startswith("head.") for key in state), (used, sorted(state))
    return found


def ours(state):
    """Names and layout of this project."""
    found = {}
    for key, value in openai(state).items():
        path = key.removeprefix("visual.").replace("transformer.resblocks", "blocks").replace("mlp.", "")
        path = path.replace("in_proj_", "in_proj.")
        if path.endswith("in_proj.bias"):
            queries, _, values = value.chunk(3)
            value = torch.cat([queries, values])
        if "ln_" in path:
            path = path.replace("weight", "gamma").replace("bias", "beta")
        found[path] = value.flatten(1).T if path.endswith("weight") else value
    found["head.fc.weight"], found["head.fc.bias"] = state["head.weight"].T, state["head.bias"]
    return {path: short(value) for path, value in found.items()}


def short(value):
    flat = value.detach().reshape(-1).double()
    index = torch.arange(len(flat))
    sums = [float(flat @ (((index * step + index // 7) % 97).double() / 48 - 1)) for step in [1, 31, 53]]
    return {"first": numbers(flat[:SHOWN]), "norm": float(flat.norm()), "sums": sums}


class Traced(nn.Module):
    def __init__(self):
        super().__init__()
        self.visual = nn.Linear(2, 2)

    def forward(self, x):
        return self.visual(x)


def torchscript():
    file = io.BytesIO()
    torch.jit.save(torch.jit.trace(Traced(), torch.zeros(1, 2)), file)
    return zlib.compress(file.getvalue(), 9).hex()


def saved(state):
    file = io.BytesIO()
    torch.save({key: value.clone() for key, value in state.items()}, file)
    return zlib.compress(file.getvalue(), 9).hex()


def hugging_face_zip(state):
    positions = torch.arange(len(state["vision_model.embeddings.position_embedding.weight"])).unsqueeze(0)
    return saved(state | {"vision_model.embeddings.position_ids": positions, "logit_scale": torch.tensor(4.6)})


def openai_zip(state):
    def is_single(key):
        return "ln_" in key or "embedding" in key
    halved = {key: value if is_single(key) else value.half() for key, value in openai(state).items()}
    counts = {"input_resolution": IMAGE, "context_length": 77, "vocab_size": 49408}
    return saved(halved | {key: torch.tensor(value) for key, value in counts.items()})


torch.manual_seed(5)
torch.set_num_threads(1)
config = CLIPVisionConfig(
    hidden_size=WIDTH, intermediate_size=4 * WIDTH, projection_dim=FEATURES, num_hidden_layers=LAYERS,
    num_attention_heads=HEADS, image_size=IMAGE, patch_size=PATCH, hidden_act="quick_gelu",
)
tower = CLIPVisionModelWithProjection(config)
tower.set_attn_implementation("eager")
head = nn.Linear(FEATURES, CLASSES)
with torch.no_grad():
    for name, value in list(tower.named_parameters()) + list(head.named_parameters()):
        if "norm" in name and name.endswith("weight"):
            value.copy_(sixty_fourths(value, 0.5, 1.5))
        elif "patch" in name:
            value.copy_(sixty_fourths(value, -0.125, 0.125))
        else:
            value.copy_(sixty_fourths(value, -0.375, 0.375))

start = {name: value.detach().clone() for name, value in tower.state_dict().items() if "position_ids" not in name}
head_start = {name: tensor(value) for name, value in head.state_dict().items()}
inputs, targets = images(), torch.arange(BATCH) % CLASSES
parameters = list(tower.named_parameters()) + [(f"head.{name}", value) for name, value in head.named_parameters()]
optimiser = torch.optim.AdamW([value for _, value in parameters], lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1)
losses, norms, features, gradients, logits = [], [], None, None, None
for step in range(10):
    optimiser.zero_grad()
    embeds = tower(pixel_values=inputs).image_embeds
    output = head(embeds)
    loss = nn.functional.cross_entropy(output, targets)
    loss.backward()
    if step == 0:
        features, logits = numbers(embeds), numbers(output)
        gradients = ours({name: value.grad for name, value in parameters})
    norms.append(float(nn.utils.clip_grad_norm_([value for _, value in parameters], CLIP)))
    optimiser.step()
    losses.append(float(loss.detach()))
with torch.no_grad():
    after = tower(pixel_values=inputs).image_embeds
    json.dump(
        {
            "reference": f"torch {torch.__version__}, transformers {transformers.__version__}, "
            f"python {sys.version.split()[0]}",
            "hugging_face": {name: tensor(value) for name, value in start.items()},
            "openai": {name: tensor(value) for name, value in openai(start).items()},
            "head": head_start,
            "features": features,
            "logits": logits,
            "gradients": gradients,
            "losses": losses,
            "norms": norms,
            "features_after": numbers(after),
            "logits_after": numbers(head(after)),
            "parameters_after": ours(dict(parameters)),
            "hugging_face_zip": hugging_face_zip(start),
            "openai_zip": openai_zip(start),
            "torchscript": torchscript(),
        },
        sys.stdout,
    )
