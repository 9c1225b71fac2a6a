"""A page in the browser on which couplings and payoffs move a living phase portrait.

`server` listens on this machine alone, `protocol` says what is asked and how it is answered,
`building` makes games of it, `frames` computes, `desk` lets the newest question win, and `page`
holds what the browser loads, which computes nothing.
"""
