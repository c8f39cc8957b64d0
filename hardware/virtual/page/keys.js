// Keyboard shortcuts for every control, and the letting go of everything when nobody is there.

const ENCODER_KEYS = {
  Digit1: [0, -1], Digit2: [0, 1],
  Digit3: [1, -1], Digit4: [1, 1],
  Digit5: [2, -1], Digit6: [2, 1],
  Digit7: [3, -1], Digit8: [3, 1],
};
// The pad's nine fields, as one reads them: the lowest row of letters.
const FIELD_KEYS = {
  KeyZ: 0, KeyX: 1, KeyC: 2, KeyV: 3, KeyB: 4, KeyN: 5, KeyM: 6, Comma: 7, Period: 8,
};
const PUSH_KEYS = { q: 0, e: 1, t: 2, u: 3 };
const BUTTON_KEYS = { p: "play", o: "stop", shift: "shift", k: "kick", s: "snare", h: "hat" };

// panel: {pad, encoders, buttons (by name), isRunning(), help()}.
// Returns what lets go of everything, however it is held.
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

  // Something that is down while its key is: how it goes down and comes up.
  function hold({ code, repeat }, down, up) {
    if (repeat || held.has(code)) return;
    down();
    held.set(code, up);
  }

  function holdButton(event, name) {
    const button = panel.buttons[name];
    hold(event, () => button.hold(event.code, true), () => button.hold(event.code, false));
  }

  // True if the key belongs to the panel.
  function obey(event) {
    const { key, code } = event;
    const letter = key.toLowerCase();
    if (code in FIELD_KEYS) {
      const field = FIELD_KEYS[code];
      hold(event, () => panel.pad.fieldDown(field), () => panel.pad.fieldUp(field));
    } else if (panel.pad.keyDown(key)) {
      held.set(code, () => panel.pad.keyUp(key));
    } else if (code in ENCODER_KEYS) {
      const [index, detents] = ENCODER_KEYS[code];
      panel.encoders[index].turn(detents);
    } else if (letter in PUSH_KEYS) {
      const encoder = panel.encoders[PUSH_KEYS[letter]];
      hold(event, () => encoder.push("shortcut", true), () => encoder.push("shortcut", false));
    } else if (letter in BUTTON_KEYS) {
      holdButton(event, BUTTON_KEYS[letter]);
    } else if (key === " ") {
      holdButton(event, panel.isRunning() ? "stop" : "play");
    } else if (key === "Escape") {
      letAllGo();
    } else if (key === "?") {
      panel.help();
    } else {
      return false;
    }
    return true;
  }

  // Whether the key belongs to what has the focus.
  function isTaken({ key, target }) {
    if (target.closest?.("dialog[open], select, input")) return true;
    return (key === " " || key === "Enter") && target.closest?.(".strip button") != null;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
    if (obey(event)) event.preventDefault();
  });
  document.addEventListener("keyup", ({ key, code, shiftKey }) => {
    letGo(code);
    // Of two Shift keys some systems report one release only, and of keys under Command none.
    if (!shiftKey) for (const side of ["ShiftLeft", "ShiftRight"]) letGo(side);
    if (key === "Meta") letAllGo();
  });
  window.addEventListener("blur", letAllGo);
  document.addEventListener("visibilitychange", () => document.hidden && letAllGo());
  return letAllGo;
}
