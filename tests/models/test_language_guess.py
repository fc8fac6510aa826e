import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from models.language import CERTAIN, CERTAIN_ENGLISH, LANGUAGES, LanguageGuess


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


MANY = [
    *(f"where is my order {number}" for number in range(20)),
    "wo bleibt meine Bestellung, ich warte seit Tagen",
    "Где мой заказ, жду уже неделю",
    "gdje je moja narudžba, čekam već tjedan dana",
    "где је моја поруџбина, чекам већ недељу дана",
    "我的订单在哪里",
    "ingen har svarat mig på en vecka",
    "pakken min har ikke kommet ennå",
    "WHERE IS MY PARCEL",
    "sipariş nerede kaldı acaba",
    "\U0001f621\U0001f621 fix this",
]


def test_the_tables_kept_answer_as_all_of_the_librarys(guess):
    library = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    library.set_languages(LANGUAGES.split())
    for text in MANY:
        language, certainty = library.classify(text)
        sure = certainty >= (CERTAIN_ENGLISH if language == "en" else CERTAIN)
        assert guess.of(text) == (language if sure else "und"), text
