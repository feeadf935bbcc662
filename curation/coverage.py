"""The map of the prompts from the last check, kept beside its pairs (``index/coverage.*``) for the page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import polars as pl

from core.errors import FinetoothError
from core.files import read_json, write_json
from core.tables import write_table
from core.workspace import Workspace
from curation import cache, queries, thresholds
from curation.evidence.coverage import Cluster, CoverageMap

POINTS = pl.Schema(
    {"id": pl.String(), "x": pl.Float32(), "y": pl.Float32(), "cluster": pl.Int16(), "typical": pl.Float32()}
)
_POINTS, _META = "coverage.parquet", "coverage.json"


@dataclass(frozen=True, slots=True)
class StoredMap:
    """A map as it was when the checks ran.

    Attributes:
        points: Columns of :data:`POINTS`, in order of id.
        clusters: In order of their number.
        total: Prompts of the set, of which ``points.height`` were looked at.
        by_meaning: Whether sentence embeddings were used, and not words.
        dataset_key: The state of the dataset.
    """

    points: pl.DataFrame
    clusters: tuple[Cluster, ...]
    total: int
    by_meaning: bool
    dataset_key: str

    def sample(self, most: int) -> pl.DataFrame:
        """At most ``most`` points, the same ones each time: the first by id, which is chance (ids are hashes)."""
        return self.points.sort("id").head(most)

    def members(self, cluster: int, most: int) -> list[str]:
        """Ids of a cluster's examples, the most typical first, at most ``most``."""
        own = self.points.filter(pl.col("cluster") == cluster)
        return own.sort(["typical", "id"], descending=[True, False])["id"].head(most).to_list()


def write(workspace: Workspace, drawn: CoverageMap, dataset_key: str) -> None:
    """Keep a check's map; ``coverage.json`` comes last, so its presence means complete.

    Args:
        workspace: The open workspace.
        drawn: The map.
        dataset_key: The state of the dataset that the check looked at.
    """
    folder = workspace.path / thresholds.FOLDER
    (folder / _META).unlink(missing_ok=True)
    columns = {"id": drawn.ids, "x": drawn.x, "y": drawn.y, "cluster": drawn.cluster, "typical": drawn.typical}
    write_table(pl.DataFrame(columns, schema=POINTS), folder / _POINTS)
    meta = {
        "dataset_key": dataset_key,
        "total": drawn.total,
        "by_meaning": drawn.by_meaning,
        "clusters": [asdict(cluster) for cluster in drawn.clusters],
    }
    write_json(folder / _META, meta)


def load(workspace: Workspace) -> StoredMap | Literal["absent", "broken"]:
    """The map of the last check that looked at coverage, or why there is none."""
    folder = workspace.path / thresholds.FOLDER
    if not (folder / _META).is_file():
        return "absent"
    try:
        meta = read_json(folder / _META)
        points = pl.read_parquet(folder / _POINTS, columns=list(POINTS)).cast(POINTS)
        clusters = tuple(Cluster(**cluster) for cluster in meta["clusters"])
        return StoredMap(points, clusters, int(meta["total"]), bool(meta["by_meaning"]), str(meta["dataset_key"]))
    except (FinetoothError, OSError, pl.exceptions.PolarsError, KeyError, TypeError, ValueError):
        return "broken"


def fits(workspace: Workspace, stored: StoredMap) -> bool:
    """Whether the dataset is still as it was when the map was made."""
    with cache.synced(workspace).reading() as connection:
        return stored.dataset_key == queries.dataset_key(connection)
