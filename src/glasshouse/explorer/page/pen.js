// What the portrait is drawn with when it is saved: the part of a canvas's pen that it uses, as SVG.
const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const n = (x) => String(Math.round(x * 100) / 100);

export class SvgPen {
  constructor(width, height, title) {
    Object.assign(this, { width, height, title, parts: [], path: "", dash: [] });
    Object.assign(this, { strokeStyle: "#000", fillStyle: "#000", lineWidth: 1, globalAlpha: 1, font: "13px sans-serif", textAlign: "left", textBaseline: "alphabetic" });
    this.turns = [];
  }
  save() {
    const { strokeStyle, fillStyle, lineWidth, globalAlpha, dash } = this;
    this.turns.push({ before: { strokeStyle, fillStyle, lineWidth, globalAlpha, dash }, groups: 0 });
  }
  restore() {
    const { before, groups } = this.turns.pop();
    this.parts.push("</g>".repeat(groups));
    Object.assign(this, before);
  }
  translate(x, y) { this.group(`translate(${n(x)} ${n(y)})`); }
  rotate(angle) { this.group(`rotate(${n((angle * 180) / Math.PI)})`); }
  group(transform) {
    this.parts.push(`<g transform="${transform}">`);
    this.turns.at(-1).groups += 1;
  }
  beginPath() { this.path = ""; }
  moveTo(x, y) { this.path += `M${n(x)} ${n(y)}`; }
  lineTo(x, y) { this.path += `L${n(x)} ${n(y)}`; }
  closePath() { this.path += "Z"; }
  rect(x, y, w, h) { this.path += `M${n(x)} ${n(y)}h${n(w)}v${n(h)}h${n(-w)}Z`; }
  arc(x, y, r, from = 0, to = 2 * Math.PI) {
    if (to - from > 6.28) { this.path += `M${n(x - r)} ${n(y)}a${n(r)} ${n(r)} 0 1 0 ${n(2 * r)} 0a${n(r)} ${n(r)} 0 1 0 ${n(-2 * r)} 0Z`; return; }
    const at = (a) => `${n(x + r * Math.cos(a))} ${n(y + r * Math.sin(a))}`;
    this.path += `M${at(from)}A${n(r)} ${n(r)} 0 ${to - from > Math.PI ? 1 : 0} 1 ${at(to)}`;
  }
  setLineDash(dash) { this.dash = dash; }
  stroke() {
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.join(" ")}"` : "";
    this.parts.push(`<path d="${this.path}" fill="none" stroke="${escaped(this.strokeStyle)}" stroke-width="${n(this.lineWidth)}"${dash}${this.alpha}/>`);
  }
  fill() { this.parts.push(`<path d="${this.path}" fill="${escaped(this.fillStyle)}"${this.alpha}/>`); }
  get alpha() { return this.globalAlpha === 1 ? "" : ` opacity="${n(this.globalAlpha)}"`; }
  fillRect(x, y, w, h) { this.beginPath(); this.rect(x, y, w, h); this.fill(); }
  strokeRect(x, y, w, h) { this.beginPath(); this.rect(x, y, w, h); this.stroke(); }
  fillText(text, x, y) {
    const anchor = { center: "middle", right: "end", end: "end" }[this.textAlign] ?? "start";
    const base = { middle: "central", top: "hanging" }[this.textBaseline] ?? "auto";
    const size = this.font.match(/[0-9.]+px/)[0];
    this.parts.push(`<text x="${n(x)}" y="${n(y)}" font-size="${size}" text-anchor="${anchor}" dominant-baseline="${base}" fill="${escaped(this.fillStyle)}">${escaped(text)}</text>`);
  }
  drawImage(image, x, y, w, h) {
    this.parts.push(`<image x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" preserveAspectRatio="none" href="${image.toDataURL("image/png")}"/>`);
  }
  get text() {
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${this.width} ${this.height}" width="${this.width}" height="${this.height}" font-family="system-ui, sans-serif" role="img"><title>${escaped(this.title)}</title>${this.parts.join("")}</svg>\n`;
  }
}
