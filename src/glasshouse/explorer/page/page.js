// What all pages have: places by their names, what is said above the page, what a screen reader is told.
import { element } from "./controls.js";

export const by = (id) => document.getElementById(id);

export function banner(text) {
  by("banner").hidden = !text;
  by("banner").replaceChildren(...(text ? [element("span", { text })] : []));
}

export const announce = (text) => { by("announce").textContent = text; };

// Links to what is in the page would overwrite the address, which holds its state.
export function skipTo(target) {
  document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); target()?.focus(); });
}
