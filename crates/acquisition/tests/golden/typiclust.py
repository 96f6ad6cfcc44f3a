"""Makes typiclust.json: the picks of scikit-activeml's TypiClust in clusters that are given. See README.md."""

import json

import numpy
from skactiveml.pool import TypiClust


class Given:
    """A clustering that was made before."""

    clusters = None

    def __init__(self, n_clusters):
        self.n_clusters = n_clusters

    def fit_predict(self, X):
        assert Given.clusters.max() < self.n_clusters
        return Given.clusters


def instance(sizes, labelled_clusters, dims, neighbours, seed):
    """Clusters of different sizes; the labelled rows come last, one in each of `labelled_clusters`."""
    rng = numpy.random.default_rng(seed)
    centres = 4.0 * rng.standard_normal((len(sizes), dims))
    unlabelled = rng.permutation(numpy.repeat(numpy.arange(len(sizes)), sizes))
    clusters = numpy.concatenate([unlabelled, numpy.array(labelled_clusters, dtype=int)])
    X = (centres[clusters] + rng.standard_normal((len(clusters), dims))).astype(numpy.float32)
    y = numpy.full(len(clusters), numpy.nan)
    y[len(unlabelled):] = 0.0
    budget = len(sizes) - len(set(labelled_clusters))
    Given.clusters = clusters
    strategy = TypiClust(random_state=0, cluster_algo=Given, k=neighbours)
    picks, utilities = strategy.query(X.astype(numpy.float64), y, batch_size=budget, return_utilities=True)
    text = lambda array: [[f"{value:.9g}" for value in row] for row in array]
    return {
        "unlabelled": text(X[: len(unlabelled)]),
        "labelled": text(X[len(unlabelled):]),
        "clusters": clusters.tolist(),
        "neighbours": neighbours,
        "picks": picks.tolist(),
        "typicality": [float(utilities[rank, pick]) for rank, pick in enumerate(picks)],
    }


def main():
    instances = [
        instance([30, 41, 17, 22], [], 5, 5, 1),
        instance([12, 60, 25, 33, 14], [1, 3, 3], 9, 6, 2),
        instance([80], [], 2, 20, 3),
    ]
    with open("typiclust.json", "w") as file:
        json.dump(instances, file)
        file.write("\n")


if __name__ == "__main__":
    main()
