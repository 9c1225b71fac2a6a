// What _look.py asks of a page: what is amiss in how it looks, as a list of sentences.
() => {
  const faults = [];
  const short = text => text.trim().replace(/\s+/g, " ").slice(0, 50);
  const page = document.documentElement, width = page.clientWidth;

  // -- Whole pages and pictures
  if (document.body && page.scrollWidth > width) faults.push(`scrolls sideways: ${page.scrollWidth} px`);
  for (const image of document.images) {
    if (!image.alt.trim()) faults.push(`a picture without words: ${image.src}`);
    if (image.loading !== "lazy" && image.complete && !image.naturalWidth)
      faults.push(`a picture that is not there: ${image.src}`);
  }
  for (const figure of document.querySelectorAll("figure svg"))
    if (!figure.querySelector("title")?.textContent.trim() && !figure.getAttribute("aria-label"))
      faults.push("a figure without words");

  // -- Boxes: what a reader sees of them, inside of everything that cuts them off
  const styles = new Map();
  const style = e => styles.get(e) ?? styles.set(e, getComputedStyle(e)).get(e);
  const boxes = new Map();
  const box = e => boxes.get(e) ?? boxes.set(e, e.getBoundingClientRect()).get(e);
  const area = r => Math.max(0, r.right - r.left) * Math.max(0, r.bottom - r.top);
  const common = (a, b) => ({
    left: Math.max(a.left, b.left), right: Math.min(a.right, b.right),
    top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom),
  });
  const seen = (rect, element) => {
    let cut = false;
    for (let e = element; e && e !== document.body; e = e.parentElement) {
      const {overflowX: x, overflowY: y, position, display} = style(e);
      if (x !== "visible" && !["inline", "contents"].includes(display)) {
        const inner = common(rect, box(e));
        const beyond = Math.max(box(e).left - rect.left, rect.right - box(e).right);
        const below = Math.max(box(e).top - rect.top, rect.bottom - box(e).bottom);
        if (["hidden", "clip"].includes(x) && beyond > 1 && area(inner)) cut = true;
        if (["hidden", "clip"].includes(y) && below > 3 && area(inner)) cut = true;
        rect = inner;
      }
      if (position === "fixed") break;
    }
    return {rect, cut};
  };

  // -- Words
  const floats = e => {
    for (; e; e = e.parentElement) if (["fixed", "sticky"].includes(style(e).position)) return true;
    return false;
  };
  const shown = {opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true};
  const pieces = [];
  const walker = document.createTreeWalker(document.body ?? page, NodeFilter.SHOW_TEXT);
  const within = document.createRange();
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || parent.closest("svg, style, script, noscript, .unseen")) continue;
    if (!parent.checkVisibility(shown)) continue;
    within.selectNodeContents(node);
    const above = floats(parent), formula = parent.closest("math");
    for (const line of within.getClientRects()) {
      if (line.width < 1 || line.height < 1) continue;
      const {rect, cut} = seen(common(line, line), parent);  // with properties of its own
      if (area(rect) < 1 || rect.right <= 0) continue;
      if (cut) faults.push(`cut off: “${short(node.data)}”`);
      if (rect.left < -0.5 || rect.right > width + 0.5)
        faults.push(`beyond the page: “${short(node.data)}”`);
      if (!above) pieces.push({...rect, text: short(node.data), formula});
    }
  }
  pieces.sort((a, b) => a.top - b.top);
  pieces.forEach((one, k) => {
    for (let j = k + 1; j < pieces.length && pieces[j].top < one.bottom; j++) {
      const other = pieces[j];
      if (one.formula && one.formula === other.formula) continue;
      if (area(common(one, other)) > 0.25 * Math.min(area(one), area(other)))
        faults.push(`“${one.text}” covers “${other.text}”`);
    }
  });

  // -- Figures: their words inside of them, apart, and dark enough on their paper (on a heat map
  // nobody here knows what is below them)
  const numbers = text => text.match(/[0-9.]+/g).map(Number);
  const channel = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const paper = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = numbers(style(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  // Blanks between the letters of formulas have a size of their own, and are not seen.
  const inked = word => [word, ...word.querySelectorAll("tspan")]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).map(box)
    .reduce((a, b) => ({
      left: Math.min(a.left, b.left), right: Math.max(a.right, b.right),
      top: Math.min(a.top, b.top), bottom: Math.max(a.bottom, b.bottom),
    }));
  for (const figure of document.querySelectorAll("svg")) {
    if (!figure.checkVisibility(shown) || !box(figure).width) continue;
    const words = [...figure.querySelectorAll("text")].filter(e => e.textContent.trim());
    const frame = box(figure), inks = words.map(inked);
    const pictures = [...figure.querySelectorAll("image")].map(box);
    words.forEach((word, k) => {
      const one = inks[k], text = short(word.textContent);
      if (one.left < frame.left - 1 || one.right > frame.right + 1 ||
          one.top < frame.top - 1 || one.bottom > frame.bottom + 1)
        faults.push(`beyond its figure: “${text}”`);
      const fill = style(word).fill;
      const onPicture = pictures.some(p => area(common(p, one)) > 0.5 * area(one));
      if (!onPicture && fill.startsWith("rgb") && contrast(numbers(fill), paper(figure)) < 4.5)
        faults.push(`pale in its figure: “${text}”`);
      for (let j = 0; j < k; j++) {
        const two = inks[j];
        if (area(common(one, two)) > 0.15 * Math.min(area(one), area(two)))
          faults.push(`“${text}” covers “${short(words[j].textContent)}” in a figure`);
      }
    });
  }
  return [...new Set(faults)];
}
