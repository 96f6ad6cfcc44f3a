"""Golden archives of arrays in the layout of MedMNIST, written by NumPy: in colours compressed, in grey plain."""

import io
import json
import platform

import numpy

random = numpy.random.default_rng(1)


def split(images, shape, classes):
    pixels = random.integers(0, 256, (images, *shape), dtype=numpy.uint8)
    return pixels, random.integers(0, classes, (images, 1), dtype=numpy.uint8)


def case(shape, classes, save):
    arrays = {}
    for name, images in [("train", 4), ("val", 1), ("test", 2)]:
        arrays[f"{name}_images"], arrays[f"{name}_labels"] = split(images, shape, classes)
    file = io.BytesIO()
    save(file, **arrays)
    channel_major = {
        f"{name}_images": (pixels.transpose(0, 3, 1, 2) if pixels.ndim == 4 else pixels).reshape(len(pixels), -1).tolist()
        for name in ("train", "test")
        for pixels in [arrays[f"{name}_images"]]
    }
    labels = {f"{name}_labels": arrays[f"{name}_labels"][:, 0].tolist() for name in ("train", "test")}
    return {**channel_major, **labels, "file": file.getvalue().hex()}


golden = {
    "made_by": f"npz.py, Python {platform.python_version()}, NumPy {numpy.__version__}",
    "colours": case((3, 5, 3), 3, numpy.savez_compressed),
    "grey": case((3, 5), 3, numpy.savez),
}
print("{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in golden.items()) + "\n}")
