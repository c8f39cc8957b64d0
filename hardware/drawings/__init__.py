"""The electrical drawings: the board as data, checked, drawn, and listed for buying and wiring."""
