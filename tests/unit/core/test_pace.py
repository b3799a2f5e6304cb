"""Slack is written to at the pace that it takes."""

from bot.slack.pace import BURST, PER_MINUTE, Pace


class Stopwatch:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_channel_gets_one_message_a_second_and_others_do_not_wait_for_it():
    watch = Stopwatch()
    pace = Pace(watch)
    assert pace.wait("chat.postMessage", "C1") == 0
    assert 0 < pace.wait("chat.postMessage", "C1") <= 1
    assert pace.wait("chat.postMessage", "C2") == 0
    watch.seconds += 1
    assert pace.wait("chat.postMessage", "C1") == 0


def test_over_ten_minutes_a_method_never_exceeds_its_budget_by_more_than_a_burst():
    watch = Stopwatch()
    pace = Pace(watch)
    sent = 0
    for _ in range(6000):
        sent += pace.wait("chat.update", "C1") == 0
        watch.seconds += 0.1
    assert PER_MINUTE["chat.update"] * 9 < sent <= PER_MINUTE["chat.update"] * (10 + BURST)


def test_after_slack_asks_to_wait_nothing_of_that_method_is_sent_and_the_rest_goes_on():
    watch = Stopwatch()
    pace = Pace(watch)
    pace.pause("chat.update", 30)
    assert pace.wait("chat.update", "C1") == 30
    assert pace.wait("chat.postMessage", "C1") == 0
    watch.seconds += 30
    assert pace.wait("chat.update", "C1") == 0
