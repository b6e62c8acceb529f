"""Memory: one read per snapshot, afresh for a newer one."""

from tests.api.clinic import Clinic

from zhiyan.api.memory import Memory


class Counting(Clinic):
    """Counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = []

    def coverage(self):
        self.asked.append("coverage")
        return {"age": len(self.asked)}

    def distribution(self, code):
        self.asked.append(code)
        return code, len(self.asked)


def test_each_answer_is_read_once_per_snapshot():
    reads = Counting()
    memory = Memory(reads)
    first = [
        memory.coverage("s1"),
        memory.distribution("s1", "age"),
        memory.distribution("s1", "sex"),
    ]
    again = [
        memory.coverage("s1"),
        memory.distribution("s1", "age"),
        memory.distribution("s1", "sex"),
    ]
    assert first == again
    assert reads.asked == ["coverage", "age", "sex"]


def test_a_newer_snapshot_starts_afresh():
    reads = Counting()
    memory = Memory(reads)
    old = memory.distribution("s1", "age")
    assert memory.coverage("s1") == {"age": 2}
    assert memory.distribution("s2", "age") != old
    assert memory.coverage("s2") == {"age": 4}
    assert reads.asked == ["age", "coverage", "age", "coverage"]
