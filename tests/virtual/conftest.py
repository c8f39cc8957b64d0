import pytest

from hardware.virtual.virtual_board import VirtualBoard


@pytest.fixture
def board():
    board = VirtualBoard()
    yield board
    board.close()
