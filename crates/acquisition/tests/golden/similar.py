"""Makes similar.json: SIMILAR with FLQMI by submodlib's lazy greedy. See README.md."""

import json

import numpy
from submodlib import FacilityLocationVariantMutualInformationFunction


def softmax(logits):
    exponentials = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    return (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(numpy.float32)


def gradients(p, embeddings, labels):
    """By bias and weights of the last layer, written out."""
    residuals = p.astype(numpy.float64) - numpy.eye(p.shape[1])[labels]
    inputs = numpy.concatenate([numpy.ones((len(p), 1)), embeddings.astype(numpy.float64)], axis=1)
    return (residuals[:, :, None] * inputs[:, None, :]).reshape(len(p), -1)


def instance(rows, labelled, classes, dims, budget, eta, seed):
    rng = numpy.random.default_rng(seed)
    draw = lambda count: rng.standard_normal((count, dims)).astype(numpy.float32)
    pool, known = draw(rows), draw(labelled)
    p, q = (softmax(1.5 * rng.standard_normal((count, classes))) for count in (rows, labelled))
    labels = rng.integers(0, classes, size=labelled)
    queries = labels != classes - 1
    g, targets = gradients(p, pool, p.argmax(axis=1)), gradients(q, known, labels)[queries]
    norms = numpy.linalg.norm(g, axis=1)[:, None] * numpy.linalg.norm(targets, axis=1)[None, :]
    f = FacilityLocationVariantMutualInformationFunction(
        n=rows,
        num_queries=int(queries.sum()),
        query_sijs=numpy.maximum(g @ targets.T / norms, 0.0),
        queryDiversityEta=eta,
    )
    greedy = f.maximize(budget=budget, optimizer="LazyGreedy", show_progress=False)
    assert greedy[-1][1] > 0.0
    text = lambda array: [[f"{value:.9g}" for value in row] for row in array]
    return {
        "eta": eta,
        "labels": labels.tolist(),
        "unlabelled": {"probabilities": text(p), "embeddings": text(pool)},
        "labelled": {"probabilities": text(q), "embeddings": text(known)},
        "picks": [int(row) for row, _ in greedy],
        "gains": [float(gain) for _, gain in greedy],
    }


def main():
    instances = [
        instance(40, 12, 3, 5, 12, 1, 1),
        instance(30, 20, 4, 17, 10, 1, 2),
        instance(30, 6, 2, 1, 5, 0.5, 3),
    ]
    with open("similar.json", "w") as file:
        json.dump(instances, file, indent=None, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
