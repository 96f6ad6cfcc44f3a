"""The head of a person's project beside scikit-learn's, on the same features of CIFAR-100.

    cargo build --release -p tailward-features --example ridge
    python ridge.py DATA/cifar-100-binary target/release/examples/ridge [seed]

Writes random images of the first 20 classes for the example, has it describe them and fit its heads, and fits to the same
features RidgeClassifierCV (targets -1 and 1, the strength of the best share right when one is left out, among the same strengths)
and RidgeCV on one-hot targets (the strength of the least squared error). Made with numpy 2.x and scikit-learn 1.9.1."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import sklearn
from sklearn.linear_model import RidgeClassifierCV, RidgeCV

CLASSES = 20
STRENGTHS = [0.01, 0.0316, 0.1, 0.316, 1.0, 3.16, 10.0, 31.6]


def read(path):
    rows = np.fromfile(path, np.uint8).reshape(-1, 3074)
    rows = rows[rows[:, 1] < CLASSES]
    return rows[:, 2:], rows[:, 1].astype(np.uint32)


def main():
    data, example = Path(sys.argv[1]), sys.argv[2]
    rng = np.random.default_rng(int(sys.argv[3]) if len(sys.argv) > 3 else 0)
    (images, labels), (test_images, test_labels) = read(data / "train.bin"), read(data / "test.bin")
    order = rng.permutation(len(labels))[:5000]
    images, labels = images[order], labels[order]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name, pixels, truth in [("train", images, labels), ("test", test_images, test_labels)]:
            pixels.tofile(folder / f"{name}.u8")
            truth.tofile(folder / f"{name}.u32")
        print(subprocess.run([example, folder], check=True, capture_output=True, text=True).stdout, end="")
        features = [np.fromfile(folder / f"{name}.f32", np.float32).reshape(len(t), -1).astype(np.float64)
                    for name, t in [("train", labels), ("test", test_labels)]]
    print("scikit-learn", sklearn.__version__)
    dims = features[0].shape[1]
    strengths = [strength * dims for strength in STRENGTHS]
    for count in [200, 1000, 2000, 5000]:
        x, y = features[0][:count], labels[:count]
        started = time.time()
        classifier = RidgeClassifierCV(alphas=strengths, scoring="accuracy").fit(x, y)
        seconds = time.time() - started
        regression = RidgeCV(alphas=strengths).fit(x, np.eye(CLASSES)[y])
        of_regression = (regression.predict(features[1]).argmax(1) == test_labels).mean()
        print(f"{count} labels: RidgeClassifierCV strength {classifier.alpha_ / dims:.4f} a feature, "
              f"{classifier.best_score_:.4f} right when left out, "
              f"{classifier.score(features[1], test_labels):.4f} of the test images, {seconds:.2f} s; "
              f"RidgeCV strength {regression.alpha_ / dims:.4f}, {of_regression:.4f}")


main()
