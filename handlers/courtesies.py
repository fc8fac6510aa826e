"""Bare courtesies: a greeting, a thank-you or a nod with nothing else in the message."""

from __future__ import annotations

import re

from handlers.phrases import any_phrase, plain, word_list

#: A courtesy is short; a longer message says something more.
_LONGEST = 12


def _set(spoken: str) -> frozenset[str]:
    return frozenset(spoken.split())


_GREETS = _set(
    "hi hii hey heyy heya hello helo hallo hola hiya howdy yo greetings morning afternoon evening "
    "moin servus grüezi guten buenos buenas"
)
_AROUND_GREETING = _set(
    "good there all everyone team guys folks again day dear sir madam bot to you and the a very "
    "zusammen tag morgen abend ihr liebes lieber días dias tardes noches"
)
_SMALL_TALK = any_phrase(
    r"""
    how are (?:you|things)(?: doing)?(?: today)?
    how'?s it going
    what'?s up|wassup
    (?:is )?any(?:one|body) (?:there|here|home|around)
    (?:are )?you there
    wie geht'?s(?: dir| euch| ihnen)?
    ist da (?:jemand|wer)
    (?:qué|que) tal
    c[óo]mo est[áa]s?
    hay alguien
    """
)

#: The bot called by a name or a command, and nothing asked: "@heed", "<@110>", "/start", "/help@heed_bot".
_CALL = re.compile(r"(?<!\S)(?:<@[!&]?\d+>|@\w[\w.-]{0,63}|/[a-z]\w{0,31}(?:@\w{1,64})?)(?=$|[\s,.!:;])")
#: What Telegram appends to its command when somebody follows a link to the bot.
_START = re.compile(r"/start(?:@\w{1,64})?(?: [\w-]{1,64})?")

_THANKS = _set("thanks thank thx thnx tnx ty tysm cheers ta danke dankeschön dank gracias merci")
_AROUND_THANKS = _set(
    "you u so very much a an lot lots many million bunch kind of ok okay k oh yes yep and i will do "
    "great perfect cool awesome brilliant lovely nice super good alright right fine sure "
    "got it that that's this is "
    "for your the help helping quick fast reply answer again all everyone team guys appreciated appreciate "
    "schön schöne vielen sehr besten lieben muchas muchísimas"
)
_NODS = _set(
    "ok okay okey k kk alright right fine sure cool great perfect good nice lol haha hehe np will do got it "
    "understood noted no problem worries rush alles klar passt gut vale bien you too have a day one weekend"
)


def is_greeting(text: str, *, brand: str = "") -> bool:
    """Tell whether ``text`` greets and says nothing else; it may call the brand by its name.

    Just to call it greets too: whoever writes "@shop" or "/start" waits for a word.
    """
    phrase = plain(text)
    if _START.fullmatch(phrase):
        return True
    left, calls = _CALL.subn(" ", phrase)
    left, small_talk = _SMALL_TALK.subn(" ", left)
    spoken, name = word_list(left), word_list(plain(brand))
    if len(spoken) > _LONGEST or not (spoken or small_talk or calls):
        return False
    greets = bool(small_talk or calls) or spoken == name or not _GREETS.isdisjoint(spoken)
    return greets and (_GREETS | _AROUND_GREETING | frozenset(name)).issuperset(spoken)


def is_thanks(text: str) -> bool:
    """Tell whether ``text`` thanks and says nothing else ("ok great, thank you so much!")."""
    phrase = plain(text)
    spoken = word_list(phrase)
    if len(spoken) > _LONGEST or "?" in phrase or _THANKS.isdisjoint(spoken):
        return False
    return (_THANKS | _AROUND_THANKS).issuperset(spoken)


def is_nod(text: str) -> bool:
    """Tell whether ``text`` only nods: "ok", "no worries", "will do", a thumb or another emoji."""
    phrase = plain(text)
    spoken = word_list(phrase)
    if not phrase or "?" in phrase or spoken == ["no"]:
        return False
    return len(spoken) <= _LONGEST and _NODS.issuperset(spoken)
