import pytest

from genlab.ui.hostile import card_markdown, literal

TRICKS = [
    "![x](http://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "<img src=x onerror=alert(1)>",
    ":red[x] :material/home:",
    "$x$ *x* _x_ `x` ~~x~~",
    "https://evil.example www.evil.example a@evil.example",
    "| a | b |\n|---|---|",
]


@pytest.mark.parametrize("text", TRICKS)
def test_literal_text_has_a_backslash_before_every_mark(text):
    shown = literal(text)
    for i, letter in enumerate(shown):
        if not letter.isalnum() and letter not in " \\/,;%?":
            assert shown[i - 1] == "\\", (letter, shown)
    assert shown.replace("\\", "") == " ".join(text.split())


def test_a_card_keeps_its_formatting():
    text = (
        "Some *words*\n\n- a list\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[a link](https://x.example)"
    )
    assert card_markdown(text) == text


def test_a_card_loses_its_pictures_its_html_and_its_large_headings():
    text = "---\nlicense: mit\n---\n# Big\n![x](http://evil.example/x.png) <b onclick=1>x</b>"
    shown = card_markdown(text)
    assert shown.startswith("##### Big")
    assert "![" not in shown
    assert "<" not in shown


def test_a_card_cannot_colour_or_decorate_the_page():
    shown = card_markdown(":red[x] :material/home: :smile:")
    assert ":red[" not in shown.replace("\\:", "")
    assert ":smile:" not in shown.replace("\\:", "")


def test_a_long_card_is_cut():
    assert len(card_markdown("x" * 10**6)) <= 20_000
