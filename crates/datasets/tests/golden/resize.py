"""Golden resized images: noise and a ramp, enlarged and reduced by Pillow with its bilinear filter."""

import json
import platform

import numpy
import PIL
from PIL import Image

CASES = [([7, 7], [8, 8]), ([28, 28], [32, 32]), ([25, 30], [9, 8])]

random = numpy.random.default_rng(1)
cases = []
for source_size, size in CASES:
    pixels = random.integers(0, 256, (*source_size, 3), dtype=numpy.uint8)
    pixels[..., 2] = numpy.linspace(0, 255, source_size[1], dtype=numpy.uint8)
    resized = Image.fromarray(pixels).resize(size[::-1], Image.Resampling.BILINEAR)
    cases.append({
        "from": source_size,
        "to": size,
        "source": pixels.flatten().tolist(),
        "resized": numpy.asarray(resized).transpose(2, 0, 1).flatten().tolist(),
    })
made_by = f"resize.py, Python {platform.python_version()}, NumPy {numpy.__version__}, Pillow {PIL.__version__}"
lines = ",\n".join(json.dumps(case) for case in cases)
print(f'{{\n"made_by": {json.dumps(made_by)},\n"cases": [\n{lines}\n]\n}}')
