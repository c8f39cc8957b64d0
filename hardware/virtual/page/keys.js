// Keyboard shortcuts for every control. What a key holds down is let go when the page loses focus.

const ENCODER_KEYS = {
  Digit1: [0, -1], Digit2: [0, 1],
  Digit3: [1, -1], Digit4: [1, 1],
  Digit5: [2, -1], Digit6: [2, 1],
  Digit7: [3, -1], Digit8: [3, 1],
};
const PUSH_KEYS = { q: 0, e: 1, t: 2, u: 3 };
const BUTTON_KEYS = { p: "play", x: "stop", shift: "shift", k: "kick", s: "snare", h: "hat" };

// panel: {pad, encoders, buttons (by name), isRunning(), help()}
export function bindKeys(panel) {
  const held = new Map(); // physical key -> how to let go

  function letGo(code) {
    held.get(code)?.();
    held.delete(code);
  }

  function letAllGo() {
    for (const code of [...held.keys()]) letGo(code);
    panel.pad.release();
    for (const encoder of panel.encoders) encoder.release();
    for (const button of Object.values(panel.buttons)) button.release();
  }

  function holdButton(code, name) {
    const button = panel.buttons[name];
    button.hold(code, true);
    held.set(code, () => button.hold(code, false));
  }

  // True if the key belongs to the panel.
  function obey({ key, code, repeat }) {
    if (panel.pad.keyDown(key)) {
      held.set(code, () => panel.pad.keyUp(key));
      return true;
    }
    if (code in ENCODER_KEYS) {
      const [index, detents] = ENCODER_KEYS[code];
      panel.encoders[index].turn(detents);
      return true;
    }
    const letter = key.toLowerCase();
    const isHeld = letter in PUSH_KEYS || letter in BUTTON_KEYS || letter === " ";
    if (isHeld && (repeat || held.has(code))) return true;
    if (letter in PUSH_KEYS) {
      const encoder = panel.encoders[PUSH_KEYS[letter]];
      encoder.push("shortcut", true);
      held.set(code, () => encoder.push("shortcut", false));
    } else if (letter in BUTTON_KEYS) {
      holdButton(code, BUTTON_KEYS[letter]);
    } else if (letter === " ") {
      holdButton(code, panel.isRunning() ? "stop" : "play");
    } else if (letter === "?") {
      panel.help();
    } else {
      return false;
    }
    return true;
  }

  function isTyping(target) {
    return target.closest?.("dialog[open], select, input, .strip button") != null;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (obey(event)) event.preventDefault();
  });
  document.addEventListener("keyup", ({ code }) => letGo(code));
  window.addEventListener("blur", letAllGo);
  document.addEventListener("visibilitychange", () => document.hidden && letAllGo());
}
