// One push button: down while a pointer, the focused key or a keyboard shortcut holds it.

import { Hold } from "./hold.js";

export class Button {
  #hold;

  constructor(element, controls) {
    const name = element.dataset.button;
    this.#hold = new Hold(element, (down) => controls.press(name, down));
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.ctrlKey) return; // Ctrl and click is a Mac's right-click
      event.preventDefault(); // keeps the focus, and with it the keys, where it was
      element.setPointerCapture(event.pointerId);
      this.hold(event.pointerId, true);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      element.addEventListener(end, (event) => this.hold(event.pointerId, false));
    }
    element.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      if (event.pointerType !== "touch") this.#hold.toggleLatch();
    });
    element.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      event.stopPropagation();
      this.hold("key", true);
    });
    element.addEventListener("keyup", ({ key }) => {
      if (key === " " || key === "Enter") this.hold("key", false);
    });
    element.addEventListener("blur", () => this.hold("key", false));
  }

  hold(by, down) {
    this.#hold.set(by, down);
  }

  release() {
    this.#hold.release();
  }
}
