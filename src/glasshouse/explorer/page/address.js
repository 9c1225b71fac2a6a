// The address holds what a page has to remember: its own state as it is, and that of each other page
// under that page's name. Links between pages hand all of it on.
import { inLanguage } from "./language.js";
import { queryOf } from "./state.js";

const PATHS = { sandbox: "./", story: "story.html", exercises: "exercises.html" };
const file = location.pathname.split("/").at(-1);
export const here = Object.keys(PATHS).find((page) => PATHS[page] === file) ?? "sandbox";

// This page's own part of an address, and those that it holds for other pages, by their names.
export function taken(text = location.hash) {
  const given = new URLSearchParams(text.replace(/^#/, "")), others = {};
  for (const page of Object.keys(PATHS)) {
    if (page !== here && given.get(page)) others[page] = given.get(page);
    given.delete(page);
  }
  return { own: queryOf(given), others };
}

function joined(own, others) {
  const given = new URLSearchParams();
  for (const page of Object.keys(PATHS)) if (others[page]) given.set(page, others[page]);
  return [own, queryOf(given)].filter(Boolean).join("&");
}

// The fragment of this page with another part of its own.
export const fragmentWith = (own) => `#${joined(own, taken().others)}`;

// The part of its own is replaced where one is, without a step to go back to.
export function remember(own) {
  const next = fragmentWith(own), now = location.hash || "#";
  if (now === next) return;
  history.replaceState(history.state, "", next === "#" ? location.pathname + location.search : next);
  dispatchEvent(new Event("remembered"));
}

// What is given, and as "before" what it takes the place of, the newest last: it can be gone back to.
const MOST_BEFORE = 5;
function instead(state, was) {
  const given = new URLSearchParams(was), before = given.getAll("before");
  given.delete("before");
  const kept = [...before, queryOf(given)].filter((x, k, all) => x && x !== state && !all.includes(x, k + 1)).slice(-MOST_BEFORE);
  return [state, queryOf(new URLSearchParams(kept.map((x) => ["before", x])))].filter(Boolean).join("&");
}

// A page in the language of this one: as it was left, or with a state that is given.
export function linkTo(page, state = null) {
  const { own, others } = taken(), known = { ...others, [here]: own };
  const fragment = joined(state === null ? known[page] ?? "" : instead(state, known[page] ?? ""), { ...known, [page]: null });
  return inLanguage(PATHS[page] + (fragment ? `#${fragment}` : ""));
}

// Shows links as the address is, now and whenever it changes.
export function keepLinks(show) {
  show();
  addEventListener("hashchange", show);
  addEventListener("remembered", show);
}
