// Sliders with their numbers, and the choices; each tells what it changed, and when it is let go.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") made.textContent = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

// A text with what stands in its braces.
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

let count = 0;

// A slider and a number field that show one value. `changed(value, isReleased)`.
export class Slider {
  constructor({ label, help, range, limits, step, changed }) {
    count += 1;
    const id = `slider${count}`;
    this.limits = limits;
    this.changed = changed;
    const [min, max] = range;
    this.slider = element("input", { type: "range", id, min, max, step, "aria-describedby": help ? `${id}help` : null });
    this.number = element("input", { type: "number", min: limits[0], max: limits[1], step: "any", "aria-label": label, inputmode: "decimal" });
    const top = element("div", { class: "top" }, element("label", { for: id, text: label }), this.number);
    this.node = element("div", { class: "slider" }, top, this.slider);
    if (help) this.node.append(element("p", { class: "unseen", id: `${id}help`, text: help }));
    this.slider.addEventListener("input", () => this.tell(Number(this.slider.value), false));
    this.slider.addEventListener("change", () => this.tell(Number(this.slider.value), true));
    this.number.addEventListener("input", () => { if (this.fits) this.tell(Number(this.number.value), false); });
    this.number.addEventListener("change", () => { if (this.fits) this.tell(Number(this.number.value), true); else this.show(this.value, true); });
  }
  get fits() {
    const value = this.number.value === "" ? NaN : Number(this.number.value);
    return Number.isFinite(value) && value >= this.limits[0] && value <= this.limits[1];
  }
  tell(value, isReleased) {
    this.show(value);
    this.changed(value, isReleased);
  }
  // What somebody is typing is left alone.
  show(value, isForced = false) {
    if (value === this.value && Number(this.slider.value) === value && !isForced) return;
    this.value = value;
    this.slider.value = value;
    if (isForced || document.activeElement !== this.number) this.number.value = Math.round(value * 1e6) / 1e6;
  }
  get hidden() { return this.node.hidden; }
  set hidden(is) { this.node.hidden = is; }
}

// A number field by itself, in a table of payoffs.
export function numberField(label, limits, changed) {
  const field = element("input", { type: "number", step: "any", min: limits[0], max: limits[1], "aria-label": label, inputmode: "decimal" });
  const fits = () => field.value !== "" && Number.isFinite(Number(field.value)) && Number(field.value) >= limits[0] && Number(field.value) <= limits[1];
  field.addEventListener("input", () => { if (fits()) { field.dataset.last = field.value; changed(Number(field.value), false); } });
  field.addEventListener("change", () => { if (fits()) changed(Number(field.value), true); else field.value = field.dataset.last; });
  return field;
}

export function choice(label, options, changed) {
  count += 1;
  const id = `choice${count}`;
  const select = element("select", { id });
  for (const [value, text] of options) select.append(element("option", { value, text }));
  select.addEventListener("change", () => changed(select.value));
  return { node: element("div", { class: "choice" }, element("label", { for: id, text: label }), select), select };
}

export function toggle(label, changed) {
  const box = element("input", { type: "checkbox" });
  box.addEventListener("change", () => changed(box.checked));
  return { node: element("label", { class: "toggle" }, box, element("span", { text: label })), box };
}

export function button(label, pressed, attributes = {}) {
  return element("button", { type: "button", text: label, onclick: pressed, ...attributes });
}
