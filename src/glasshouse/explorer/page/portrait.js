// Draws what the server has computed: arrows, lines, points. Nothing here knows a game.
const MARGIN = { left: 46, right: 14, top: 14, bottom: 44 };
const POINT = 6;

export const geometry = (side) => {
  const width = side - MARGIN.left - MARGIN.right;
  return { side, x: MARGIN.left, y: MARGIN.top, width, height: side - MARGIN.top - MARGIN.bottom };
};

// The colours of the page as it is now, and the size at which a canvas is shown. Asking for the size
// makes the browser lay the page out: it is told where it is known.
export function lookOf(canvas, side = canvas.clientWidth) {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    side: side || 600, paper: of("--paper"), ink: of("--ink"), quiet: of("--quiet"), faint: of("--faint"), mover: of("--mover"),
    nullclines: [of("--n0"), of("--n1")], basins: [0, 1, 2, 3, 4].map((k) => of(`--o${k}`)), font: "system-ui, sans-serif",
  };
}

// Between light and dark, and to paper, which is light whatever the screen is.
export function whenColoursChange(then) {
  for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", then);
}

// The pen of a canvas, which is made as fine as it is shown.
export function penOf(canvas, side) {
  const ratio = window.devicePixelRatio || 1, size = Math.round(side * ratio);
  if (canvas.width !== size || canvas.height !== size) canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return pen;
}

// Where a grid of numbers is zero, as lines, each a list of coordinates in units of the grid.
// A crossing is known by the side that it is on, 2 · node for one along i and one more along j, and
// pieces of neighbouring squares are joined there, so that dashes run along whole lines.
export function zeros(values, count, component) {
  const links = new Int32Array(4 * count * count).fill(-1), sides = [0, 0, 0, 0];
  const at = (node) => values[2 * node + component];
  const link = (side, other) => { links[2 * side + (links[2 * side] < 0 ? 0 : 1)] = other; };
  for (let i = 0; i < count - 1; i += 1) {
    for (let j = 0; j < count - 1; j += 1) {
      const node = i * count + j;
      const a = at(node), b = at(node + count), c = at(node + count + 1), d = at(node + 1);
      const [p, q, r, s] = [a > 0, b > 0, c > 0, d > 0];
      if (p === q && q === r && r === s) continue;
      if (!Number.isFinite(a + b + c + d)) continue;
      let found = 0;
      if (p !== q) sides[found++] = 2 * node;
      if (q !== r) sides[found++] = 2 * (node + count) + 1;
      if (r !== s) sides[found++] = 2 * (node + 1);
      if (s !== p) sides[found++] = 2 * node + 1;
      for (let k = 0; k + 1 < found; k += 2) { link(sides[k], sides[k + 1]); link(sides[k + 1], sides[k]); }
    }
  }
  const lines = [];
  const follow = (side) => {
    const line = [];
    for (let here = side, from = -1; here >= 0;) {
      const node = here >> 1, step = here & 1 ? 1 : count;
      const share = at(node) / (at(node) - at(node + step));
      line.push(Math.floor(node / count) + (here & 1 ? 0 : share), (node % count) + (here & 1 ? share : 0));
      const next = links[2 * here] !== from && links[2 * here] >= 0 ? links[2 * here] : links[2 * here + 1] !== from ? links[2 * here + 1] : -1;
      links[2 * here] = links[2 * here + 1] = -1;
      [from, here] = [here, next];
    }
    lines.push(line);
  };
  for (let side = 0; 2 * side < links.length; side += 1) if (links[2 * side] >= 0 && links[2 * side + 1] < 0) follow(side);
  for (let side = 0; 2 * side < links.length; side += 1) {
    if (links[2 * side] >= 0) follow(side); // which comes back to where it began
  }
  return lines;
}

