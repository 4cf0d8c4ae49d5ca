"""The schema's history: dated sentences, each safe to run while the old code serves."""
