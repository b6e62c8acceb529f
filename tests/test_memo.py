from zhiyan.memo import Memo


def test_what_was_made_is_not_made_again():
    memo, made = Memo(), []
    assert [memo.once("a", lambda: made.append(1) or len(made)) for _ in range(3)] == [1, 1, 1]
    assert made == [1]


def test_none_is_kept_too():
    memo, made = Memo(), []
    for _ in range(2):
        assert memo.once("a", lambda: made.append(1)) is None
    assert made == [1]


def test_what_was_asked_for_last_is_kept():
    memo, made = Memo(2), []

    def ask(key: str) -> str:
        return memo.once(key, lambda: made.append(key) or key)

    for key in ("a", "b", "a", "c", "a", "b"):
        assert ask(key) == key
    assert made == ["a", "b", "c", "b"]
