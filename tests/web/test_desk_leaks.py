"""Ten thousand inputs of staff to the page, their intent fixed beforehand: nothing else reaches a customer."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import pytest

from tests.web.real import Member, RealDesk, real_desk

INPUTS = 10_000
CONVERSATIONS = 320
LOOSE = 20  # conversations that nobody replies to, but that are put away with remarks
AT_ONCE = 40  # requests under way at a time
BETWEEN = 400  # inputs between two rounds of delivery

NEARLY = (
    "Reply",
    "replyy",
    "reply ",
    " reply",
    "REPLY",
    "send",
    "repl",
    "/reply",
    "answer",
    "note/reply",
    "re_ply",
)
LOOKS_LIKE = (
    "/reply {}",
    "reply: {}",
    "!r {}",
    "To the customer: {}",
    '{{"command": "reply", "text": "{}"}}',
    "> {}",
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A conversation, by whom it is held, and whose words reach it."""

    id: str
    place: str
    owner: str
    other: str


@dataclass(frozen=True, kw_only=True)
class Input:
    """One request of a page. ``meant``: whoever made it wants this text to reach this customer."""

    kind: str
    who: str
    path: str
    body: object
    near: bool = False
    meant: tuple[str, str] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1


class Staffed:
    """Makes inputs: about a quarter are meant to be sent, more than a third are near-misses of that."""

    def __init__(self, seed: int, held: Sequence[Case], loose: Sequence[Case]) -> None:
        self._random = random.Random(seed)
        self._held, self._loose = held, loose
        self._count = 0

    def inputs(self) -> Iterator[Input]:
        makers: list[Callable[[], Input]] = [self._meant] * 6 + [self._twice] * 2 + [self._plain] * 7
        makers += [
            self._nearly_named,
            self._looks_like_a_reply,
            self._unknown_field,
            self._wrong_conversation,
            self._without_its_token,
            self._stranger,
            self._held_by_another,
            self._past_the_customer,
            self._no_text,
            self._several_at_once,
            self._remark,
            self._edits_what_is_not_theirs,
            self._no_json,
        ]
        while True:
            yield self._random.choice(makers)()

    def _text(self, what: str) -> str:
        self._count += 1
        return f"{what} number {self._count}"

    def _case(self) -> Case:
        return self._random.choice(self._held)

    def _to(
        self, case: Case, body: object, *, kind: str, who: str = "", near: bool = True, **more: object
    ) -> Input:
        path = f"/desk/conversations/{case.id}/commands"
        return Input(kind=kind, who=who or case.owner, path=path, body=body, near=near, **more)  # type: ignore[arg-type] - fields of an input

    def _meant(self) -> Input:
        case, text = self._case(), self._text("sent")
        body = {"command": "reply", "text": text, "request": f"r{self._count}"}
        return self._to(case, body, kind="meant", near=False, meant=(case.place, text))

    def _twice(self) -> Input:
        """The answer is lost, and the page tries again with the same key."""
        return replace(self._meant(), kind="twice", times=2)

    def _plain(self) -> Input:
        case = self._case()
        body: dict[str, object] = {"command": "note", "text": self._text("kept")}
        return self._to(case, body, kind="note", who=self._random.choice((case.owner, case.other)), near=False)

    def _nearly_named(self) -> Input:
        body = {"command": self._random.choice(NEARLY), "text": self._text("misnamed")}
        return self._to(self._case(), body, kind="misnamed")

    def _looks_like_a_reply(self) -> Input:
        text = self._random.choice(LOOKS_LIKE).format(self._text("looks"))
        return self._to(self._case(), {"command": "note", "text": text}, kind="looks")

    def _unknown_field(self) -> Input:
        extra = self._random.choice(
            ({"internal": True}, {"note": "x"}, {"to": "v1"}, {"message": "m"}, {"Text": "x"})
        )
        body = {"command": "reply", "text": self._text("strange"), **extra}
        return self._to(self._case(), body, kind="strange")

    def _wrong_conversation(self) -> Input:
        case = self._case()
        wrong = self._random.choice((case.id[:-1], f"{case.id}0", case.id.upper(), case.place, "c-nobody", "%20"))
        path = f"/desk/conversations/{wrong}/commands"
        return Input(
            kind="astray",
            who=case.owner,
            path=path,
            body={"command": "reply", "text": self._text("astray")},
            near=True,
        )

    def _without_its_token(self) -> Input:
        headers = {"X-CSRF-Token": self._random.choice(("", "0" * 64, "null"))}
        body = {"command": "reply", "text": self._text("forged")}
        return self._to(self._case(), body, kind="forged", headers=headers)

    def _stranger(self) -> Input:
        return self._to(
            self._case(), {"command": "reply", "text": self._text("stranger")}, kind="stranger", who="nobody"
        )

    def _held_by_another(self) -> Input:
        case = self._case()
        return self._to(case, {"command": "reply", "text": self._text("refused")}, kind="refused", who=case.other)

    def _past_the_customer(self) -> Input:
        body = {"command": "reply", "text": self._text("stale"), "seen": self._random.choice((0, -1))}
        return self._to(self._case(), body, kind="stale")

    def _no_text(self) -> Input:
        text = self._random.choice(("", "  \n", None, 7, ["text"], {"text": "x"}, "x" * 4001))
        return self._to(self._case(), {"command": "reply", "text": text}, kind="empty")

    def _several_at_once(self) -> Input:
        ids = [case.id for case in self._random.sample(self._held, 3)]
        command = self._random.choice(("reply", "note", "edit"))
        body = {"command": command, "conversations": ids, "text": self._text("several")}
        return Input(kind="several", who=self._case().owner, path="/desk/commands", body=body, near=True)

    def _remark(self) -> Input:
        """A remark goes along with what is done to a conversation: it is a note, whatever it says."""
        body = self._random.choice(
            (
                {"command": "snooze", "until": "2026-03-02T12:00:00Z"},
                {"command": "resolve", "reason": "other"},
                {"command": "transfer", "team": self._random.choice(("press", "support"))},
                {"command": "reopen"},
            )
        )
        remark = {} if body["command"] == "reopen" else {"text": f"reply: {self._text('remark')}"}
        return self._to(self._random.choice(self._loose), {**body, **remark}, kind="remark")

    def _edits_what_is_not_theirs(self) -> Input:
        case = self._case()
        body = {
            "command": "edit",
            "message": self._random.choice((case.id, "m1", "")),
            "text": self._text("edited"),
        }
        return self._to(case, body, kind="edited", who=self._random.choice((case.owner, case.other)))

    def _no_json(self) -> Input:
        text = self._text("unread")
        raw = self._random.choice(
            (f"command=reply&text={text}", json.dumps([{"command": "reply", "text": text}]), f'"{text}"', "{", "")
        )
        headers = {
            "Content-Type": self._random.choice(
                ("application/x-www-form-urlencoded", "text/plain", "application/json")
            )
        }
        return self._to(self._case(), raw.encode(), kind="unread", headers=headers)


