"""How much memory one large CSV takes on its way to bronze and silver, with a small heap."""
