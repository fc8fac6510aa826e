"""The wish to talk to a person, in the words that customers use.

Phrases, not the model: this wish decides who answers, so it must be certain and readable. It leans towards a
human: a phrase too many hands over one conversation, a phrase too few holds a customer up. English, with a
little German and Spanish. Every repetition is bounded, so no message can make the search slow.
"""

# ruff: noqa: E501 - a phrase stands on one line, however long

from __future__ import annotations

from handlers.phrases import any_phrase, plain

_REAL = r"(?:(?:real|actual|live|human|proper|living) ){0,3}"
_PERSON = (
    r"person|human being|human|agent|representative|rep|operator|supervisor|manager|employee|advis[oe]r"
    r"|(?:support|customer service|customer support) (?:agent|person|rep|representative)|member of (?:your )?staff"
)
_SOMEONE = (
    r"(?:someone|somebody|anyone|anybody)(?: (?:real|human|else|from your team|in charge))?"
    r"|customer (?:service|support|care)|human support|your (?:team|staff|people|support team)|people|humans|staff"
)
_BOT = r"(?:(?:stupid|damn|dumb|useless) )?(?:chat ?|ro)?(?:bots?|machines?|computers?)|an? ai|ai"
_NEED = (
    r"need|want|give me|get me|find me|i prefer|i'd prefer|rather have|let me have|i'd like|i would like"
    r"|(?:can|could|may) i (?:please )?(?:get|have)"
)
_MITARBEITER = r"mensch(?:en)?|mitarbeiter\w{0,4}|berater\w{0,4}|kolleg\w{1,4}|echten person|jemande?m?"
_PERSONA = r"persona|humano|ser humano|agente|representante|asesora?|operadora?"

#: What looks like the wish and is not. It is taken out before the search.
_OTHERWISE = any_phrase(
    r"""
    human (?:resources|rights|error|hair|size|skull|nature|made|friendly)
    representative (?:sample|photo|picture|colou?r)
    (?:i am|i'm|im|we are|we're) (?:not )?(?:just |only |also )?(?:an? )?<real><person>(?:,? not an? <bot>)?
    (?:do not|don't|dont|no) (?:want|need|wish) (?:to |for )?(?:speak |talk |chat )?(?:to |with )?(?:an? )?<real><person>
    """,
    real=_REAL,
    person=_PERSON,
    bot=_BOT,
)

_WISH = any_phrase(
    r"""
    # speak to …
    (?:speak|talk|talking|chat|speaking|chatting) (?:directly )?(?:to|with) (?:an? |the |your |one of your )?<real>(?:<person>|<someone>)
    (?:get through|get in touch|in contact) (?:to|with) (?:an? |the |your )?<real>(?:<person>|customer (?:service|support|care)|someone real)
    (?:anyone|someone|anybody|somebody|person|human) (?:real |human |here |there |that ){0,2}i can (?:talk|speak|chat)
    # put me through to …
    (?:connect|put|pass|transfer|hand|switch|forward|redirect|escalate|connected|transferred) (?:me |us )?(?:over |through |on |directly |straight )?(?:to|with) (?:an? |the |your )?<real><person>
    (?:connect|put|pass|transfer|hand|switch|forward|redirect) (?:me|us) (?:over |through |on )?(?:to|with) (?:an? |the )?<real><someone>
    (?:transfer|escalate|hand|pass|forward) (?:this|it|the chat|this chat)(?: over| on)? to (?:an? |your )?<real><person>
    # I want …
    <need> (?:an? |the )?<real><person>
    <need> (?:an? |some )?(?:real|actual|live|human) (?:one|help|support|contact|answer|reply|people|someone)
    (?:can|could|may|will|would) (?:an?|some) <real><person>
    (?:is|are) there (?:an? |any )?(?:real|actual|live|human) (?:person|people|human|humans|agents?)
    # no bots
    (?:do not|don't|dont|not) (?:want|wanna|like|wish) (?:to )?(?:(?:talk|speak|chat|deal|talking|speaking) )?(?:to |with )?(?:this |your |the |some |a )?<bot>
    (?:no|no more|enough of|stop with|stop) (?:this |these |the |your )?<bot>
    (?:instead of|rather than) (?:this |your |the |a )?<bot>
    # nothing else in the message
    ^(?:please |pls )?(?:an? )?<real>(?:<person>|live chat|human (?:help|care)|customer service)(?:,? (?:please|pls|plz|now|asap|thanks)){0,2}$
    # German
    mit (?:\w+ ){0,3}<mitarbeiter>(?: \w+){0,5} (?:sprechen|reden|verbinden|verbunden|chatten|schreiben)
    (?:sprechen|reden|verbinde\w{0,2}|chatten)(?: \w+){0,3} mit (?:\w+ ){0,3}<mitarbeiter>
    (?:will|möchte|brauche|mag)(?: \w+){0,3} (?:kein(?:en|em)? (?:chat|ro)?bots?|echten menschen|richtigen menschen)
    ^(?:bitte )?(?:einen? )?(?:echte[rn]? |richtige[rn]? )?(?:mensch|menschen|mitarbeiter(?:in)?)(?:,? bitte)?$
    # Spanish
    (?:hablar|chatear|comuni\w{1,8}|contactar|pásame|paseme|páseme) (?:\w+ ){0,2}con (?:un |una |algún |alguna )?(?:<persona>|alguien)
    (?:quiero|necesito|prefiero) (?:a )?una? <persona>
    ^(?:una? )?<persona>(?: real)?,? por favor$
    """,
    real=_REAL,
    person=_PERSON,
    someone=_SOMEONE,
    bot=_BOT,
    need=_NEED,
    mitarbeiter=_MITARBEITER,
    persona=_PERSONA,
)


def wants_human(text: str) -> bool:
    """Tell whether the customer asks for a person ("can I talk to someone?", "agent please")."""
    phrase = _OTHERWISE.sub(" ", plain(text)).strip(" .,!?…")
    return _WISH.search(phrase) is not None
