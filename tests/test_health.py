"""How the parts of a process stand, for whoever restarts it."""

from bot.health import Health, Standing


class Ticks:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_part_that_has_not_begun_is_not_well():
    health = Health()
    health.part("telegram")
    assert health.standings() == [Standing("telegram", "has not begun")]


def test_parts_stand_in_the_order_in_which_they_were_named_and_say_what_is_the_matter():
    health = Health()
    one, two = health.part("telegram"), health.part("scheduler")
    one.goes_on()
    two.is_away("waits for the database")
    assert health.standings() == [
        Standing("telegram"),
        Standing("scheduler", "waits for the database"),
    ]
    two.goes_on()
    assert health.standings()[1] == Standing("scheduler")


def test_a_part_that_said_it_goes_on_and_then_nothing_more_has_stopped():
    clock = Ticks()
    part = Health(clock).part("scheduler", within=60)
    part.goes_on()
    clock.now = 60.0
    assert part.trouble is None
    clock.now = 61.0
    assert part.trouble == "silent for 61 s"
    part.goes_on()
    assert part.trouble is None


def test_a_part_may_say_that_it_will_be_silent_for_longer_this_once():
    clock = Ticks()
    part = Health(clock).part("trainer", within=60)
    part.goes_on(within=7200)
    clock.now = 7200.0
    assert part.trouble is None
    clock.now = 7201.0
    assert part.trouble == "silent for 7201 s"
    part.goes_on()
    clock.now += 61
    assert part.trouble == "silent for 61 s"


def test_a_part_that_need_not_speak_again_may_be_silent_for_ever():
    clock = Ticks()
    part = Health(clock).part("ingest")
    part.goes_on()
    clock.now = 1e9
    assert part.trouble is None
