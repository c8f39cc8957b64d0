// Who holds a control down: pointers, keys, the latch. It is down while any of them does.

const LATCH = "latch";

export class Hold {
  #element;
  #onChange;
  #holders = new Set();

  // onChange(down) is called when the control goes down or comes up.
  constructor(element, onChange) {
    this.#element = element;
    this.#onChange = onChange;
  }

  get isDown() {
    return this.#holders.size > 0;
  }

  has(holder) {
    return this.#holders.has(holder);
  }

  // Who lets go of a latched control ends its latch too: a click on it sets it free.
  set(holder, down) {
    this.#change(() => {
      if (down) this.#holders.add(holder);
      else if (this.#holders.delete(holder)) this.#holders.delete(LATCH);
    });
  }

  // One mouse has one hand: what is latched stays down while the mouse does something else.
  toggleLatch() {
    if (this.has(LATCH)) this.release();
    else if (!this.isDown) this.set(LATCH, true);
  }

  release() {
    this.#change(() => this.#holders.clear());
  }

  #change(how) {
    const wasDown = this.isDown;
    how();
    this.#element.classList.toggle("latched", this.has(LATCH));
    if (this.isDown === wasDown) return;
    this.#element.classList.toggle("down", this.isDown);
    this.#onChange(this.isDown);
  }
}
