"""Item factors by Spark's ALS, for more likes than one machine can hold (`RETRAIN_ENGINE=spark`).

The same problem as implicit's (Hu, Koren & Volinsky 2008) and the same answer, `Factors`; all
that follows a training needs nothing else of it. Two conventions differ: Spark adds 1 to the
confidence of a like by itself, and multiplies the regularization by how many likes a reader
or a paper has.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.factors import (
    ALPHA,
    ITERATIONS,
    MOST_FACTORS,
    REGULARIZATION,
    Factors,
    FactorsUnavailable,
    FitFactors,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from scipy.sparse import csr_array

_JAVA = "apt-get install openjdk-17-jre-headless"
_QUIET = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
# On one machine: nothing listens but on loopback, and little data is not cut into 200 pieces.
_LOCAL = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
}


@contextmanager
def spark(master: str) -> Iterator[FitFactors]:
    """Yield what learns factors on Spark; its session ends with the block.

    master: `local[2]`, `spark://host:7077` …; whatever else Spark can be told stands in its
    own spark-defaults.conf.

    Raises FactorsUnavailable when Spark, or Java for it, is not here or does not start.
    """
    session = _session(master)
    try:
        yield lambda likes, seed: _fit(session, likes, seed)
    finally:
        session.stop()


def _session(master: str) -> "SparkSession":
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise FactorsUnavailable(f"RETRAIN_ENGINE=spark needs Java 17 or newer: {_JAVA}.")
    try:
        import pyarrow  # noqa: F401
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise FactorsUnavailable(
            "RETRAIN_ENGINE=spark needs Spark: pip install 'paperlark[spark]'."
        ) from error
    builder = SparkSession.builder.master(master).appName("paperlark")
    settings = {**_QUIET, **(_LOCAL if master.startswith("local") else {})}
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session: SparkSession = builder.getOrCreate()
    except PySparkException as error:
        raise FactorsUnavailable(
            f"Spark did not start: it needs Java 17 or newer ({_JAVA}), and SPARK_MASTER an "
            "address where it can run."
        ) from error
    return session


def _fit(session: "SparkSession", likes: "csr_array[Any]", seed: int) -> Factors:
    """Return the factors of X (users × papers); papers without a like have zeros."""
    import pyarrow
    from pyspark.ml.recommendation import ALS

    users, papers = likes.nonzero()
    columns = {
        "user": pyarrow.array(users.astype(np.int32)),
        "paper": pyarrow.array(papers.astype(np.int32)),
        "like": pyarrow.array(np.ones(len(users), np.float32)),
    }
    rank = max(1, min(MOST_FACTORS, min(likes.shape) // 2))
    als = ALS(
        rank=rank,
        maxIter=ITERATIONS,
        implicitPrefs=True,
        alpha=ALPHA - 1,
        regParam=REGULARIZATION * sum(likes.shape) / (2 * max(likes.nnz, 1)),
        userCol="user",
        itemCol="paper",
        ratingCol="like",
        seed=seed,
    )
    found = als.fit(session.createDataFrame(pyarrow.table(columns))).itemFactors.toArrow()
    items = np.zeros((likes.shape[1], rank), np.float32)
    rows = found.column("id").to_numpy()
    items[rows] = np.stack(found.column("features").to_numpy())
    return Factors(items)
