"""The code of a certificate."""

import pytest

from trainer.attempts.rules.verification import code_of, is_code


def test_a_code_is_four_groups_and_hangs_on_key_and_every_fact():
    code = code_of(b"key", 1, "张三", "90.00")
    assert [len(part) for part in code.split("-")] == [4, 4, 4, 4]
    assert code == code_of(b"key", 1, "张三", "90.00")
    others = [
        code_of(b"kez", 1, "张三", "90.00"),
        code_of(b"key", 1, "张三", "91.00"),
        code_of(b"key", "1张", "三", "90.00"),
    ]
    assert code not in others


@pytest.mark.parametrize("change", [str, str.lower, lambda code: code.replace("-", " "), lambda code: f" {code} "])
def test_case_blanks_and_hyphens_do_not_matter(change):
    code = code_of(b"key", 1)
    assert is_code(change(code), code)


@pytest.mark.parametrize("typed", ["", "ABCD", "\u3042" * 16])
def test_anything_else_is_no_code(typed):
    assert not is_code(typed, code_of(b"key", 1))
