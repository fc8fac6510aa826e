import pytest

from models.language import LanguageGuess


@pytest.fixture(scope="module")
def guess():
    return LanguageGuess()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("where is my package, it should have been here yesterday", "en"),
        ("my order is late", "en"),
        ("wo bleibt denn meine Bestellung?", "de"),
        ("ich möchte mein Geld zurück", "de"),
        ("mi pedido no ha llegado todavía", "es"),
        ("bom dia, meu pedido não chegou", "pt"),
        ("je n'ai toujours pas reçu ma commande", "fr"),
        ("こんにちは", "ja"),
        ("주문이 아직 안 왔어요", "ko"),
        ("почему не работает приложение", "ru"),
    ],
)
def test_a_clear_language_is_told(guess, text, language):
    assert guess.of(text) == language


@pytest.mark.parametrize("text", ["", "ok", "lol ty bro", "brb", "1234 5678", "😡😡😡", "@user http", "gr8 thx"])
def test_what_is_too_short_or_too_odd_is_undetermined(guess, text):
    assert guess.of(text) == "und"
