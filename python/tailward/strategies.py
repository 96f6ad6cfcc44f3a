"""Every strategy with its parameters, its paper and the arrays that it needs.

Each function gives a `Strategy` for `tailward.query` and `tailward.Conversation.begin`; the short name of a strategy is that of
its function with ``-`` in place of ``_``, and ``tailward.query("direct", 100, parallel=5, …)`` is the same as
``tailward.query(strategies.direct(parallel=5), 100, …)``. What has a default here has it from the native part, as the command
line has it; what has none has no value that is right for everybody.

``balance`` brings the classes towards balance as well (CBAL: Bengar et al., *Class-Balanced Active Learning for Image
Classification*, WACV 2022). It is the weight λ, in units of the score for each sample that a class lacks or has too many
(their code uses 0.6 on CIFAR-10 and 2 on CIFAR-100 with the entropy in nats), or ``"auto"``: the smallest of a sweep after which
the distance to balance stops falling (their Section 4.1). A dictionary says more: ``{"lambda": 2.0, "solver": "exact"}`` tries
for a proof by branch and bound, ``"prediction": "one-hot"`` takes the most probable class for the class. It needs
``probabilities``, and ``labels`` or ``labelled`` say what there is of each class.

Shapes: ``probabilities`` and ``logits`` are ``[rows, classes]``, ``embeddings`` ``[rows, dims]``, ``head`` ``[classes, dims]``,
``dropout_probabilities`` ``[passes, rows, classes]`` and ``estimates`` ``[rows]``. "Of labelled samples too" means that the
arrays hold all samples and ``labels`` says which are labelled, or that ``labelled`` has those of the labelled ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Optional, Union

from tailward._native import Strategy

Balancing = Union[float, Literal["auto"], Mapping[str, Any], None]


def _of(name: str, **parameters: Any) -> Strategy:
    balance = parameters.get("balance")
    if isinstance(balance, Mapping):
        parameters["balance"] = dict(balance)
    return Strategy(name, **parameters)


def random() -> Strategy:
    """Uniformly, without replacement. Needs any array, or ``rows``."""
    return _of("random")


def entropy(*, balance: Balancing = None) -> Strategy:
    """The highest entropy of the class probabilities first (CBAL, Eq. 5). Needs ``probabilities``.

    The score is the entropy in nats.
    """
    return _of("entropy", balance=balance)


def margin(*, balance: Balancing = None) -> Strategy:
    """The two most probable classes nearest to each other first (Scheffer et al., 2001). Needs ``probabilities``.

    The score is minus the difference of the two probabilities.
    """
    return _of("margin", balance=balance)


def least_confidence(*, of: Optional[Literal["logits"]] = None, balance: Balancing = None) -> Strategy:
    """The lowest highest probability first (Lewis & Gale, 1994). Needs ``probabilities``, or ``logits``.

    Args:
        of: of what the highest is lowest: by default the probabilities, or the ``"logits"``, as the released code of GALAXY has
            it.
    """
    return _of("least-confidence", of=of, balance=balance)


def k_center_greedy(*, decimals: Optional[int] = None, balance: Balancing = None) -> Strategy:
    """The row farthest from everything labelled or picked, again and again (Sener & Savarese, ICLR 2018, Algorithm 1; with
    ``balance`` CBAL, Algorithm 2). Needs ``embeddings``, of labelled samples too. The score is the distance.

    Args:
        decimals: round the embeddings to this many decimals first, as the released code of CBAL does (2).
        balance: the weight in units of the distance; as a dictionary with ``"scale": "per-class"`` it is divided by the number of
            classes, as in the authors' code, which uses 5 on CIFAR-10 and 50 on CIFAR-100.
    """
    return _of("k-center-greedy", decimals=decimals, balance=balance)


def coreset(*, outlier_fraction: float, tolerance: float) -> Strategy:
    """The rows that cover the pool within the smallest radius, some outliers left uncovered (robust k-center, Sener &
    Savarese, ICLR 2018, Algorithm 2). Needs ``embeddings``, of labelled samples too; at most 4,096 rows.

    Args:
        outlier_fraction: the share of the pool that may stay uncovered, in [0, 1); 0.0001 in the paper.
        tolerance: bisection ends when the radius is known to within this share of the greedy radius, such as 0.001.
    """
    return _of("coreset", outlier_fraction=outlier_fraction, tolerance=tolerance)


def typiclust(*, neighbours: int, max_clusters: int) -> Strategy:
    """The most typical row of each cluster in which nothing is labelled (TypiClust, Hacohen et al., ICML 2022). For the first
    rows of all. Needs ``embeddings``, of labelled samples too. The score is the typicality.

    Args:
        neighbours: nearest neighbours that typicality is taken over; the authors have 20.
        max_clusters: the most clusters that are made; the authors have 500.
    """
    return _of("typiclust", neighbours=neighbours, max_clusters=max_clusters)


def bald(*, passes: int, balance: Balancing = None) -> Strategy:
    """The highest mutual information between the class and the weights, by dropout (BALD, Gal et al., ICML 2017). Needs
    ``dropout_probabilities``. The score is the information in nats.

    Args:
        passes: how many passes there are; by its name, a query takes as many as the array has.
    """
    return _of("bald", passes=passes, balance=balance)


def batch_bald(*, passes: int, configurations: int, candidates: Optional[int] = None) -> Strategy:
    """The batch with the highest joint mutual information, greedily (BatchBALD, Kirsch et al., NeurIPS 2019). For small
    batches. Needs ``dropout_probabilities``.

    Args:
        passes: how many passes there are; by its name, a query takes as many as the array has.
        configurations: the joint entropy is exact while a batch has at most this many configurations, and estimated from this
            many sampled ones afterwards, such as 10000.
        candidates: only this many rows, those with the highest BALD score, are looked at; by default all.
    """
    return _of("batch-bald", passes=passes, configurations=configurations, candidates=candidates)


def vaal(*, balance: Balancing = None) -> Strategy:
    """The lowest estimate of a discriminator that tells labelled from unlabelled (VAAL, Sinha et al., ICCV 2019). Training it
    is the business of whoever gives its estimates. Needs ``estimates``.
    """
    return _of("vaal", balance=balance)


def most_likely_positive(*, negative: Optional[int] = None) -> Strategy:
    """The highest logit of a class that is looked for first (Warmuth et al., 2001; Jiang et al., 2018). Needs ``logits``.

    Args:
        negative: the class that is not looked for; by default the last.
    """
    return _of("most-likely-positive", negative=negative)


def base() -> Strategy:
    """As many rows for each class, those nearest to its border (BASE, Emam et al., 2021). Needs ``logits`` and ``head``."""
    return _of("base")


def badge() -> Strategy:
    """k-means++ on gradients of the last layer (BADGE, Ash et al., ICLR 2020). Needs ``probabilities`` and ``embeddings``."""
    return _of("badge")


def cluster_margin(*, sample: int, clusters: int, candidates: float) -> Strategy:
    """The smallest margin of logits, round and round over clusters of embeddings (Cluster-Margin, Citovsky et al., NeurIPS
    2021). Needs ``logits`` and ``embeddings``.

    Args:
        sample: rows that are drawn and clustered hierarchically; GALAXY's code has 1000.
        clusters: clusters that they are cut into; GALAXY's code has 500.
        candidates: rows that compete, as a multiple of the budget; GALAXY's code has 1.25.
    """
    return _of("cluster-margin", sample=sample, clusters=clusters, candidates=candidates)


def similar(*, eta: float, negative: Optional[int] = None) -> Strategy:
    """Rows that are like the labelled rows of classes that are looked for (SIMILAR with FLQMI, Kothawade et al., NeurIPS
    2021). Needs ``probabilities`` and ``embeddings``, of labelled samples too.

    Args:
        eta: how much it counts that a row is like some labelled row, against that every such row has one that is like it; the
            authors have 1.
        negative: the class that is not looked for; by default the last.
    """
    return _of("similar", eta=eta, negative=negative)


def bait(*, regularisation: float, memory_limit_mib: int) -> Strategy:
    """The rows that leave the least uncertainty of the last layer, by Fisher information (BAIT, Ash et al., NeurIPS 2021).
    Needs ``probabilities`` and ``embeddings``, of labelled samples too.

    Args:
        regularisation: what is added to the diagonal of the information of the labelled rows; the authors have 1.
        memory_limit_mib: refuse to begin where more memory than this is needed, in mebibytes.
    """
    return _of("bait", regularisation=regularisation, memory_limit_mib=memory_limit_mib)


def direct(*, parallel: int, mode: Union[Literal["paper"], Mapping[str, Any], None] = None) -> Strategy:
    """The end of each class on a line of all rows, then the rows next to it (DIRECT, Nuggehalli et al., 2023). Asks in
    sub-batches: for a `tailward.Conversation`. Needs ``probabilities``, of labelled samples too.

    Args:
        parallel: labels that can be told at the same time.
        mode: ``"paper"`` by default; ``{"labelbench": {"min_budget_per_class": 60}}`` is what its released code does.
    """
    return _of("direct", parallel=parallel, mode=dict(mode) if isinstance(mode, Mapping) else mode)


def galaxy(*, mode: Optional[Literal["graph", "labelbench", "labelbench-released"]] = None) -> Strategy:
    """The places on a line of all rows where labels change (GALAXY, Zhang et al., ICML 2022). Asks for one row at a time: for a
    `tailward.Conversation`. Needs ``probabilities``, of labelled samples too.

    Args:
        mode: ``"graph"`` by default, as the paper and its code have it; ``"labelbench"`` and ``"labelbench-released"`` are
            LabelBench's forms, with the direction of its search put right and as it is.
    """
    return _of("galaxy", mode=mode)


def entropy_pseudo_label() -> Strategy:
    """Class by class as many rows predicted as the class as it still needs, those with the highest entropy (CBAL, supplement
    H). Needs ``probabilities``.
    """
    return _of("entropy-pseudo-label")


def random_pseudo_label() -> Strategy:
    """Class by class as many rows predicted as the class as it still needs, at random (CBAL, supplement H). Needs
    ``probabilities``.
    """
    return _of("random-pseudo-label")


def k_center_greedy_pseudo_label() -> Strategy:
    """Farthest first over the whole pool, but no more rows predicted as a class than it still needs (CBAL, supplement H).
    Needs ``probabilities``, and ``embeddings``, of labelled samples too.
    """
    return _of("k-center-greedy-pseudo-label")


def k_center_greedy_pseudo_label_per_class() -> Strategy:
    """Farthest first within the rows predicted as a class, as many as it still needs (CBAL, supplement H). Needs
    ``probabilities``, and ``embeddings``, of labelled samples too.
    """
    return _of("k-center-greedy-pseudo-label-per-class")
