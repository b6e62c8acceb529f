"""The newest snapshot brought up to date, at the price of what changed.

Each part of the plan is computed again for the customers of facts that may change it: new, corrected
or newly due ones, and those that crossed a bound of a window or an age. Tags are told again where a
measure differs, where time turned them, and where they compare customers and the order is new. Only
rows that came out different are written. The result is what ``compute`` gives.
"""

from zhiyan.core.snapshot import Manifest
from zhiyan.pipeline.compute.causes import Step
from zhiyan.pipeline.compute.full import compute
from zhiyan.pipeline.compute.generation import ALIVE, MOST_VERSIONS, SEEN, Generation
from zhiyan.pipeline.compute.remeasure import ID, measured, remeasure
from zhiyan.pipeline.compute.retag import Retag, fresh
from zhiyan.pipeline.compute.run import Job, drop
from zhiyan.pipeline.compute.store import keep, keeping, newest, place_of
from zhiyan.pipeline.compute.strips import Layout, Strip
from zhiyan.pipeline.compute.touched import RESOLVED, TOUCHED, Touched, find_touched
from zhiyan.ports import Statement

#: The condition that a row version belongs to the snapshot before.
BEFORE = SEEN.format("before")


def refresh(job: Job) -> Manifest:
    """Bring the newest snapshot up to the job's as-of; in full where nothing can be reused."""
    base = newest(job.engine)
    if base is None or not _is_reusable(job, base):
        return compute(job)
    place = place_of(job.engine, base.snapshot_id)
    if place is None or _is_crowded(job, place):
        return compute(job)
    with keeping(job) as kept, job.engine.transaction():
        with job.timed("find touched"):
            touched = find_touched(job, base, place)
        remeasure(job, touched, place)
        fewer = touched.may_move and _end_gone(job, touched, place)
        strips = Layout.of(job).strips
        for strip in strips:
            _replace(job, place, table=place.measures(strip.name), rows=measured(strip))
        reached = None if _are_more(job, place, strips[0]) else frozenset[str]()
        step, columns = Step.of(job, base.as_of), touched.columns(job)
        for strip in strips:
            retag = Retag(
                job=job,
                place=place,
                step=step,
                strip=strip,
                columns=columns,
                reached=reached,
                fewer=fewer,
            )
            reached = retag.run()
            _replace(job, place, table=place.tags(strip.name), rows=fresh(strip))
        if touched.may_move:
            _update_parties(job, touched, place)
        drop(job.engine, *(name(strip) for name in (measured, fresh) for strip in strips))
        touched.forget(job)
        kept.append(keep(job, place.following, based_on=base, kinds=touched.kinds))
    return kept[0]


def _is_reusable(job: Job, base: Manifest) -> bool:
    """Tell whether a snapshot was made by the same definitions, earlier, with nothing held back."""
    return (
        base.catalogue == job.definitions
        and base.as_of <= job.moment.stored_as_of
        and job.moment.known_at is None
        and base.complete
    )


def _is_crowded(job: Job, place: Generation) -> bool:
    """Tell whether a generation holds so many old rows that a new one is due."""
    texts = [
        f"SELECT count(*) > {MOST_VERSIONS} * count(CASE WHEN {BEFORE} THEN 1 END) AS n FROM {table}"  # noqa: S608 - ours
        for table in map(place.tags, place.strips)
    ]
    return any(_ask(job, place, text) for text in texts)


def _are_more(job: Job, place: Generation, strip: Strip) -> bool:
    """Tell whether there are customers whom the snapshot before did not know.

    Any strip tells: each has a row of everybody.
    """
    known = f"SELECT {ID} FROM {place.tags(strip.name)} WHERE {BEFORE}"  # noqa: S608 - ours
    text = f"SELECT count(*) AS n FROM {measured(strip)} WHERE {ID} NOT IN ({known})"  # noqa: S608 - ours
    return bool(_ask(job, place, text))


def _end_gone(job: Job, touched: Touched, place: Generation) -> bool:
    """End the rows of customers who are none any more; tell whether there were any."""
    gone = f"{ID} NOT IN (SELECT {ID} FROM identity.assignment){_of_the_resolved(touched)}"  # noqa: S608 - ours
    table = place.tags(place.strips[0])
    text = f"SELECT count(*) AS n FROM {table} WHERE {BEFORE} AND {gone}"  # noqa: S608 - ours
    fewer = bool(_ask(job, place, text))
    if fewer:
        for table in place.customers:
            _end(job, place, table=table, which=gone)
    return fewer


def _of_the_resolved(touched: Touched, table: str = "") -> str:
    """Return a further condition: only customers of whom resolve knows anything new."""
    if not touched.resolved:
        return ""
    prefix = f"{table}." if table else ""
    return f" AND {prefix}{ID} IN (SELECT {ID} FROM {TOUCHED} WHERE cause = {RESOLVED})"  # noqa: S608 - ours


def _replace(job: Job, place: Generation, *, table: str, rows: str) -> None:
    """Put the rows of a temporary table in the place of those of the same customers."""
    _end(job, place, table=table, which=f"{ID} IN (SELECT {ID} FROM {rows})")  # noqa: S608 - ours
    job.engine.run(Statement(f"INSERT INTO {table} SELECT * FROM {rows} ORDER BY {ID}"))  # noqa: S608 - ours


def _end(job: Job, place: Generation, *, table: str, which: str) -> None:
    text = f"UPDATE {table} SET died = $following WHERE {BEFORE} AND {which}"  # noqa: S608 - ours
    job.engine.run(Statement(text, place.numbers))


def _update_parties(job: Job, touched: Touched, place: Generation) -> None:
    """Replace who is who where it is no longer so."""
    same = "now.party_id = old.party_id AND now.customer_id = old.customer_id"
    now = f"SELECT 1 FROM identity.assignment AS now WHERE {same}"  # noqa: S608 - ours
    gone = f"NOT EXISTS ({now}){_of_the_resolved(touched, 'old')}"
    _end(job, place, table=f"{place.parties} AS old", which=gone)
    following = {"following": place.following.snapshot}
    there = f"SELECT 1 FROM {place.parties} AS old WHERE {same} AND {SEEN.format('following')}"  # noqa: S608 - ours
    text = (
        f"INSERT INTO {place.parties} SELECT now.party_id, now.customer_id, $following, {ALIVE}"  # noqa: S608 - ours
        f" FROM identity.assignment AS now WHERE NOT EXISTS ({there})"
        f"{_of_the_resolved(touched, 'now')}"
    )
    job.engine.run(Statement(text, following))


def _ask(job: Job, place: Generation, text: str) -> int:
    """Return the number that a question about the snapshot before has for an answer, as ``n``."""
    rows = job.engine.query(Statement(text, {"before": place.snapshot}))
    return int(rows.column("n")[0].as_py())
