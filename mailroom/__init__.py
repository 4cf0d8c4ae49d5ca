"""Where mail comes in: LMTP from the company's mail server, each mail accepted when it is committed."""
