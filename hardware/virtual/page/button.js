// One push button: down while a pointer, the focused key or a keyboard shortcut holds it.

export class Button {
  #element;
  #name;
  #controls;
  #holders = new Set();

  constructor(element, controls) {
    this.#element = element;
    this.#name = element.dataset.button;
    this.#controls = controls;
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault(); // keeps the focus, and with it the keys, where it was
      element.setPointerCapture(event.pointerId);
      this.hold(event.pointerId, true);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      element.addEventListener(end, (event) => this.hold(event.pointerId, false));
    }
    element.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      event.stopPropagation();
      this.hold("key", true);
    });
    element.addEventListener("keyup", () => this.hold("key", false));
    element.addEventListener("blur", () => this.hold("key", false));
    element.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  hold(by, down) {
    const wasDown = this.#holders.size > 0;
    if (down) this.#holders.add(by);
    else this.#holders.delete(by);
    const isDown = this.#holders.size > 0;
    if (isDown === wasDown) return;
    this.#element.classList.toggle("down", isDown);
    this.#controls.press(this.#name, isDown);
  }

  release() {
    for (const by of [...this.#holders]) this.hold(by, false);
  }
}
