"""The case: its dimensions as data, checked, and made into printable parts and pictures."""
