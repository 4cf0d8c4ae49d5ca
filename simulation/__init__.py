"""The replay of a real log and the company made from it: load, staffing, patience, figures."""
