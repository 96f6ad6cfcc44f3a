"""What Pillow makes of images by resizing the shorter side (bicubic) and cropping the middle: center_crop.json.

Made with Python 3 and the Pillow named in the file:  python center_crop.py > center_crop.json
A number of cases and a seed as arguments make a longer list of random ones instead, for a comparison by hand.
"""

import json
import random
import sys

import PIL
from PIL import Image


def case(rng, height, width, side):
    noise = rng.random() < 0.5
    level = lambda i: rng.randrange(256) if noise else int(128 + 127 * ((i * 37 % 101) / 50 - 1))
    source = bytes(min(255, max(0, level(i))) for i in range(height * width * 3))
    image = Image.frombytes("RGB", (width, height), source)
    # torchvision's Resize(side) on the shorter side, and CenterCrop(side).
    short, long = min(width, height), max(width, height)
    other = int(side * long / short)
    size = (side, other) if width <= height else (other, side)
    if size != image.size:
        image = image.resize(size, Image.Resampling.BICUBIC)
    left, top = int(round((size[0] - side) / 2.0)), int(round((size[1] - side) / 2.0))
    image = image.crop((left, top, left + side, top + side))
    planes = b"".join(band.tobytes() for band in image.split())
    return {"height": height, "width": width, "side": side, "source": source.hex(), "cropped": planes.hex()}


def fixed():
    rng = random.Random(9)
    for shape in [(7, 7, 14), (16, 9, 5), (9, 16, 5), (20, 21, 8), (8, 8, 8), (8, 13, 8), (13, 8, 8), (5, 17, 11),
                  (17, 5, 11), (30, 24, 7), (3, 4, 9), (24, 31, 23), (25, 10, 6), (12, 5, 9)]:
        yield case(rng, *shape)


def many(count, seed):
    rng = random.Random(seed)
    for _ in range(count):
        short = rng.randint(1, 60)
        long = min(80, short + rng.randint(0, 40))
        height, width = rng.choice([(short, long), (long, short)])
        yield case(rng, height, width, rng.randint(1, 48))


cases = many(int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 1 else fixed()
json.dump({"reference": f"Pillow {PIL.__version__}", "cases": list(cases)}, sys.stdout, separators=(",", ":"))
print()
