"""Credit hours: what an officer has earned, from which event, confirmed by whom."""