// The outcomes as a small picture, which is stretched when it is drawn.
export function shadingPicture(shading, colours) {
  const count = Math.round(Math.sqrt(shading.length));
  const picture = document.createElement("canvas");
  picture.width = picture.height = count;
  const pen = picture.getContext("2d");
  const image = pen.createImageData(count, count);
  const rgb = colours.map((c) => c.match(/[0-9a-f]{2}/gi).map((x) => parseInt(x, 16)));
  for (let i = 0; i < count; i += 1) {
    for (let j = 0; j < count; j += 1) {
      const place = 4 * ((count - 1 - j) * count + i);
      const [r, g, b] = rgb[shading[i * count + j]];
      image.data.set([r, g, b, 255], place);
    }
  }
  pen.putImageData(image, 0, 0);
  return picture;
}

export function draw(pen, frame, basins, look, words, cross) {
  const g = geometry(look.side);
  const X = (unit) => g.x + unit * g.width;
  const Y = (unit) => g.y + (1 - unit) * g.height;
  pen.save();
  pen.fillStyle = look.paper;
  pen.fillRect(0, 0, g.side, g.side);
  if (basins) drawBasins(pen, basins, g);
  drawArrows(pen, frame, g, look);
  drawNullclines(pen, frame, X, Y, look);
  if (frame.kind === "portrait") drawRuns(pen, frame, X, Y, look);
  drawFrame(pen, frame, g, look, words);
  if (frame.kind === "portrait") frame.points.forEach((p) => drawPoint(pen, p.stability, X(unitOf(frame, 0, p.params[0])), Y(unitOf(frame, 1, p.params[1])), look));
  if (cross) drawCross(pen, X(cross[0]), Y(cross[1]), g, look);
  pen.restore();
}

const unitOf = (frame, axis, value) => (value - frame.low[axis]) / (frame.high[axis] - frame.low[axis]);

function drawBasins(pen, basins, g) {
  if ("imageSmoothingEnabled" in pen) pen.imageSmoothingEnabled = true;
  pen.drawImage(basins, g.x, g.y, g.width, g.height);
}

function drawArrows(pen, frame, g, look) {
  const arrows = frame.arrays.arrows;
  const count = Math.round(Math.sqrt(arrows.length / 2));
  const [length, head] = [0.55 * (g.width / count), 0.2 * (g.width / count)];
  pen.strokeStyle = look.faint;
  pen.lineWidth = 1.1;
  pen.beginPath();
  for (let i = 0; i < count; i += 1) {
    for (let j = 0; j < count; j += 1) {
      const [dx, dy] = [arrows[2 * (i * count + j)], -arrows[2 * (i * count + j) + 1]];
      if (!dx && !dy) continue;
      const [x, y] = [g.x + ((i + 0.5) * g.width) / count, g.y + g.height - ((j + 0.5) * g.height) / count];
      const [tx, ty] = [x + (dx * length) / 2, y + (dy * length) / 2];
      pen.moveTo(x - (dx * length) / 2, y - (dy * length) / 2);
      pen.lineTo(tx, ty);
      pen.moveTo(tx - head * (dx * 0.87 - dy * 0.5), ty - head * (dy * 0.87 + dx * 0.5));
      pen.lineTo(tx, ty);
      pen.lineTo(tx - head * (dx * 0.87 + dy * 0.5), ty - head * (dy * 0.87 - dx * 0.5));
    }
  }
  pen.stroke();
}

function drawNullclines(pen, frame, X, Y, look) {
  const last = frame.field_points - 1;
  frame.nullclines ??= [0, 1].map((component) => zeros(frame.arrays.relative, last + 1, component));
  frame.nullclines.forEach((lines, component) => {
    pen.strokeStyle = look.nullclines[component];
    pen.lineWidth = 2.2;
    pen.setLineDash(component ? [8, 5] : []);
    pen.beginPath();
    for (const line of lines) {
      pen.moveTo(X(line[0] / last), Y(line[1] / last));
      for (let k = 2; k < line.length; k += 2) pen.lineTo(X(line[k] / last), Y(line[k + 1] / last));
    }
    pen.stroke();
    pen.setLineDash([]);
  });
}

