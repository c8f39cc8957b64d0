// Notes and clock to a real instrument by Web MIDI, at the box's time stamps.

const CHOICE = "groovebox.midi-output";

export class MidiOut {
  #access = null;
  #output = null;
  #sounding = new Map(); // "channel note" -> note-off message
  #lastMs = 0;
  #ui;
  sent = 0;

  // ui: {ask, choice, select, note} elements of the strip
  constructor(ui) {
    this.#ui = ui;
    ui.ask.addEventListener("click", () => this.#request());
    ui.select.addEventListener("change", () => {
      this.#choose(ui.select.value);
      remember(CHOICE, this.#output?.name ?? "");
      ui.select.blur();
    });
    this.#begin();
  }

  // dueMs is performance.now() time, the clock of Web MIDI's own time stamps.
  send(bytes, dueMs) {
    if (this.#output === null) return;
    const atMs = Math.max(dueMs, performance.now());
    this.#output.send(bytes, atMs);
    this.#lastMs = Math.max(this.#lastMs, atMs);
    this.sent += 1;
    const [status, note, velocity] = bytes;
    const key = `${status & 15} ${note}`;
    if (status >> 4 === 9 && velocity > 0) this.#sounding.set(key, [0x80 | (status & 15), note, 0]);
    else if (status >> 4 === 8 || status >> 4 === 9) this.#sounding.delete(key);
  }

  // End every note, also those already handed over for a moment from now.
  flush() {
    const output = this.#output;
    if (output === null) return;
    output.clear?.();
    const afterMs = Math.max(performance.now(), this.#lastMs) + 1;
    for (const off of this.#sounding.values()) {
      output.send(off);
      output.send(off, afterMs);
    }
    this.#sounding.clear();
  }

  async #begin() {
    const { ask, note } = this.#ui;
    if (!window.isSecureContext) {
      note.textContent = "To send MIDI from here, open this page as http://localhost.";
    } else if (!navigator.requestMIDIAccess) {
      note.textContent = "This browser has no Web MIDI: Chrome, Edge and Firefox have it.";
    } else {
      ask.hidden = false;
      // Asked before and allowed: no need to press again.
      const state = await navigator.permissions?.query({ name: "midi" }).catch(() => null);
      if (state?.state === "granted") await this.#request();
    }
  }

  async #request() {
    const { ask, choice, note } = this.#ui;
    try {
      this.#access = await navigator.requestMIDIAccess();
    } catch {
      note.textContent = "The browser does not let this page use MIDI: allow it for this site.";
      return;
    }
    ask.hidden = true;
    choice.hidden = false;
    this.#access.onstatechange = () => this.#list();
    this.#list();
  }

  #list() {
    const { select, note } = this.#ui;
    const outputs = [...this.#access.outputs.values()].filter((o) => o.state === "connected");
    select.replaceChildren(new Option(outputs.length ? "nothing" : "no MIDI output found", ""));
    for (const output of outputs) select.append(new Option(output.name, output.id));
    select.disabled = outputs.length === 0;
    note.textContent = outputs.length ? "" : "Plug one in: it appears here by itself.";
    const wanted = outputs.find((o) => o.id === this.#output?.id)
      ?? outputs.find((o) => o.name === recall(CHOICE));
    select.value = wanted?.id ?? "";
    this.#choose(select.value);
  }

  #choose(id) {
    if (this.#output?.id === id) return;
    this.flush();
    this.#sounding.clear();
    this.#output = this.#access.outputs.get(id) ?? null;
  }
}

// Storage can be forbidden; then the choice is simply not remembered.
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // nothing to do
  }
}

export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
