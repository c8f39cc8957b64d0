"""What the box says of an update that did not come up, or of a card that is worn."""

from plays import said
from told import tell, wait_for

tell(said=wait_for(lambda: said("The update") or said("The card")))
