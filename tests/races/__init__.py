"""Two replicas want the same thing at the same instant."""
