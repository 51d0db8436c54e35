"""A data source for Spark 4: `spark.readStream.format("sse")` and `spark.read.format("sse")`.

Spark registers it without a call: it imports every top-level module whose name begins with `pyspark_`, and
looks for a `DefaultSource` there.

    _source.py      DefaultSource and its two readers, as Spark calls them
    _options.py     the options, their checks, and secrets from the environment
    _offsets.py     the offsets that Spark keeps in its checkpoint
    _feeds.py       one thread that reads all feeds into bounded buffers
    _reread.py      a batch that Spark asks for again after a crash
    _records.py     events as Arrow record batches

Spark starts several processes for one query, most of which need only a part of this. So pyarrow and the HTTP
client are imported late.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._source import DefaultSource

__all__ = ["DefaultSource"]


def __getattr__(name: str) -> object:
    # Only the part that Spark calls needs pyspark.
    if name != "DefaultSource":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._source import DefaultSource

    return DefaultSource
