"""Makes cluster_margin.json: average linkage by SciPy, and the nearest means. See README.md."""

import json

import numpy
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist


def by_lowest_row(labels):
    numbers = {}
    return [numbers.setdefault(label, len(numbers)) for label in labels]


def instance(rows, dims, clusters, seed):
    rng = numpy.random.default_rng(seed)
    points = rng.standard_normal((rows, dims)).astype(numpy.float32)
    points += 3.0 * rng.standard_normal((4, dims)).astype(numpy.float32)[rng.integers(0, 4, size=rows)]
    wide = points.astype(numpy.float64)
    hierarchy = numpy.array(by_lowest_row(fcluster(linkage(wide, "average"), clusters, "maxclust")))
    means = numpy.stack([wide[hierarchy == cluster].mean(axis=0) for cluster in range(clusters)])
    nearest = cdist(wide, means).argmin(axis=1)
    return {
        "embeddings": [[f"{value:.9g}" for value in row] for row in points],
        "clusters": clusters,
        "nearest": nearest.tolist(),
        "moved": int((nearest != hierarchy).sum()),
    }


def main():
    instances = [instance(60, 3, 12, 1), instance(80, 17, 30, 2), instance(50, 1, 5, 3), instance(90, 2, 9, 4)]
    with open("cluster_margin.json", "w") as file:
        json.dump(instances, file, indent=None, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
