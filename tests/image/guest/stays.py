"""The slot on trial confirms itself."""

from plays import journal
from told import tell, wait_for

wait_for(lambda: " stays." in journal(), 150)
tell(stays=True)
