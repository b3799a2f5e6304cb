"""Slack is written to at the pace that it takes."""

from bot.slack.rate_limits import BURST_FRACTION, CALLS_PER_MINUTE, RateLimiter


class FakeClock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_channel_gets_one_message_a_second_and_others_do_not_wait_for_it():
    watch = FakeClock()
    pace = RateLimiter(watch)
    assert pace.acquire("chat.postMessage", "C1") == 0
    assert 0 < pace.acquire("chat.postMessage", "C1") <= 1
    assert pace.acquire("chat.postMessage", "C2") == 0
    watch.seconds += 1
    assert pace.acquire("chat.postMessage", "C1") == 0


def test_over_ten_minutes_a_method_never_exceeds_its_budget_by_more_than_a_burst():
    watch = FakeClock()
    pace = RateLimiter(watch)
    sent = 0
    for _ in range(6000):
        sent += pace.acquire("chat.update", "C1") == 0
        watch.seconds += 0.1
    assert CALLS_PER_MINUTE["chat.update"] * 9 < sent <= CALLS_PER_MINUTE["chat.update"] * (10 + BURST_FRACTION)


def test_after_slack_asks_to_wait_nothing_of_that_method_is_sent_and_the_rest_goes_on():
    watch = FakeClock()
    pace = RateLimiter(watch)
    pace.pause("chat.update", 30)
    assert pace.acquire("chat.update", "C1") == 30
    assert pace.acquire("chat.postMessage", "C1") == 0
    watch.seconds += 30
    assert pace.acquire("chat.update", "C1") == 0
