// The XY pad: one finger (mouse, touch, pen or keys), (0, 0) at the bottom left.

// A mouse has no pressure; this is a finger that plays, not one that leans on the pad.
const PLAIN_FORCE = 0.5;
const KEY_STEP = 1 / 96;
const KEY_SPEED = 0.4; // pad widths a second
const FIELDS = 3; // in a row, and rows
const DIRECTIONS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

const clamp = (value) => Math.min(1, Math.max(0, value));

export class Pad {
  #element;
  #finger;
  #controls;
  #pointer = null;
  #keys = new Set();
  #field = null;
  #x = 0.5;
  #y = 0.5;

  constructor(element, finger, controls) {
    this.#element = element;
    this.#finger = finger;
    this.#controls = controls;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      element.addEventListener(end, (event) => this.#up(event));
    }
    element.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  // An arrow key goes down; true if it moves the finger.
  keyDown(key) {
    if (!(key in DIRECTIONS)) return false;
    if (this.#pointer !== null || this.#field !== null || this.#keys.has(key)) return true;
    const wasUp = this.#keys.size === 0;
    this.#keys.add(key);
    const [dx, dy] = DIRECTIONS[key];
    this.#touch(this.#x + dx * KEY_STEP, this.#y + dy * KEY_STEP, PLAIN_FORCE);
    if (wasUp) this.#glide(performance.now());
    return true;
  }

  keyUp(key) {
    if (this.#keys.delete(key) && this.#keys.size === 0) this.#lift();
  }

  // The finger comes down in the middle of one of nine fields: 0 to 8, as one reads.
  fieldDown(field) {
    if (this.#isTouched) return;
    this.#field = field;
    const column = field % FIELDS;
    const row = Math.floor(field / FIELDS);
    this.#touch((column + 0.5) / FIELDS, 1 - (row + 0.5) / FIELDS, PLAIN_FORCE);
  }

  fieldUp(field) {
    if (this.#field !== field) return;
    this.#field = null;
    this.#lift();
  }

  release() {
    if (!this.#isTouched) return;
    this.#forget();
    this.#lift();
  }

  get #isTouched() {
    return this.#pointer !== null || this.#field !== null || this.#keys.size > 0;
  }

  #forget() {
    this.#pointer = null;
    this.#field = null;
    this.#keys.clear();
  }

  #down(event) {
    if (this.#pointer !== null || event.button !== 0) return;
    // The arrow keys come here when nothing has the focus, so the pad needs no ring around it.
    event.preventDefault();
    document.activeElement.blur();
    this.#forget();
    this.#pointer = event.pointerId;
    this.#element.setPointerCapture(event.pointerId);
    this.#follow(event);
  }

  #move(event) {
    if (event.pointerId === this.#pointer) this.#follow(event);
  }

  #up(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.#lift();
  }

  #follow(event) {
    const box = this.#element.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width;
    const y = 1 - (event.clientY - box.top) / box.height;
    const feels = event.pointerType !== "mouse" && event.pressure > 0;
    this.#touch(x, y, feels ? event.pressure : PLAIN_FORCE);
  }

  #glide(beforeMs) {
    requestAnimationFrame((nowMs) => {
      if (this.#keys.size === 0) return;
      const step = (KEY_SPEED * Math.max(0, nowMs - beforeMs)) / 1000;
      let [x, y] = [this.#x, this.#y];
      for (const key of this.#keys) {
        x += DIRECTIONS[key][0] * step;
        y += DIRECTIONS[key][1] * step;
      }
      this.#touch(x, y, PLAIN_FORCE);
      this.#glide(nowMs);
    });
  }

  #touch(x, y, force) {
    this.#x = clamp(x);
    this.#y = clamp(y);
    this.#controls.touch(this.#x, this.#y, clamp(force));
    this.#element.classList.add("touched");
    const { style } = this.#finger;
    style.left = `${this.#x * 100}%`;
    style.top = `${(1 - this.#y) * 100}%`;
    style.setProperty("--force", clamp(force));
  }

  #lift() {
    this.#controls.lift();
    this.#element.classList.remove("touched");
  }
}
