// Games that are repeated: γ, which two of the ten parameters are the axes, and where the others are.
import { choice, element, fill, numberField, Slider, toggle } from "./controls.js";
import { digits } from "./gauge.js";

export const STATES = ["start", "CC", "CD", "DC", "DD"];
export const FIRST = { discount: 0.9, axes: [[0, 1], [1, 1]], held: [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0]] };
const [FROM, TO, STEP] = [0, 0.99, 0.01];

const coordinate = ([player, state], texts) => fill(texts.coordinate, { player: player + 1, state: texts[`state${STATES[state]}`] });

// What stands along the axes: θ of either player, or the two parameters that were chosen.
export function axisWords(frame, texts) {
  if (!frame.axes) return texts;
  const [axis1, axis2] = frame.axes.map((axis) => fill(texts.axisOf, { coordinate: coordinate(axis, texts) }));
  return { axis1, axis2 };
}

export const stillWords = (axes, texts) => (axes ? axes.map((axis) => fill(texts.stillOf, { coordinate: coordinate(axis, texts) })) : [texts.nullcline1, texts.nullcline2]);

export function repeatedWords(repeated, texts) {
  if (!repeated) return texts.once;
  return fill(texts.repeatedShort, { discount: digits(repeated.discount), axes: repeated.axes.map((axis) => coordinate(axis, texts)).join(", ") });
}

// `changed(repeated, isReleased)`, with null where the game is played once.
export class Repetition {
  constructor(place, texts, limits, changed) {
    Object.assign(this, { texts, now: null, last: FIRST });
    const tell = (change, isReleased = true) => changed({ ...this.now, ...change }, isReleased);
    this.is = toggle(texts.repeated, (is) => changed(is ? this.last : null, true));
    this.discount = new Slider({ label: texts.discount, help: texts.discountHelp, range: [FROM, TO], limits: limits.discount, step: STEP, changed: (x, done) => tell({ discount: x }, done) });
    const options = [0, 1].flatMap((player) => STATES.map((_, state) => [`${player},${state}`, coordinate([player, state], texts)]));
    // Choosing what is on the other axis changes places.
    this.axes = [texts.across, texts.up].map((label, k) => choice(label, options, (value) => {
      const axes = [...this.now.axes], chosen = value.split(",").map(Number);
      if (String(axes[1 - k]) === value) axes[1 - k] = axes[k];
      axes[k] = chosen;
      tell({ axes });
    }));
    this.cells = [];
    const cell = (player, state) => {
      const field = numberField(fill(texts.heldOf, { coordinate: coordinate([player, state], texts) }), limits.near, (x, done) => {
        const held = this.now.held.map((row) => [...row]);
        held[player][state] = x;
        tell({ held }, done);
      });
      const axis = element("span", { class: "quiet" });
      this.cells.push({ player, state, field, axis });
      return element("td", {}, field, axis);
    };
    const head = element("tr", {}, element("td"), ...[texts.player1, texts.player2].map((text) => element("th", { scope: "col", text })));
    const rows = STATES.map((name, state) => element("tr", {}, element("th", { scope: "row", text: texts[`state${name}`] }), cell(0, state), cell(1, state)));
    const table = element("table", { class: "payoffs held" }, element("caption", { text: texts.held }), element("thead", {}, head), element("tbody", {}, ...rows));
    this.more = element("div", {}, this.discount.node, ...this.axes.map((x) => x.node), table, element("p", { class: "quiet", text: texts.heldNote }));
    place.replaceChildren(this.is.node, this.more);
  }

  show(repeated) {
    this.now = repeated;
    if (repeated) this.last = repeated;
    this.is.box.checked = Boolean(repeated);
    this.more.hidden = !repeated;
    if (!repeated) return;
    this.discount.show(repeated.discount);
    this.axes.forEach((x, k) => { x.select.value = String(repeated.axes[k]); });
    for (const { player, state, field, axis } of this.cells) {
      const k = repeated.axes.findIndex(([i, s]) => i === player && s === state);
      field.hidden = k >= 0;
      axis.textContent = k < 0 ? "" : [this.texts.across, this.texts.up][k];
      if (document.activeElement !== field) field.value = field.dataset.last = repeated.held[player][state];
    }
  }
}
