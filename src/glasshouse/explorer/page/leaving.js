// Who would leave alone, what is proved of it, and which equilibria are found.
import { element } from "./controls.js";
import { pairOf } from "./found.js";
import { digits } from "./gauge.js";
import { made } from "./svg.js";

const [WIDTH, HEIGHT] = [340, 190];
const CUT = "v3l-4 2l8 3l-4 2v3"; // of an axis that does not reach 0
const AT = { left: 54, right: 12, top: 12, bottom: 34 };

// Payoff against one's own parameter, as computed; a ring where one is, a disc where one gains most.
export function drawCurve(svg, frame, texts, fill) {
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  if (!frame || frame.reason) { svg.setAttribute("hidden", ""); return; }
  svg.removeAttribute("hidden");
  const curve = Array.from({ length: frame.arrays.curve.length / 2 }, (_, k) => [frame.arrays.curve[2 * k], frame.arrays.curve[2 * k + 1]]);
  const payoffs = [...curve, frame.now, ...(frame.best ? [frame.best] : [])].map((p) => p[1]);
  const [low, high] = [curve[0][0], curve.at(-1)[0]];
  let [least, most] = [Math.min(...payoffs), Math.max(...payoffs)];
  if (most - least < 1e-9 * Math.max(1, Math.abs(most))) [least, most] = [least - 1, most + 1];
  const X = (t) => AT.left + ((t - low) / (high - low)) * (WIDTH - AT.left - AT.right);
  const isCut = least > 0 || most < 0, foot = isCut ? 18 : 6;
  const Y = (u) => HEIGHT - AT.bottom - foot - ((u - least) / (most - least)) * (HEIGHT - AT.top - AT.bottom - foot - 6);
  const text = (attributes, said) => made("text", attributes, said);
  svg.append(
    made("path", { class: "axis", d: `M${AT.left} ${AT.top}V${HEIGHT - AT.bottom - 13}${isCut ? CUT : "v13"}H${WIDTH - AT.right}` }),
    made("path", { class: "level", d: `M${AT.left} ${Y(frame.now[1])}H${WIDTH - AT.right}` }),
    made("path", { class: "curve", d: `M${curve.map(([t, u]) => `${X(t).toFixed(2)} ${Y(u).toFixed(2)}`).join("L")}` }),
    ...(frame.gains ? [made("circle", { class: "best", cx: X(frame.best[0]), cy: Y(frame.best[1]), r: 5.5 })] : []),
    made("circle", { class: "here", cx: X(frame.now[0]), cy: Y(frame.now[1]), r: 5.5 }),
    ...[[low, "start"], [high, "end"]].map(([t, anchor]) => text({ x: X(t), y: HEIGHT - AT.bottom + 14, "text-anchor": anchor }, digits(t))),
    ...[least, most].map((u) => text({ x: AT.left - 6, y: Y(u) + 4, "text-anchor": "end" }, digits(Number(u.toPrecision(3))))),
    text({ class: "name", x: (AT.left + WIDTH - AT.right) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, fill(texts.curveAcross, { player: frame.player + 1 })),
    text({ class: "name", x: 0, y: 0, "text-anchor": "middle", transform: `translate(11 ${(AT.top + HEIGHT - AT.bottom) / 2}) rotate(-90)` }, fill(texts.curveUp, { player: frame.player + 1 })),
  );
}

const line = (name, text, how = "") => element("p", {}, element("b", { text: name }), " ", element("span", { text }), ...(how ? [" ", element("span", { class: "quiet", text: how })] : []));
const small = (x) => (x === 0 ? "0" : x.toExponential(0).replace("-", "−"));
const lines = (place, ...given) => place.replaceChildren(...given);

export function deviationWords(frame, texts, fill) {
  if (frame.reason) return fill(texts.notTold, { why: frame.reason });
  const values = { player: frame.player + 1, there: digits(frame.best[0]), now: digits(frame.now[0]), gain: digits(frame.gain), paid: digits(frame.now[1]) };
  return fill(frame.gains ? texts.leaves : texts.stays, values);
}

export function showDeviation(place, frame, texts, fill) {
  if (!frame) { lines(place, element("p", { class: "quiet", text: texts.waiting })); return; }
  const said = [line(texts.bestFound, deviationWords(frame, texts, fill))];
  if (!frame.reason) {
    const { passes, cooperative, reason } = frame.boundary;
    const test = passes === null ? fill(texts.notTold, { why: reason }) : passes ? texts.passes : cooperative ? texts.fails : texts.notCooperative;
    said.push(line(texts.boundaryTest, test));
  }
  lines(place, ...said);
}

export function proofWords(frame, texts, fill) {
  if (frame.reason) return fill(texts.notTold, { why: frame.reason });
  return fill(texts[frame.verdict], { epsilon: small(frame.epsilon) });
}

export function showProof(place, frame, texts, fill) {
  if (typeof frame === "string") { lines(place, element("p", { class: "quiet", text: frame })); return; }
  const said = [line(texts.certificate, proofWords(frame, texts, fill))];
  if (!frame.reason) {
    const gains = frame.gains.map((g, k) => fill(texts.gainBetween, { player: k + 1, between: g.between.replaceAll("-", "−") }));
    said.push(element("p", { class: "quiet", text: `${gains.join("; ")}. ${frame.verdict === "unknown" ? frame.advice : ""}` }));
  }
  lines(place, ...said);
}

export function equilibriaWords(frame, texts, fill) {
  if (frame.reason) return fill(texts.notTold, { why: frame.reason });
  const words = { exactly: texts.countExactly, "at least": texts.countLeast, unknown: texts.countUnknown }[frame.count];
  return fill(words, { count: frame.total, listed: frame.points.length + frame.more });
}

export function showEquilibria(place, frame, texts, fill) {
  if (typeof frame === "string") { lines(place, element("p", { class: "quiet", text: frame })); return; }
  const said = [element("p", {}, element("b", { text: equilibriaWords(frame, texts, fill) }))];
  if (!frame.reason) {
    const listed = [...frame.points.map((p) => [p, texts[p.kind]]), ...frame.continuum.map((p) => [p, texts.oneOfMany])];
    if (listed.length) {
      const head = element("tr", {}, ...["theta", "place", "payoff", "attracts", "evidence"].map((key) => element("th", { scope: "col", text: texts[key] })));
      const rows = listed.map(([p, kind]) => {
        const attracts = { true: texts.yes, false: texts.no, null: texts.unknownShort }[String(p.stable)];
        const evidence = p.verdict !== "certified" ? texts.notProved : fill(p.isolated ? texts.provedAlone : texts.provedPoint, { epsilon: small(p.epsilon) });
        return element("tr", {}, pairOf(p.params, "th"), element("td", { text: kind }), pairOf(p.payoffs), ...[attracts, evidence].map((text) => element("td", { text })));
      });
      said.push(element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": texts.equilibria }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows))));
    }
    if (frame.more) said.push(element("p", { class: "quiet", text: fill(texts.moreEquilibria, { count: frame.more }) }));
    if (frame.left) said.push(element("p", { class: "quiet", text: fill(texts.leftOver, { count: frame.left }) }));
    said.push(element("p", { class: "quiet", text: [...frame.reasons, `${frame.method}: ${frame.detail}`].join(". ") }));
  }
  lines(place, ...said);
}
