// The theme puts wide tables into boxes that scroll: the keyboard must reach these, too.
document$.subscribe(() => setTimeout(() =>
  document.querySelectorAll(".md-typeset__scrollwrap").forEach(box => box.tabIndex = 0)))
