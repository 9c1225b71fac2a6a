// The words of the story and the exercises, and numbers as its readers write them.
import texts from "./texts.js";
import { element, fill } from "./controls.js";
import { translated } from "./language.js";

export const words = await translated("story", await (await fetch("story.en.json")).json());

export function written({ value, places = 2, style = "number" }) {
  if (value === null) return words.nowhere;
  const digits = { style: style === "percent" ? "percent" : "decimal", minimumFractionDigits: places, maximumFractionDigits: places };
  const said = (x) => new Intl.NumberFormat(texts.language, digits).format(x).replace("-", "−");
  if (style === "percent" && value > 0 && value < 0.005) return `<${said(0.01)}`;
  if (style === "percent" && value < 1 && value >= 0.995) return `>${said(0.99)}`;
  return said(value);
}

// A text with the numbers that were found in its braces, and *what is stressed*.
export function told(text, facts) {
  const numbers = Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, typeof fact === "string" ? fact : written(fact)]));
  return fill(text, numbers).split("*").map((part, k) => (k % 2 ? element("em", { text: part }) : part)).filter(Boolean);
}

export const paragraphs = (list, facts, attributes = {}) => list.map((text) => element("p", attributes, ...told(text, facts)));
