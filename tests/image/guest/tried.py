"""What the box says of an update that did not come up."""

from plays import said
from told import tell, wait_for

wait_for(lambda: said("The update"))
tell(said=said("The update"))
