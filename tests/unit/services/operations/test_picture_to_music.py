"""What is seen decides what is heard."""

from genstudio.services.operations.picture_to_music import nearest_of


def test_the_frame_that_is_shown_when_a_phrase_sounds_is_found_by_its_time() -> None:
    # Frames of a telephone come unevenly.
    shown_s = [0.0, 0.1, 0.2, 3.0, 9.0]
    assert [nearest_of(shown_s, it) for it in (0.0, 0.14, 0.16, 2.9, 5.0, 7.0, 60.0)] == [
        0, 1, 2, 3, 3, 4, 4,
    ]  # fmt: skip
    assert nearest_of([0.0], 5.0) == 0


def test_of_evenly_spaced_frames_it_is_the_one_that_was_always_taken() -> None:
    shown_s = [number / 10 for number in range(100)]
    for tenths in range(0, 980, 5):
        assert nearest_of(shown_s, tenths / 100) == round(tenths / 10)
