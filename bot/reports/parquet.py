"""A summary as a Parquet file: the same tidy table as CSV, with types. Needs the extra ``reports``."""

from __future__ import annotations

import importlib.util
import io

from bot.errors import SettingsError
from bot.figures import Summary
from bot.reports.tidy import about, numbers


def check_parquet() -> None:
    """Raise SettingsError with the remedy where the library that writes Parquet is missing."""
    if importlib.util.find_spec("pyarrow") is None:
        raise SettingsError("Parquet needs pyarrow, which is not installed: pip install 'heed[reports]'")


def as_parquet(summary: Summary) -> bytes:
    """Return one row for each number under the columns of CSV.

    ``since`` and ``until`` are UTC timestamps in microseconds, ``value`` is a double (null: cannot be told), all
    else is text. Raises SettingsError with the remedy where pyarrow is missing.
    """
    check_parquet()
    import pyarrow as pa  # noqa: PLC0415  # an optional vendor library: a plain install has no Parquet
    from pyarrow import parquet  # noqa: PLC0415  # as above

    rows, shared = list(numbers(summary)), about(summary)
    instant, text = pa.timestamp("us", tz="UTC"), pa.string()
    values = [None if row.value is None else float(row.value) for row in rows]
    columns = {
        "since": pa.array([summary.since] * len(rows), instant),
        "until": pa.array([summary.until] * len(rows), instant),
        "counting": pa.array([shared.counting] * len(rows), text),
        "where": pa.array([shared.where] * len(rows), text),
        "by": pa.array([row.by for row in rows], text),
        "group": pa.array([row.group for row in rows], text),
        "section": pa.array([row.section for row in rows], text),
        "of": pa.array([row.of for row in rows], text),
        "figure": pa.array([row.figure for row in rows], text),
        "unit": pa.array([row.unit for row in rows], text),
        "value": pa.array(values, pa.float64()),
    }
    out = io.BytesIO()
    parquet.write_table(pa.table(columns), out, compression="zstd")
    return out.getvalue()
