"""Templates that change while Heed runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.domain.decisions import Reason
from bot.settings import Settings
from bot.wiring import SAMPLE_TEMPLATES
from handlers import read_catalogue
from tests.scenarios.world import sample, world

COVERED = "question order-status where is my parcel"


def copied(folder: Path) -> Settings:
    shutil.copytree(SAMPLE_TEMPLATES, folder / "templates")
    return sample().model_copy(update={"templates": folder / "templates"})


def answer_with(folder: Path, text: str) -> None:
    (folder / "templates" / "orders.yaml").write_text(
        f"""
topic: orders
templates:
  - id: order-status
    kind: answer
    examples: [where is my parcel, has my order left, when does my order come]
    answers: ["{text}"]
""",
        encoding="utf-8",
    )


async def test_a_changed_template_is_used_for_the_next_message_and_both_versions_are_kept(tmp_path: Path) -> None:
    async with world(copied(tmp_path)) as w:
        first = read_catalogue(tmp_path / "templates").version
        await w.writes(COVERED)
        answer_with(tmp_path, "It left this morning.")
        await w.heed.brands.refresh()
        await w.writes(COVERED, who="v2")
        assert w.platform.taken[-1].send.text == "It left this morning."
        second = read_catalogue(tmp_path / "templates").version
        assert first != second
        assert await w.store.templates(first) is not None
        assert await w.store.templates(second) is not None


async def test_a_broken_template_is_refused_with_file_and_line_and_the_last_good_one_stays(tmp_path: Path) -> None:
    async with world(copied(tmp_path)) as w:
        answer_with(tmp_path, "It left this morning.")
        await w.heed.brands.refresh()
        answer_with(tmp_path, "{% for x in y %}{% endfor %}")
        await w.heed.brands.refresh()
        problem = w.heed.brands.problem()
        assert problem is not None
        assert problem.startswith("orders.yaml:7:")
        await w.writes(COVERED)
        assert w.platform.taken[-1].send.text == "It left this morning."


async def test_a_template_that_is_gone_hands_its_questions_to_a_human(tmp_path: Path) -> None:
    async with world(copied(tmp_path)) as w:
        (tmp_path / "templates" / "orders.yaml").unlink()
        await w.heed.brands.refresh()
        conversation = await w.writes(COVERED)
        assert (await w.conversation(conversation)).reason is Reason.NO_TEMPLATE
