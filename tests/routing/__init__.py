"""The pure core: rules with two people each, stories as sentences, properties over many."""
