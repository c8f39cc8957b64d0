import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.engine.controls import Adjust, Controls, Set, Stop
from firmware.engine.parameters import PARAMETERS
from firmware.panel.actions import CalibratePad, ForgetLearnt, Learn
from firmware.panel.gestures import FINE, SHIFTED
from firmware.panel.menu import SECTIONS, TITLES, Menu
from firmware.rhythm.drums import DRUMS
from hardware.pin_map import load_pin_map

ON_THE_PAD = {"x", "y", "touch"}
CONTROLS = Controls.defaults()


@pytest.fixture
def menu():
    menu = Menu()
    menu.open()
    return menu


def enter(menu, section, row=0):
    """Go to a row of a section."""
    menu.turn(TITLES.index(section))
    menu.click()
    menu.turn(row)
    return menu


def rows(menu):
    return [label for label, _ in menu.view(CONTROLS).rows]


def chosen(menu):
    view = menu.view(CONTROLS)
    return view.rows[view.chosen]


def test_every_parameter_has_a_place_under_the_hands():
    in_menu = {row for rows in SECTIONS.values() for row in rows if isinstance(row, str)}
    on_encoders = set(load_pin_map().encoders.roles) - {"model"} | set(SHIFTED.values())
    assert in_menu | on_encoders | ON_THE_PAD == set(PARAMETERS)


def test_nothing_is_in_two_places_of_the_menu():
    names = [row for rows in SECTIONS.values() for row in rows if isinstance(row, str)]
    assert len(names) == len(set(names))
    for section in SECTIONS.values():
        labels = [PARAMETERS[row].label if isinstance(row, str) else row.label for row in section]
        assert len(labels) == len(set(labels))


def test_closed_it_shows_and_does_nothing():
    menu = Menu()
    assert menu.view(CONTROLS) is None
    assert menu.turn(3) == []
    assert menu.click() == []
    assert not menu.is_open


def test_it_opens_on_its_sections(menu):
    view = menu.view(CONTROLS)
    assert view.title == "Menu"
    assert rows(menu) == [*TITLES, "Close"]
    assert (view.chosen, view.editing) == (0, False)


def test_turning_stops_at_both_ends(menu):
    menu.turn(-3)
    assert chosen(menu)[0] == TITLES[0]
    menu.turn(99)
    assert chosen(menu)[0] == "Close"
    menu.turn(-99)
    enter(menu, "Clock")
    menu.turn(-1)
    assert chosen(menu)[0] == "Clock from"
    menu.turn(99)
    assert chosen(menu)[0] == "Back"


@pytest.mark.parametrize("section", TITLES)
def test_back_leads_to_the_section_it_came_from(menu, section):
    enter(menu, section, 99).click()
    assert menu.view(CONTROLS).title == "Menu"
    assert chosen(menu)[0] == section


def test_close_closes_and_it_opens_at_the_top_again(menu):
    menu.turn(99)
    assert menu.click() == []
    assert not menu.is_open
    menu.open()
    assert chosen(menu)[0] == TITLES[0]


@pytest.mark.parametrize(
    ("section", "row"),
    [(title, n) for title, rows in SECTIONS.items() for n, row in enumerate(rows)],
)
def test_every_row_is_edited_or_does_something(menu, section, row):
    what = SECTIONS[section][row]
    enter(menu, section, row)
    actions = menu.click()
    if not isinstance(what, str):
        assert actions == list(what.actions) != []
        assert not menu.is_open
        return
    assert actions == []
    assert menu.view(CONTROLS).editing
    assert menu.turn(-2) == [Adjust(what, -2)]
    assert CONTROLS.apply(Adjust(what, 1)) != CONTROLS.apply(Adjust(what, -1))
    assert chosen(menu)[0] == PARAMETERS[what].label, "the cursor stays"
    menu.click()
    assert not menu.view(CONTROLS).editing
    assert menu.turn(1) == [], "the value is let go"


def test_fine_steps_are_for_what_can_be_divided(menu):
    def fine(section, row):
        menu.open()
        enter(menu, section, SECTIONS[section].index(row)).click()
        return menu.turn(3, FINE)

    assert fine("Drums", "rim_threshold") == [Adjust("rim_threshold", 3 * FINE)]
    assert fine("Clock", "swing") == [Adjust("swing", 3 * FINE)]
    assert fine("MIDI", "channel") == [Adjust("channel", 3)]
    assert fine("Play", "glide") == [Adjust("glide", 3)]


def test_values_are_shown_as_a_player_reads_them(menu):
    def text(name, value):
        return PARAMETERS[name].text(Controls.defaults().apply(Set(name, value))[name])

    assert text("change", 2) == "next bar"
    assert text("octave", -1) == "half"
    assert text("octave", 1) == "double"
    assert text("tempo", 17_405) == "174.05"
    assert text("swing", 66.7) == "66.7 %"
    assert text("fixed_velocity", 0) == "as played"
    assert text("fixed_velocity", 99) == "99"
    assert text("dim_after", 0) == "never"
    assert text("gate", 30) == "30 ms"
    assert text("noise_seed", 0) == "free"
    assert text("kick_threshold", 0) == "0"
    assert text("kick_threshold", -0.02) == "-0.020"
    enter(menu, "Play")
    assert chosen(menu) == ("Change", "at once")
    assert menu.view(CONTROLS.apply(Set("change", 1))).rows[0] == ("Change", "next beat")


def test_every_value_of_a_choice_has_its_word():
    for parameter in PARAMETERS.values():
        values = [parameter.minimum + n for n in range(len(parameter.choices))]
        assert tuple(parameter.text(value) for value in values) == parameter.choices
        if parameter.choices:
            assert values[-1] == parameter.maximum


def test_what_the_doing_rows_do():
    doing = {
        row.label: row.actions
        for rows in SECTIONS.values()
        for row in rows
        if not isinstance(row, str)
    }
    assert doing == {
        "Learn a control": (Learn(None),),
        "Forget learnt": (ForgetLearnt(),),
        "Silence all": (Stop(), Stop()),
        "Calibrate": (CalibratePad(),),
    }


def test_the_drums_have_their_names(menu):
    enter(menu, "Notes")
    assert rows(menu) == [*(drum.label for drum in DRUMS), "Back"]


moves = st.lists(st.one_of(st.integers(-12, 12), st.sampled_from(["click", "open", "close"])))


@given(moves, st.sampled_from([1.0, FINE]))
def test_wherever_the_player_wanders_the_view_is_whole(moves, part):
    menu, controls = Menu(), CONTROLS
    for move in moves:
        if move in ("open", "close"):
            getattr(menu, move)()
            actions = []
        else:
            actions = menu.click() if move == "click" else menu.turn(move, part)
        for action in actions:
            if isinstance(action, Adjust):
                controls = controls.apply(action)
        view = menu.view(controls)
        assert (view is not None) == menu.is_open
        if view is not None:
            assert 0 <= view.chosen < len(view.rows)
            assert all(label for label, _ in view.rows)
            assert not view.editing or view.rows[view.chosen][1]
