// What is looked at, as one value: in the address, in the history, and as questions are asked.
import { FIRST } from "./repeated.js";

export const equal = (a, b) => JSON.stringify(a) === JSON.stringify(b);
export const copy = (x) => JSON.parse(JSON.stringify(x));

const ACCESS = { full: ["full"], none: ["one_sided", []], 0: ["one_sided", [0]], 1: ["one_sided", [1]] };

export function accessName(access) {
  if (access.kind !== "one_sided") return access.kind;
  return access.readers.length === 1 ? String(access.readers[0]) : access.readers.length ? "full" : "none";
}

export function accessOf(name, before) {
  const [kind, readers] = ACCESS[name] ?? [name, before.readers];
  return { ...before, kind, readers: readers ?? [0] };
}

export function accessWords(access, texts) {
  const words = { full: texts.accessFull, 0: texts.access0, 1: texts.access1, none: texts.accessNone, probabilistic: texts.accessProbabilistic, noisy: texts.accessNoisy }[accessName(access)];
  return { probabilistic: `${words} = ${access.probability}`, noisy: `${words} = ${access.scale}` }[access.kind] ?? words;
}

export const flat = (payoffs) => payoffs.flat(2);
export const nested = (p) => [0, 4].map((i) => [[p[i], p[i + 1]], [p[i + 2], p[i + 3]]]);
export const isSymmetric = (payoffs) => {
  const [a, b] = payoffs;
  return a[0][0] === b[0][0] && a[0][1] === b[1][0] && a[1][0] === b[0][1] && a[1][1] === b[1][1];
};

// Pairs as an address has them, commas as they are.
export const queryOf = (given) => given.toString().replaceAll("%2C", ",");

// A scene as the address holds it. `kept`, the one that stands beside it, is a link within the link.
export function asText(scene, kept = null) {
  const given = new URLSearchParams();
  given.set("v", "1");
  if (scene.title) given.set("title", scene.title);
  given.set("payoffs", flat(scene.payoffs).join(","));
  given.set("coupling", scene.coupling.join(","));
  given.set("bound", scene.bound);
  given.set("step", scene.step_size);
  given.set("rule", scene.rule);
  given.set("ahead", scene.look_ahead);
  given.set("access", accessName(scene.access));
  given.set("probability", scene.access.probability);
  given.set("noise", scene.access.scale);
  if (scene.repeated) {
    given.set("discount", scene.repeated.discount);
    given.set("axes", scene.repeated.axes.map(([player, state]) => [player + 1, state]).flat().join(","));
    given.set("held", scene.repeated.held.flat().join(","));
  }
  if (scene.leaver) given.set("leaver", scene.leaver + 1);
  if (scene.near) given.set("near", scene.near.join(","));
  if (scene.starts.length) given.set("starts", scene.starts.flat().join(","));
  if (kept) given.set("b", asText(kept));
  return queryOf(given);
}

// What a link says of the scene itself, of the one beside it, which may be null, and of those before.
export function parts(text) {
  const given = new URLSearchParams(text), kept = given.get("b"), before = given.getAll("before");
  given.delete("b");
  given.delete("before");
  return [given.toString(), kept, before];
}

// Throws an Error that says what is wrong; whatever it returns is checked once more by the server.
export function fromText(text, first, ranges, rules, most) {
  const given = new URLSearchParams(text);
  const known = ["v", "title", "payoffs", "coupling", "bound", "step", "rule", "ahead", "access", "probability", "noise", "discount", "axes", "held", "leaver", "near", "starts"];
  for (const key of given.keys()) if (!known.includes(key)) throw new Error(`unknown key ${key.slice(0, 20)}`);
  if (given.get("v") !== "1") throw new Error("v must be 1");
  const numbers = (key, range, counts, fallback) => {
    if (!given.has(key)) return fallback;
    const found = given.get(key).split(",").map((x) => (x.trim() === "" ? NaN : Number(x)));
    const [least, most] = ranges[range];
    const fits = counts(found.length) && found.every((x) => Number.isFinite(x) && x >= least && x <= most);
    if (!fits) throw new Error(`${key} must be numbers from ${least} to ${most}`);
    return found;
  };
  const exactly = (n) => (count) => count === n;
  const one = (key, range, fallback) => numbers(key, range, exactly(1), [fallback])[0];
  const starts = numbers("starts", "start", (n) => n % 2 === 0 && n <= 2 * most, first.starts.flat());
  const leaver = given.get("leaver") ?? "1";
  if (!["1", "2"].includes(leaver)) throw new Error("leaver must be 1 or 2");
  const repeated = repeatedFrom(given, numbers, exactly);
  const rule = given.get("rule") ?? first.rule;
  if (!rules.some((x) => x.name === rule)) throw new Error(`there is no rule ${rule.slice(0, 20)}`);
  const access = given.get("access") ?? accessName(first.access);
  if (!Object.hasOwn(ACCESS, access) && !["probabilistic", "noisy"].includes(access)) throw new Error(`there is no access ${access.slice(0, 20)}`);
  return {
    title: [...(given.get("title") ?? "")].slice(0, 200).join(""), // no half of a character
    payoffs: nested(numbers("payoffs", "payoffs", exactly(8), flat(first.payoffs))),
    coupling: numbers("coupling", "coupling", exactly(2), first.coupling),
    bound: one("bound", "bound", first.bound),
    step_size: one("step", "step_size", first.step_size),
    rule,
    look_ahead: one("ahead", "look_ahead", first.look_ahead),
    access: {
      ...accessOf(access, first.access),
      probability: one("probability", "probability", first.access.probability),
      scale: one("noise", "scale", first.access.scale),
    },
    repeated,
    leaver: Number(leaver) - 1,
    near: numbers("near", "near", exactly(2), null),
    starts: Array.from({ length: starts.length / 2 }, (_, k) => [starts[2 * k], starts[2 * k + 1]]),
  };
}

// How a game is repeated in a link, null where it is played once.
function repeatedFrom(given, numbers, exactly) {
  if (!given.has("discount")) return null;
  const states = FIRST.held[0].length, axes = (given.get("axes") ?? "").split(",").map(Number);
  const fits = axes.length === 4 && axes.every((x, k) => Number.isInteger(x) && (k % 2 ? x >= 0 && x < states : x === 1 || x === 2)) && (axes[0] !== axes[2] || axes[1] !== axes[3]);
  if (given.has("axes") && !fits) throw new Error("axes must be a player and a state, twice, and not the same");
  const held = numbers("held", "near", exactly(2 * states), FIRST.held.flat());
  return {
    discount: numbers("discount", "discount", exactly(1), [0])[0],
    axes: given.has("axes") ? [[axes[0] - 1, axes[1]], [axes[2] - 1, axes[3]]] : copy(FIRST.axes),
    held: [held.slice(0, states), held.slice(states)],
  };
}

// Scenes that can be gone back to and forward.
export class History {
  constructor(first) { this.scenes = [copy(first)]; this.place = 0; }
  get now() { return copy(this.scenes[this.place]); }
  get canUndo() { return this.place > 0; }
  get canRedo() { return this.place < this.scenes.length - 1; }
  commit(scene) {
    if (equal(scene, this.scenes[this.place])) return;
    this.scenes = [...this.scenes.slice(Math.max(0, this.place - 199), this.place + 1), copy(scene)];
    this.place = this.scenes.length - 1;
  }
  undo() { if (this.canUndo) this.place -= 1; return this.now; }
  redo() { if (this.canRedo) this.place += 1; return this.now; }
}
