"""Makes badge.json: the sampling distributions of BADGE by scikit-activeml's Badge. See README.md."""

import json

import numpy
from skactiveml.pool._badge import _d_2


def instance(rows, classes, dims, budget, seed):
    rng = numpy.random.default_rng(seed)
    embeddings = rng.standard_normal((rows, dims)).astype(numpy.float32)
    logits = 2.0 * rng.standard_normal((rows, classes))
    exponentials = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    p = (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(numpy.float32)
    residuals = p.astype(numpy.float64) - numpy.eye(classes)[p.argmax(axis=1)]
    gradients = (residuals[:, :, None] * embeddings.astype(numpy.float64)[:, None, :]).reshape(rows, -1)
    picks = [int(_d_2(gradients, []).argmax())]
    squared_distances = numpy.full(rows, numpy.inf)
    distributions = []
    while len(picks) < budget:
        squared_distances = _d_2(gradients, [picks[-1]], squared_distances)
        squared_distances[picks] = 0.0
        distributions.append(squared_distances / squared_distances.sum())
        picks.append(int(rng.choice(rows, p=distributions[-1])))
    text = lambda array: [[f"{value:.9g}" for value in row] for row in array]
    return {
        "probabilities": text(p),
        "embeddings": text(embeddings),
        "picks": picks,
        "distributions": [distribution.tolist() for distribution in distributions],
    }


def main():
    instances = [
        instance(20, 4, 5, 8, 1),
        instance(24, 2, 17, 6, 2),
        instance(16, 7, 1, 10, 3),
    ]
    with open("badge.json", "w") as file:
        json.dump(instances, file, indent=None, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
