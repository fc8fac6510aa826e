"""The few phrases that decide who answers."""

from __future__ import annotations

import time

import pytest

from handlers.courtesies import is_greeting, is_nod, is_thanks
from handlers.verdicts import rejects, settles
from handlers.wishes import wants_human

WISHES = """\
human please
Agent!!
HUMAN
please human
live agent pls
I want to talk to a real person
can i speak to someone
I’d like to speak to a human
connect me with a representative please
let me talk to your manager
Please put me through to customer service
transfer me to an agent
are there any real people here
is there someone I can talk to
I don't want to talk to a bot
no more bots
stop with the bot
get me a human
can i have a real person
I need a human being
can a human look at this?
I'd rather have a real person answer
I would like to talk to a person about my order
Kann ich bitte mit einem Menschen sprechen?
Verbinden Sie mich mit einem Mitarbeiter
echter Mensch bitte
Ich will keinen Bot
quiero hablar con una persona
necesito un agente"""
NO_WISHES = """\
human resources email?
I am a real person, not a bot
i'm a human
my plant is no human
are you a bot?
please pass my thanks on to the team
I talked to someone yesterday
i spoke with an agent yesterday and she was great
can I transfer it to someone else
I don't need a human, thanks
the agent at the door dropped my parcel
how do I talk to my plants
where is my order"""
REJECTIONS = """\
that's not what I asked
that isn't what i was asking
This does not answer my question
That doesn’t help
it still doesn't work
that didn't help
wrong answer
not helpful
useless
you didn't understand
I already tried that
thanks for nothing
das war nicht meine Frage
Das hilft mir nicht
eso no es lo que pregunté"""
FLAT = ["no", "Nope!", "No, I meant the blue one", "no thats wrong", "nein"]
FRIENDLY = [
    "no thanks",
    "No problem",
    "no worries!",
    "nope that's all",
    "no, that's all, thank you",
    "no i don't need anything else",
    "nein danke",
    "no, all good",
    "nothing else",
    "thanks that helped",
    "no tracking number arrived yet",
]
SETTLED = """\
that solved it
it worked!
That helps, thanks
thanks, all good
perfect, thanks
got it, thanks
That's all, thanks
problem solved
i'm all set
that answers my question, thank you
Erledigt, danke"""
UNSETTLED = [
    "all good but where is it",
    "that works?",
    "it's not solved",
    "is that all?",
    "thanks",
    "good",
    "that helps, however",
]
GREETINGS = [
    "hi",
    "Hello there!",
    "good morning",
    "hallo",
    "hola",
    "hiiii",
    "Hey Fern & Forge 👋",
    "hi, how are you?",
    "anyone there?",
    "Guten Tag",
    "buenos días",
    "hello??",
    "👋 hi",
]
NO_GREETINGS = ["hi where is my order", "👋", "good", "", "hello my plant died", "fern", "the day"]
THANKS = [
    "thanks!",
    "Thank you so much",
    "ok great, thx",
    "danke schön",
    "tysm!!",
    "thanks for the quick reply",
    "muchas gracias",
]
NO_THANKS = ["thanks for nothing", "thanks, where is it?", "thanks I hate it", "ok", ""]
NODS = ["ok", "Okay 👍", "👍", "no worries", "will do", "lol", "!!"]
NO_NODS = ["yes", "no", "ok?", "???", "", "the blue one"]


@pytest.mark.parametrize("text", WISHES.splitlines())
def test_the_wish_for_a_person_is_understood(text: str) -> None:
    assert wants_human(text)


@pytest.mark.parametrize("text", NO_WISHES.splitlines())
def test_talk_about_people_is_not_the_wish_for_one(text: str) -> None:
    assert not wants_human(text)


@pytest.mark.parametrize("text", REJECTIONS.splitlines())
def test_a_rejection_is_understood(text: str) -> None:
    assert rejects(text, after_answer=False)


@pytest.mark.parametrize("text", FLAT)
def test_a_flat_no_rejects_an_answer_only(text: str) -> None:
    assert rejects(text, after_answer=True)


@pytest.mark.parametrize("text", FRIENDLY)
def test_a_friendly_no_rejects_nothing(text: str) -> None:
    assert not rejects(text, after_answer=True)


@pytest.mark.parametrize("text", SETTLED.splitlines())
def test_a_settled_matter_is_understood(text: str) -> None:
    assert settles(text)


@pytest.mark.parametrize("text", UNSETTLED)
def test_doubt_settles_nothing(text: str) -> None:
    assert not settles(text)


@pytest.mark.parametrize(("text", "greets"), [(t, True) for t in GREETINGS] + [(t, False) for t in NO_GREETINGS])
def test_a_bare_greeting_is_told_from_one_with_more_to_say(text: str, greets: bool) -> None:
    assert is_greeting(text, brand="Fern & Forge") is greets


@pytest.mark.parametrize(("text", "thanks"), [(t, True) for t in THANKS] + [(t, False) for t in NO_THANKS])
def test_bare_thanks_are_told_from_thanks_with_more_to_say(text: str, thanks: bool) -> None:
    assert is_thanks(text) is thanks


@pytest.mark.parametrize(("text", "nods"), [(t, True) for t in NODS] + [(t, False) for t in NO_NODS])
def test_a_nod_is_told_from_an_answer(text: str, nods: bool) -> None:
    assert is_nod(text) is nods


@pytest.mark.parametrize(
    "text",
    [
        "real " * 5000,
        "mit a " * 900,
        "sprechen " + "a " * 900,
        "no " * 900,
        "i want " * 300,
        "a" * 100_000,
        "want a real live human " * 80,
        "1 " * 900,
        "é̂" * 900,
    ],
    ids=lambda text: text[:10],
)
def test_no_message_makes_the_search_slow(text: str) -> None:
    start = time.process_time()
    (
        wants_human(text),
        rejects(text, after_answer=True),
        settles(text),
        is_greeting(text),
        is_thanks(text),
        is_nod(text),
    )
    assert time.process_time() - start < 0.25
