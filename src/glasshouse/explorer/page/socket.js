// Questions as JSON, answers as bytes: by a socket that comes back by itself, or in a notebook
// through the frame around this page.
import { remember } from "./address.js";

const KINDS = { float32: Float32Array, float64: Float64Array, uint8: Uint8Array };
const AGAIN = [250, 500, 1000, 2000];

export function decoded(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const arrays = {};
  for (const { name, type, shape, place } of header.arrays) {
    const count = shape.reduce((a, b) => a * b, 1);
    arrays[name] = new KINDS[type](buffer, 4 + length + place, count);
  }
  return { ...header, arrays };
}

class Socket {
  constructor(heard) {
    this.heard = heard; // { opened(), gone(), answer(frame) }
    this.number = 0;
    this.tries = 0;
    this.connect();
  }

  connect() {
    const socket = new WebSocket(`ws://${location.host}/socket`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => { this.tries = 0; this.heard.opened(); };
    socket.onmessage = (event) => this.heard.answer(decoded(event.data));
    socket.onclose = () => {
      this.heard.gone();
      setTimeout(() => this.connect(), AGAIN[Math.min(this.tries, AGAIN.length - 1)]);
      this.tries += 1;
    };
    this.socket = socket;
  }

  get isOpen() { return this.socket.readyState === WebSocket.OPEN; }

  ask(scene, parts) {
    if (!this.isOpen) return null;
    this.number += 1;
    this.socket.send(JSON.stringify({ number: this.number, scene, parts }));
    return this.number;
  }

  // A card of the story, an exercise, or which there are.
  askCard(card, scene = null) {
    if (!this.isOpen) return null;
    this.number += 1;
    this.socket.send(JSON.stringify({ number: this.number, card, scene }));
    return this.number;
  }

  remember(own) { remember(own); }
}

// In a frame: whoever made it hands over one end of a channel, at whose other end the kernel is, and
// the link to how the page was left. A kernel that is silent is busy, or has been started again.
const SILENCE = 8000; // milliseconds
class Channel {
  constructor(heard) {
    this.number = 0;
    this.port = null;
    this.silence = null;
    this.missed = () => { this.answered(); heard.gone(); };
    addEventListener("message", (event) => {
      if (event.source !== parent || !event.ports.length || this.port) return;
      [this.port] = event.ports;
      if (event.data) this.left = event.data;
      this.port.onmessage = ({ data }) => {
        if (data === "gone") { this.missed(); return; }
        this.answered();
        heard.opened();
        heard.answer(decoded(data));
      };
      this.wait();
    });
    parent.postMessage("ready", "*");
  }

  wait() { this.silence ??= setTimeout(this.missed, SILENCE); }

  answered() {
    clearTimeout(this.silence);
    this.silence = null;
  }

  get isOpen() { return this.port !== null; }

  ask(scene, parts) {
    if (!this.isOpen) return null;
    this.number += 1;
    this.port.postMessage({ question: JSON.stringify({ number: this.number, scene, parts }) });
    this.wait();
    return this.number;
  }

  remember(own) { this.port?.postMessage({ link: `#${own}` }); }
}

export const isFramed = document.documentElement.dataset.home === "frame";
export const connected = (heard) => (isFramed ? new Channel(heard) : new Socket(heard));
