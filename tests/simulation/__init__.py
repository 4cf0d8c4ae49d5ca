"""The pure half of the replay: the log, what is learnt from it, the company made of it, the figures."""
