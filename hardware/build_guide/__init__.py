"""The build guide: where each part of the interface board goes, and the guide's pictures."""
