"""Places in laws in words."""

import pytest
from flask_babel import force_locale

from trainer.laws.wording import place_name


@pytest.mark.parametrize(
    ("place", "zh", "en"),
    [
        (("36", None, None), "第三十六条", "Article 36"),
        (("36", 1, None), "第三十六条第一款", "Article 36, paragraph 1"),
        (("120-1", 2, 13), "第一百二十条之一第二款第十三项", "Article 120-1, paragraph 2, item 13"),
    ],
)
def test_a_place_in_a_law_is_told_as_the_law_counts_and_in_the_readers_language(app, place, zh, en):
    with app.test_request_context():
        with force_locale("zh_CN"):
            assert place_name(*place) == zh
        with force_locale("en"):
            assert place_name(*place) == en
