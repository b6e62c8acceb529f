"""How a parser is called in these tests."""

import pyarrow as pa

from zhiyan.pipeline.ingest.clean import PARSERS, ParseOptions


def parse(name, texts, **options):
    """Parse texts; the result has one entry per text."""
    parsed = PARSERS[name](pa.array(texts, pa.string()), ParseOptions(**options))
    assert len(parsed.values) == len(parsed.problems) == len(texts)
    return parsed


def values(name, texts, **options):
    return parse(name, texts, **options).values.to_pylist()


def problems(name, texts, **options):
    return parse(name, texts, **options).problems.to_pylist()


def one(name, text, **options):
    """Return (value, problem) of one text."""
    parsed = parse(name, [text], **options)
    return parsed.values[0].as_py(), parsed.problems[0].as_py()
