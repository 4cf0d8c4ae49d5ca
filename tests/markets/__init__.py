"""Opening hours and what else a market decides."""