// All sample runs are one path, and all of a reader's own another.
function drawRuns(pen, frame, X, Y, look) {
  const paths = frame.arrays.paths, begins = [0];
  frame.lengths.forEach((length) => begins.push(begins.at(-1) + length));
  const x = (m) => X(unitOf(frame, 0, paths[2 * m])), y = (m) => Y(unitOf(frame, 1, paths[2 * m + 1]));
  for (const own of [false, true]) {
    const [first, end] = own ? [frame.samples, frame.lengths.length] : [0, Math.min(frame.samples, frame.lengths.length)];
    if (first >= end) continue;
    pen.strokeStyle = pen.fillStyle = own ? look.mover : look.ink;
    pen.lineWidth = own ? 2.4 : 1.2;
    pen.globalAlpha = own ? 1 : 0.75;
    pen.beginPath();
    for (let k = first; k < end; k += 1) {
      pen.moveTo(x(begins[k]), y(begins[k]));
      for (let m = begins[k] + 1; m < begins[k + 1]; m += 1) pen.lineTo(x(m), y(m));
    }
    pen.stroke();
    const radius = own ? 4.5 : 2.2;
    pen.beginPath();
    for (let k = first; k < end; k += 1) {
      pen.moveTo(x(begins[k]) + radius, y(begins[k]));
      pen.arc(x(begins[k]), y(begins[k]), radius, 0, 2 * Math.PI);
    }
    pen.fill();
    pen.globalAlpha = 1;
  }
}

function drawFrame(pen, frame, g, look, words) {
  pen.strokeStyle = look.ink;
  pen.lineWidth = 1;
  pen.strokeRect(g.x, g.y, g.width, g.height);
  pen.fillStyle = look.quiet;
  pen.font = `12px ${look.font}`;
  [0, 0.5, 1].forEach((unit) => {
    const value = (axis) => tick(frame.low[axis] + unit * (frame.high[axis] - frame.low[axis]));
    pen.textBaseline = "top";
    pen.textAlign = unit === 0 ? "left" : unit === 1 ? "right" : "center";
    pen.fillText(value(0), g.x + unit * g.width, g.y + g.height + 7);
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    pen.fillText(value(1), g.x - 7, g.y + (1 - unit) * g.height + (unit === 1 ? 5 : unit === 0 ? -5 : 0));
  });
  pen.fillStyle = look.ink;
  pen.font = `13px ${look.font}`;
  pen.textAlign = "center";
  pen.textBaseline = "top";
  pen.fillText(words.axis1, g.x + g.width / 2, g.y + g.height + 25);
  pen.save();
  pen.translate(13, g.y + g.height / 2);
  pen.rotate(-Math.PI / 2);
  pen.textBaseline = "middle";
  pen.fillText(words.axis2, 0, 0);
  pen.restore();
}

const tick = (x) => String(Math.round(x * 100) / 100).replace("-", "−");

export function drawPoint(pen, stability, x, y, look) {
  pen.strokeStyle = look.ink;
  pen.lineWidth = 1.8;
  const shape = { stable: "circle", unstable: "circle", saddle: "diamond", undecided: "square" }[stability];
  pen.beginPath();
  if (shape === "circle") pen.arc(x, y, POINT, 0, 2 * Math.PI);
  if (shape === "square") pen.rect(x - POINT + 0.5, y - POINT + 0.5, 2 * POINT - 1, 2 * POINT - 1);
  if (shape === "diamond") diamond(pen, x, y, [-1, 1]);
  pen.fillStyle = stability === "stable" ? look.ink : look.paper;
  pen.fill();
  pen.stroke();
  if (shape === "diamond") {
    pen.beginPath();
    diamond(pen, x, y, [-1, 0]);
    pen.fillStyle = look.ink;
    pen.fill();
  }
}

function diamond(pen, x, y, [left, right]) {
  const r = POINT + 1.5;
  pen.moveTo(x, y - r);
  pen.lineTo(x + right * r, y);
  pen.lineTo(x, y + r);
  pen.lineTo(x + left * r, y);
  pen.closePath();
}

function drawCross(pen, x, y, g, look) {
  pen.strokeStyle = look.mover;
  pen.lineWidth = 1.2;
  pen.setLineDash([3, 3]);
  pen.beginPath();
  pen.moveTo(g.x, y);
  pen.lineTo(g.x + g.width, y);
  pen.moveTo(x, g.y);
  pen.lineTo(x, g.y + g.height);
  pen.stroke();
  pen.setLineDash([]);
}
