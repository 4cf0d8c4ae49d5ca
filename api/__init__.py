"""The doors: HTTP in, one service call, a problem document or an answer out."""
