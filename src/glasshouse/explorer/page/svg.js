// Parts of small figures.
const NS = "http://www.w3.org/2000/svg";

export function made(name, attributes = {}, ...children) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// A line of a portrait, for the list that says what its lines are.
export const lineSample = (kind) => made("svg", { viewBox: "0 0 30 12", "aria-hidden": "true" }, made("path", { class: kind, d: "M0 6H30" }));