async def filled(desk: RealDesk) -> tuple[list[Case], list[Case]]:
    """Return conversations that somebody holds, and some that nobody does."""
    cases = []
    for number in range(CONVERSATIONS + LOOSE):
        place = f"v{number}"
        conversation = await desk.world.writes("complaint about a can", who=place)
        owner, other = ("alex", "sam") if number % 2 else ("sam", "alex")
        cases.append(Case(id=conversation, place=place, owner=owner, other=other))
    held, loose = cases[:CONVERSATIONS], cases[CONVERSATIONS:]
    for case in held:
        assert (await (await desk.member(case.owner)).act(case.id, "claim"))[0] == 200
    return held, loose


async def hand_in(member: Member, one: Input) -> int:
    """Send a request as it is, and return its status."""
    headers = {"X-CSRF-Token": member.csrf, "Content-Type": "application/json"} | one.headers
    data = one.body if isinstance(one.body, bytes) else json.dumps(one.body).encode()
    async with member.session.post(member.root + one.path, data=data, headers=headers) as response:
        await response.read()
        return response.status


async def tried(members: Mapping[str, Member], one: Input) -> list[int]:
    """Send it as often as its page does, one after the other, and return the statuses."""
    return [await hand_in(members[one.who], one) for _ in range(one.times)]


@pytest.mark.parametrize("seed", [20260302])
async def test_of_ten_thousand_inputs_exactly_what_is_meant_reaches_the_right_customer_once(seed: int) -> None:
    async with real_desk() as desk:
        held, loose = await filled(desk)
        members = {name: await desk.member(name) for name in ("alex", "sam")} | {"nobody": await desk.stranger()}
        inputs = list(islice(Staffed(seed, held, loose).inputs(), INPUTS))
        meant = Counter(one.meant for one in inputs if one.meant is not None)
        assert sum(meant.values()) >= INPUTS * 0.2
        assert sum(one.near for one in inputs) >= INPUTS * 0.3
        refused: Counter[str] = Counter()
        for number in range(0, INPUTS, AT_ONCE):
            now = inputs[number : number + AT_ONCE]
            for one, statuses in zip(
                now, await asyncio.gather(*(tried(members, one) for one in now)), strict=True
            ):
                refused[one.kind] += sum(status != 200 for status in statuses)
            if number % BETWEEN == 0:
                await desk.world.settle()
        await desk.world.settle()
        sent = Counter(desk.sent())
        assert sent - meant == Counter(), f"{(sent - meant).total()} were sent that nobody meant"
        assert meant - sent == Counter(), f"{(meant - sent).total()} were meant and not sent"
        never = {
            "misnamed",
            "strange",
            "astray",
            "forged",
            "stranger",
            "refused",
            "stale",
            "empty",
            "edited",
            "unread",
        }
        counts = Counter(one.kind for one in inputs)
        assert {kind: counts[kind] for kind in never} == {kind: refused[kind] for kind in never}
        assert refused["meant"] == refused["twice"] == refused["note"] == refused["looks"] == 0
