// One endless encoder: wheel, vertical drag, click or keys; a NeoPixel beside it.

import { Hold } from "./hold.js";

const DEGREES_PER_DETENT = 15; // 24 detents a turn
const DRAG_PX_PER_DETENT = 8;
const WHEEL_PX_PER_DETENT = 40; // a touch pad's small steps; a wheel's notch is one detent
const NOTCH_PX = 100;
const SLOP_PX = 4;
const FINGER_SLOP_PX = 10; // a finger at rest rolls
// A press this long without turning pushes the encoder and keeps it pushed: push and turn.
const HOLD_MS = 350;
const TAP_MS = 90;
const TURNS = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 4, PageDown: -4 };

export class Encoder {
  #knob;
  #pixel;
  #index;
  #controls;
  #detents = 0;
  #hold;
  #drag = null;
  #wheelPx = 0;

  constructor(element, index, controls) {
    this.#knob = element.querySelector(".knob");
    this.#pixel = element.querySelector(".pixel");
    this.#index = index;
    this.#controls = controls;
    const knob = this.#knob;
    this.#hold = new Hold(knob, (down) => controls.push(index, down));
    knob.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    knob.addEventListener("pointerdown", (event) => this.#down(event));
    knob.addEventListener("pointermove", (event) => this.#move(event));
    knob.addEventListener("pointerup", (event) => this.#up(event, true));
    knob.addEventListener("pointercancel", (event) => this.#up(event, false));
    knob.addEventListener("lostpointercapture", (event) => this.#up(event, false));
    // Whoever puts another finger elsewhere meant to push this one.
    document.addEventListener("pointerdown", (event) => this.#settle(event), { capture: true });
    knob.addEventListener("keydown", (event) => this.#keyDown(event));
    knob.addEventListener("keyup", (event) => this.#keyUp(event));
    knob.addEventListener("blur", () => this.push("key", false));
    knob.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      if (event.pointerType !== "touch" && this.#drag === null) this.#hold.toggleLatch();
    });
  }

  turn(detents) {
    this.#detents += detents;
    this.#knob.firstElementChild.style.transform =
      `rotate(${this.#detents * DEGREES_PER_DETENT}deg)`;
    this.#controls.turn(this.#index, detents);
  }

  // by: "hand", "key" or "shortcut"; the encoder is down while any of them pushes.
  push(by, down) {
    this.#hold.set(by, down);
  }

  // colour: brightness on the screen of red, green and blue, 0..1
  light(colour) {
    const most = Math.max(...colour);
    const [red, green, blue] = colour.map((part) => Math.round((255 * part) / (most || 1)));
    const { style } = this.#pixel;
    style.setProperty("--colour", `rgb(${red} ${green} ${blue})`);
    style.setProperty("--lit", most);
  }

  release() {
    clearTimeout(this.#drag?.timer);
    this.#drag = null;
    this.#hold.release();
  }

  #wheel(event) {
    event.preventDefault();
    // Shift turns the wheel sideways in some browsers.
    const px = -(event.deltaY || event.deltaX);
    if (event.deltaMode !== WheelEvent.DOM_DELTA_PIXEL || Math.abs(px) >= NOTCH_PX) {
      this.turn(Math.sign(px));
      return;
    }
    this.#wheelPx += px;
    const detents = Math.trunc(this.#wheelPx / WHEEL_PX_PER_DETENT);
    if (detents === 0) return;
    this.#wheelPx -= detents * WHEEL_PX_PER_DETENT;
    this.turn(detents);
  }

  #down(event) {
    if (this.#drag !== null || event.button !== 0 || event.ctrlKey) return;
    event.preventDefault(); // keeps the focus, and with it the keys, where it was
    this.#knob.setPointerCapture(event.pointerId);
    const timer = setTimeout(() => this.push("hand", true), HOLD_MS);
    const slop = event.pointerType === "mouse" ? SLOP_PX : FINGER_SLOP_PX;
    this.#drag = { id: event.pointerId, y: event.clientY, slop, turned: false, timer };
  }

  #settle({ target }) {
    const drag = this.#drag;
    if (drag === null || drag.turned || this.#knob.contains(target)) return;
    clearTimeout(drag.timer);
    this.push("hand", true);
  }

  #move(event) {
    const drag = this.#drag;
    if (drag?.id !== event.pointerId) return;
    const px = drag.y - event.clientY;
    if (!drag.turned && Math.abs(px) < drag.slop) return;
    drag.turned = true;
    clearTimeout(drag.timer);
    const detents = Math.trunc(px / DRAG_PX_PER_DETENT);
    if (detents === 0) return;
    drag.y -= detents * DRAG_PX_PER_DETENT;
    this.turn(detents);
  }

  #up(event, meant) {
    const drag = this.#drag;
    if (drag?.id !== event.pointerId) return;
    clearTimeout(drag.timer);
    this.#drag = null;
    const wasDown = this.#hold.isDown;
    if (meant && !drag.turned) this.push("hand", true);
    // A click lasts a moment; whoever had it down, or has it latched, lets go at once.
    if (wasDown || drag.turned || !meant) this.push("hand", false);
    else setTimeout(() => this.push("hand", false), TAP_MS);
  }

  #keyDown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in TURNS) this.turn(TURNS[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.push("key", true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #keyUp(event) {
    if (event.key === "Enter" || event.key === " ") this.push("key", false);
  }
}
