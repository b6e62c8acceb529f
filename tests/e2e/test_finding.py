"""The search that the tests of secrets rely on finds what is there, and nothing else."""

import numpy as np
from tests.e2e.finding import found_in


def test_finds_what_a_plain_search_finds():
    signs = np.random.default_rng(5)
    content = signs.integers(0, 5, 20_000, np.uint8).tobytes()
    wanted = [signs.integers(0, 5, 4 + n % 5, np.uint8).tobytes() for n in range(400)]
    there = {one for one in wanted if one in content}
    assert 50 < len(there) < 350
    assert found_in(content, wanted) == there


def test_finds_at_both_ends_and_in_every_writing():
    wanted = [name.encode(form) for name in ("王小明", "13800138000") for form in ("utf-8", "utf-16-le", "gb18030")]  # fmt: skip
    for one in wanted:
        assert one in found_in(one + bytes(100), wanted)
        assert one in found_in(bytes(101) + one, wanted)
        assert one not in found_in(bytes(101) + one[:-1], wanted)
    assert found_in(b"abc", wanted) == set()
