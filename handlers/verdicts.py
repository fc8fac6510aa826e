"""What customers say about the bot's last words: that missed, or that solved it.

Phrases, not the model, which reads each message alone and does not know what "that" is. They lean towards
"missed": handing over once too often costs a human a look, once too rarely leaves a customer stuck.
"""

# ruff: noqa: E501 - a phrase stands on one line, however long

from __future__ import annotations

import re

from handlers.phrases import any_phrase, plain

_THAT = r"that|this|it|which|you|your (?:answer|advice|link)|the (?:answer|advice|link)"
_DID_NOT = r"(?:did|does|do|has|is|was|will|could|can) ?not|(?:did|does|do|has|is|was|wo|could|ca)n'?t|cannot"

_REJECTION = any_phrase(
    r"""
    (?:not|isn't|isnt|wasn't|wasnt) (?:really |at all |exactly |quite )?what i(?:'m| am| was|'ve| have| had)? ?(?:asked|asking|meant|mean|wanted|want|needed|need|said|looking)
    (?:not|isn't|isnt|wasn't|wasnt|never) (?:really )?(?:my question|the (?:right )?answer|an answer|(?:very |too )?helpful|helping)
    <that> (?:really |just |still )?<didnt> (?:really |even |actually )?(?:help|helped|answer|answered|solve|work|working|fix|understand|get it|read)
    ^(?:still )?<didnt> (?:help|work|answer|solve)
    <that> (?:makes|made) no sense
    (?:wrong|useless|stupid) (?:answer|bot|reply)
    (?:unhelpful|no help(?: at all)?$|thanks for nothing)
    (?:you|you've|you have|bot) (?:totally |completely )?misunderst(?:ood|and)
    (?:that's|thats|that is|this is) (?:wrong|not it|not right|useless|no help|nonsense)
    (?:i've |i have |i )(?:already|just) (?:tried|did|done|read|checked|looked at) (?:that|this|it|all that|there)
    ^(?:already|just) (?:tried|did|done|read|checked) (?:that|this|it)
    ^(?:useless|wrong)$
    # German
    das (?:war|ist) (?:aber )?nicht (?:das,? )?(?:was|wonach|meine frage)
    (?:hilft|half|hat) (?:mir )?(?:leider |gar |so |da )?nicht(?: weiter| geholfen)
    hilft (?:mir )?(?:leider |gar |so |da )?nicht
    falsche antwort
    # Spanish
    no es (?:eso )?lo que (?:pregunt|quer|ped|dij)\w{1,4}
    no me (?:sirve|sirvió|ayuda|ayudó|ayudo)
    respuesta (?:equivocada|incorrecta)
    """,
    that=_THAT,
    didnt=_DID_NOT,
)

#: A flat no. It turns something down only where an answer was given.
_NO = re.compile(
    r"(?:no|nope|nah|nein|nee)(?:$|[ ]?[,.!;:-]| (?:i|that|it|this|you|my|not|but|the|das|ich|eso)\b)"
)
_FRIENDLY_NO = re.compile(
    r"(?:no|nope|nah|nein|nee)[ ,.!;:-]{0,3}"
    r"(?:thanks|thank|thx|ty|cheers|danke|gracias|problem|worries|need|rush|hurry|all good|nothing else"
    r"|that'?s (?:all|it|fine|ok|okay|great|good|everything|perfect)|that (?:is|was) all|that'?ll be all"
    r"|i'?m (?:good|fine|ok|all)|it'?s (?:fine|ok|okay|good|all)|i don'?t (?:need|have)|i(?:'ve| have)? got (?:it|every)"
    r"|das (?:war|ist) alles|alles (?:gut|klar)|eso es todo|todo bien)\b"
)

_SETTLED = any_phrase(
    r"""
    (?:that|this|it|you)(?:'s|'ve| has| have)? (?:just |really |totally )?(?:solved|fixed|sorted|helped|worked|answered|answers|solves|fixes|helps|works|did it|did the trick)
    (?:problem|issue|question|all|it's|its|is|now) (?:solved|sorted|fixed|resolved|answered)
    (?:all|i'm|im|we're|i am) (?:all )?(?:good|set|sorted)(?:$|[ ,.!]{1,2}(?:now|then|thanks|thank|cheers|ta))
    (?:that's|thats|that is|that was|that will be|that'll be) (?:all|everything)(?: i (?:needed|wanted)(?: to know)?)?
    (?:found it|got it|got it working|makes sense|never ?mind|perfect|clear now)[ ,.!]{1,3}(?:thanks|thank you|thx|cheers|ta)
    just what i (?:needed|wanted|was looking for)
    # German
    (?:das )?hat (?:mir )?(?:sehr )?geholfen
    das hilft(?: mir)?
    (?:alles klar|passt|erledigt|problem gelöst)[ ,.!]{1,3}(?:danke|vielen dank)
    ^(?:hat sich )?(?:erledigt|passt|gelöst)$
    # Spanish
    (?:resuelto|solucionado|me sirvió|(?:ya está|todo bien)[ ,.!]{1,3}gracias)
    """
)
_DOUBT = re.compile(r"\b(?:not|but|except|still|however|aber|nicht|pero|until|unless)\b|n't\b|\bno me\b|\?")


def rejects(text: str, *, after_answer: bool) -> bool:
    """Tell whether the customer turns the bot's last words down; a flat "no" does so after an answer."""
    phrase = plain(text).strip(" .!…")
    if _REJECTION.search(phrase):
        return True
    return after_answer and _NO.match(phrase) is not None and _FRIENDLY_NO.match(phrase) is None


def settles(text: str) -> bool:
    """Tell whether the customer says that the matter is done, without any "but"."""
    phrase = plain(text).strip(" .!…")
    return _SETTLED.search(phrase) is not None and _DOUBT.search(phrase) is None
