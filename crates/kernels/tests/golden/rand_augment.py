"""What Pillow makes of small images by each operation of RandAugment and by Cutout: rand_augment.json.

Made with Python 3 and the Pillow named in the file:  python rand_augment.py > rand_augment.json
A number of cases and a seed as arguments make a longer list of random ones instead, for a comparison by hand.
"""

import json
import random
import sys

import PIL
from PIL import Image, ImageDraw, ImageEnhance, ImageOps


def picture(rng, mode, width, height, kind):
    """Bytes of an image, pixel after pixel."""
    channels = len(mode) if mode == "RGB" else 1
    count = width * height * channels
    if kind == "noise":
        return bytes(rng.randrange(256) for _ in range(count))
    if kind == "ramp":
        return bytes((i * 7 // channels + 40 * (i % channels)) % 256 for i in range(count))
    if kind == "flat":
        return bytes(93 + 20 * (i % channels) for i in range(count))
    if kind == "few":
        return bytes(rng.choice([12, 13, 200]) for _ in range(count))
    return bytes(min(255, max(0, int(rng.gauss(110, 25)))) for _ in range(count))  # dull


def affine(image, matrix):
    return image.transform(image.size, Image.Transform.AFFINE, matrix)


def covered(image, side, x, y):
    width, height = image.size
    left, top = int(max(0, x - side / 2)), int(max(0, y - side / 2))
    right, bottom = min(width, left + side), min(height, top + side)
    image = image.copy()
    colour = (125, 123, 114)
    if image.mode == "L":
        colour = Image.new("RGB", (1, 1), colour).convert("L").getpixel((0, 0))
    ImageDraw.Draw(image).rectangle((left, top, right, bottom), colour)
    return image


OPERATIONS = {
    "AutoContrast": (None, lambda image, _: ImageOps.autocontrast(image)),
    "Brightness": ((0.05, 0.95), lambda image, v: ImageEnhance.Brightness(image).enhance(v)),
    "Color": ((0.05, 0.95), lambda image, v: ImageEnhance.Color(image).enhance(v)),
    "Contrast": ((0.05, 0.95), lambda image, v: ImageEnhance.Contrast(image).enhance(v)),
    "Equalize": (None, lambda image, _: ImageOps.equalize(image)),
    "Identity": (None, lambda image, _: image),
    "Posterize": ((4, 8), lambda image, v: ImageOps.posterize(image, int(v))),
    "Rotate": ((-30, 30), lambda image, v: image.rotate(v)),
    "Sharpness": ((0.05, 0.95), lambda image, v: ImageEnhance.Sharpness(image).enhance(v)),
    "ShearX": ((-0.3, 0.3), lambda image, v: affine(image, (1, v, 0, 0, 1, 0))),
    "ShearY": ((-0.3, 0.3), lambda image, v: affine(image, (1, 0, 0, v, 1, 0))),
    "Solarize": ((0, 256), lambda image, v: ImageOps.solarize(image, v)),
    "TranslateX": ((-0.3, 0.3), lambda image, v: affine(image, (1, 0, v * image.size[0], 0, 1, 0))),
    "TranslateY": ((-0.3, 0.3), lambda image, v: affine(image, (1, 0, 0, 0, 1, v * image.size[1]))),
}


def planes(image):
    """Bytes as [channels, height, width], in hexadecimal."""
    return b"".join(band.tobytes() for band in image.split()).hex()


def case(rng, mode, width, height, kind, operations, cutout):
    image = Image.frombytes(mode, (width, height), picture(rng, mode, width, height, kind))
    before = planes(image)
    for name, value in operations:
        image = OPERATIONS[name][1](image, value)
    if cutout:
        image = covered(image, *cutout)
    return {
        "channels": len(mode) if mode == "RGB" else 1,
        "height": height,
        "width": width,
        "before": before,
        "operations": [[name, int(value) if name == "Posterize" else value] for name, value in operations],
        "cutout": cutout,
        "after": planes(image),
    }


def value(name, unit):
    span = OPERATIONS[name][0]
    return None if span is None else span[0] + (span[1] - span[0]) * unit


def drawn_cutout(rng, width, height):
    return [rng.random() * 0.5 * width, rng.random() * width, rng.random() * height]


def fixed():
    rng = random.Random(4)
    shapes = [("RGB", 13, 9, "noise"), ("L", 16, 16, "ramp"), ("RGB", 8, 11, "dull"), ("L", 5, 1, "few")]
    for name in OPERATIONS:
        units = [0.5] if OPERATIONS[name][0] is None else [0.0, 0.237, 0.5, 0.81]
        for index, unit in enumerate(units):
            for shape in shapes if index == 1 or len(units) == 1 else shapes[:1]:
                yield case(rng, *shape, [(name, value(name, unit))], None)
    for name in ["AutoContrast", "Equalize", "Contrast", "Sharpness"]:
        for shape in [("RGB", 6, 6, "flat"), ("RGB", 20, 15, "few")]:
            yield case(rng, *shape, [(name, value(name, 0.4))], None)
    for cutout in [[4.5, 2.2, 1.1], [6.0, 12.9, 8.9], [3.3, 6.5, 4.5], [0.4, 3.7, 3.2]]:
        yield case(rng, "RGB", 13, 9, "noise", [], cutout)
    yield case(rng, "L", 10, 10, "noise", [], [4.0, 5.0, 5.0])
    for mode in ["RGB", "L", "RGB"]:
        names = rng.choices(list(OPERATIONS), k=3)
        yield case(rng, mode, 15, 12, "dull", [(n, value(n, rng.random())) for n in names], drawn_cutout(rng, 15, 12))


def many(count, seed):
    rng = random.Random(seed)
    for _ in range(count):
        width, height = rng.choice([(rng.randint(1, 40), rng.randint(1, 40)), (32, 32), (rng.randint(30, 64), 64)])
        mode, kind = rng.choice(["RGB", "RGB", "L"]), rng.choice(["noise", "ramp", "flat", "few", "dull"])
        names = rng.choices(list(OPERATIONS), k=rng.choice([0, 1, 1, 1, 3]))
        cutout = drawn_cutout(rng, width, height) if rng.random() < 0.4 else None
        yield case(rng, mode, width, height, kind, [(n, value(n, rng.random())) for n in names], cutout)


cases = many(int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 1 else fixed()
json.dump({"reference": f"Pillow {PIL.__version__}", "cases": list(cases)}, sys.stdout, separators=(",", ":"))
print()
