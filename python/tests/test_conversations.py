"""DIRECT and GALAXY ask again and again, as the command line's `query --state` and `answer` do."""

from __future__ import annotations

import copy
import csv
import io
import pickle

import numpy as np
import pytest

import tailward

FORMS = {
    "direct": ("direct", ["--parallel", "3"], {"parallel": 3}),
    "direct-labelbench": (
        "direct",
        ["--parallel", "4", "--set", "mode.labelbench.min_budget_per_class=5"],
        {"parallel": 4, "mode": {"labelbench": {"min_budget_per_class": 5}}},
    ),
    "galaxy": ("galaxy", [], {}),
    "galaxy-labelbench": ("galaxy", ["--mode", "labelbench"], {"mode": "labelbench"}),
}

BUDGET = 14


def answer(pool, row):
    """The truth; of every seventh sample nobody can tell."""
    return None if row % 7 == 0 else int(pool.truth[row])


def begin(pool, form, **more):
    name, _, parameters = FORMS[form]
    arrays = pool.of(("probabilities",))
    return tailward.Conversation.begin(name, BUDGET, **arrays, seed=5, **parameters, **more)


def answered(conversation, pool):
    """All asks, each answered before the next."""
    asks = []
    while (ask := conversation.ask()) is not None:
        asks.append(ask.picks.tolist())
        for row in ask.picks:
            conversation.tell(row, answer(pool, row))
    return asks


def with_several_waiting(pool):
    """DIRECT at the first ask of three rows, which it comes to after some of one."""
    conversation = begin(pool, "direct")
    while len(ask := conversation.ask().picks) < 3:
        for row in ask:
            conversation.tell(row, answer(pool, row))
    return conversation, ask


@pytest.mark.parametrize("form", FORMS)
def test_asks_are_those_of_the_command_line(pool, command_line, form):
    name, words, _ = FORMS[form]
    options = command_line.files(pool.of(("probabilities",)))
    begin_it = ["--strategy", name, *words, *options, "--budget", str(BUDGET), "--seed", "5"]
    table = command_line.run("query", *begin_it, "--state", "q.json")
    theirs = []
    while rows := [int(line["index"]) for line in csv.DictReader(io.StringIO(table))]:
        theirs.append(rows)
        labels = [(row, answer(pool, row)) for row in rows]
        told = "".join(f"{row},{'skip' if label is None else label}\n" for row, label in labels)
        (command_line.folder / "answers.csv").write_text("index,label\n" + told)
        table = command_line.run("answer", "--state", "q.json", "answers.csv")
    assert sum(map(len, theirs)) == BUDGET
    # What waits is listed rising where an ask is read back, and in the order of the query where it is new.
    assert [sorted(rows) for rows in answered(begin(pool, form), pool)] == [sorted(rows) for rows in theirs]


@pytest.mark.parametrize("form", FORMS)
def test_a_conversation_can_be_written_down_between_asks(pool, form):
    expected = answered(begin(pool, form), pool)
    conversation, asks = begin(pool, form), []
    while (ask := conversation.ask()) is not None:
        asks.append(ask.picks.tolist())
        for row in ask.picks:
            text = conversation.to_json()
            conversation = tailward.Conversation.from_json(text)
            assert conversation.to_json() == text
            assert row in conversation.waiting
            conversation.tell(row, answer(pool, row))
    assert asks == expected
    assert conversation.is_complete
    assert conversation.selection().picks.tolist() == sum(expected, [])
    assert [ask.picks.tolist() for ask in conversation.asks] == expected


def test_copies_go_on_by_themselves(pool):
    conversation, _ = with_several_waiting(pool)
    copies = [copy.deepcopy(conversation), pickle.loads(pickle.dumps(conversation))]
    conversation.tell(conversation.waiting[0], 0)
    assert [len(copied.waiting) for copied in copies] == [3, 3]
    assert len(conversation.waiting) == 2


def test_answers_come_in_any_order_and_the_next_ask_waits_for_all(pool):
    conversation, rows = with_several_waiting(pool)
    assert conversation.waiting.tolist() == sorted(rows.tolist())
    assert conversation.ask() is None and not conversation.is_complete
    for row in rows[::-1]:
        assert conversation.ask() is None
        conversation.tell(row, answer(pool, row))
    assert conversation.ask().phase in ("reduce", "annotate")


def test_an_answer_that_was_not_asked_for_changes_nothing(pool):
    conversation = begin(pool, "direct")
    rows = conversation.ask().picks.tolist()
    before = conversation.to_json()
    labelled = int(np.flatnonzero(pool.labels >= 0)[0])
    other = next(row for row in range(len(pool.labels)) if row not in rows and pool.labels[row] < 0)
    for row in (labelled, other, 10_000):
        with pytest.raises(ValueError, match=f"failed to take the answer for row {row}: it was not asked for"):
            conversation.tell(row, 0)
    with pytest.raises(ValueError, match=f"for row {rows[0]}: class 4 is not one of 4"):
        conversation.tell(rows[0], 4)
    with pytest.raises(ValueError, match="label must not be negative, and is -1"):
        conversation.tell(rows[0], -1)
    with pytest.raises(TypeError, match="label must be a whole number, and is a str"):
        conversation.tell(rows[0], "cat")  # type: ignore[arg-type]
    assert conversation.to_json() == before


def test_any_strategy_may_hold_a_conversation(pool):
    arrays = pool.of(("probabilities",))
    conversation = tailward.Conversation.begin("entropy", 6, **arrays, balance=1.0)
    chosen = tailward.query("entropy", 6, **arrays, balance=1.0)
    assert conversation.ask().picks.tolist() == chosen.picks.tolist()
    assert conversation.selection().balance.certificate.bound == chosen.balance.certificate.bound
    for row in chosen.picks:
        conversation.tell(row)
    assert conversation.is_complete and conversation.strategy == "entropy-cb"


def test_direct_is_no_query(pool):
    with pytest.raises(ValueError, match="direct asks more than once: begin a tailward.Conversation"):
        tailward.query("direct", 6, **pool.of(("probabilities",)), parallel=2)


def test_what_is_no_conversation_is_refused(pool):
    with pytest.raises(ValueError, match="failed to read a conversation: expected value at line 1"):
        tailward.Conversation.from_json("?")
    text = begin(pool, "galaxy").to_json()
    with pytest.raises(ValueError, match="its form is 9, and must be 1"):
        tailward.Conversation.from_json(text.replace('"format":1', '"format":9', 1))
    with pytest.raises(ValueError, match="unknown field `more`"):
        tailward.Conversation.from_json(text.replace('"format":1', '"format":1,"more":1', 1))
