"""Every verb as a command: parse, call one function, print."""
