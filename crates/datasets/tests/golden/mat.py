"""Golden MATLAB files: two small ones of SVHN's shape, written by SciPy, with what is in them."""

import io
import json
import platform

import numpy
import scipy
from scipy.io import savemat

HEIGHT, WIDTH, IMAGES = 3, 5, 4


def hexadecimal(variables, compressed):
    file = io.BytesIO()
    savemat(file, variables, do_compression=compressed)
    return file.getvalue().hex()


pixels = numpy.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3, IMAGES), dtype=numpy.uint8)
labels = [10, 1, 9, 10]
variables = {
    "X": pixels,
    "y": numpy.array(labels, dtype=numpy.float64)[:, None],
    "note": "text is passed over",
    "steps": numpy.array([[-1.5, 2.0], [300.0, -70000.0], [0.0, 1e300]]),
    "small": numpy.array([[-3, 300]], dtype=numpy.int16),
}
golden = {
    "made_by": f"mat.py, Python {platform.python_version()}, NumPy {numpy.__version__}, SciPy {scipy.__version__}",
    "images": pixels.transpose(3, 2, 0, 1).reshape(IMAGES, -1).tolist(),
    "labels": labels,
    "steps_by_column": variables["steps"].flatten(order="F").tolist(),
    "small": [-3, 300],
    "plain": hexadecimal(variables, False),
    "compressed": hexadecimal(variables, True),
}
print("{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in golden.items()) + "\n}")
