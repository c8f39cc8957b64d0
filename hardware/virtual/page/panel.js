// Puts the front panel together: the box's messages to the page's parts, the player's hands back.

import { Button } from "./button.js";
import { BoxClock } from "./clock.js";
import { renderHits } from "./drums.js";
import { Encoder } from "./encoder.js";
import { bindKeys } from "./keys.js";
import { Link } from "./link.js";
import { MidiOut, recall, remember } from "./midi_out.js";
import { Oled } from "./oled.js";
import { Pad } from "./pad.js";
import { LATENCY_MS, Sound } from "./sound.js";

const byId = (id) => document.getElementById(id);
const SOUND = "groovebox.sound";
const VOLUME = "groovebox.volume";
const LAST_NOTES = 64;

const link = new Link(`ws://${location.host}/panel`);
const clock = new BoxClock(link);
const controls = {
  touch: (x, y, force) => link.send({ type: "touch", x, y, force }),
  lift: () => link.send({ type: "lift" }),
  turn: (encoder, detents) => link.send({ type: "turn", encoder, detents }),
  push: (encoder, down) => link.send({ type: "push", encoder, down }),
  press: (button, down) => link.send({ type: "press", button, down }),
};

const oled = new Oled(byId("oled"), (frames) => link.send({ type: "drawn", frames }));
const pad = new Pad(byId("pad"), byId("finger"), controls);
const encoders = [...document.querySelectorAll(".encoder")].map(
  (element, index) => new Encoder(element, index, controls),
);
const buttons = Object.fromEntries(
  [...document.querySelectorAll("[data-button]")].map(
    (element) => [element.dataset.button, new Button(element, controls)],
  ),
);
const sound = new Sound(showSound);
const midiOut = new MidiOut({
  ask: byId("midi-ask"),
  choice: byId("midi-choice"),
  select: byId("midi-output"),
  note: byId("midi-note"),
});

let running = false;
let drumOfNote = new Map();
const seen = { frames: 0, midi: 0, notes: 0, flushes: 0, lastNotes: [] };

// ---- what the box says

link.addEventListener("open", () => showStatus("connected"));
link.addEventListener("close", () => {
  showStatus("lost");
  letAllGo();
  oled.dark();
  showLights({ play: 0, pixels: encoders.map(() => [0, 0, 0]), oled: [0, 0, 0] });
  sound.cancel();
  midiOut.flush();
});
link.addEventListener("hello", ({ detail }) => {
  drumOfNote = new Map(detail.drums.map(([drum, note]) => [note, drum]));
  running = detail.running;
  oled.resize(...detail.display);
  const [width, height] = detail.display;
  document.querySelector(".case").classList.toggle("wide", width > height);
});
link.addEventListener("frame", ({ detail }) => {
  seen.frames += 1;
  oled.show(detail);
});
link.addEventListener("lights", ({ detail }) => showLights(detail));
link.addEventListener("flush", () => {
  seen.flushes += 1;
  sound.cancel();
  midiOut.flush();
});
link.addEventListener("midi", ({ detail }) => {
  for (const [timeNs, bytes] of detail.events) takeMidi(timeNs, bytes);
});

function takeMidi(timeNs, bytes) {
  const dueMs = clock.toPageMs(timeNs);
  if (dueMs === null) return;
  seen.midi += 1;
  midiOut.send(bytes, dueMs + LATENCY_MS);
  const [status, note, velocity] = bytes;
  if (status === 0xfa || status === 0xfb) running = true;
  else if (status === 0xfc) running = false;
  else if (status >> 4 === 9 && velocity > 0) takeNote(note, velocity, dueMs);
}

function takeNote(note, velocity, dueMs) {
  const drum = drumOfNote.get(note) ?? null;
  const aheadMs = dueMs + LATENCY_MS - performance.now();
  const when = drum && sound.play(drum, velocity, dueMs);
  seen.notes += 1;
  seen.lastNotes.push({ note, drum, velocity, dueMs, aheadMs, when });
  if (seen.lastNotes.length > LAST_NOTES) seen.lastNotes.shift();
}

// The board tells how much light there is; a screen makes the 2.2th power of what it is given.
const onScreen = (light) => light ** (1 / 2.2);

function showLights({ play, pixels, oled: brightness }) {
  oled.dim(onScreen(Math.max(...brightness)));
  byId("play-led").style.setProperty("--lit", onScreen(play));
  pixels.forEach((colour, index) => {
    encoders[index].light(colour.map((part) => onScreen(part / 255)));
  });
}

function showStatus(state) {
  const status = byId("status");
  status.dataset.state = state;
  status.textContent = state === "lost" ? "connection lost, trying again" : state;
}

// ---- the strip: sound, help

let soundWanted = recall(SOUND) !== "off";

function showSound() {
  const isBlocked = soundWanted && !sound.on;
  byId("sound").textContent = sound.on ? "Sound off" : "Sound on";
  byId("sound").classList.toggle("wanted", isBlocked);
  byId("sound-note").hidden = !isBlocked;
  byId("volume-label").hidden = !sound.on;
}

byId("sound").addEventListener("click", () => {
  soundWanted = !sound.on;
  remember(SOUND, soundWanted ? "on" : "off");
  if (soundWanted) sound.turnOn();
  else sound.turnOff();
});
// Most browsers allow sound after a gesture only: whoever plays the panel hears it, unless they
// switched the sound off. Not every key counts as a gesture, so ask again until it sounds.
const wakeSound = ({ target }) => {
  if (soundWanted && !sound.on && target !== byId("sound")) sound.turnOn();
};
for (const gesture of ["pointerup", "keydown"]) {
  document.addEventListener(gesture, wakeSound, { capture: true });
}
if (soundWanted) sound.turnOn();

const volume = byId("volume");
volume.value = recall(VOLUME) ?? volume.value;
sound.volume = Number(volume.value);
volume.addEventListener("input", () => {
  sound.volume = Number(volume.value);
  remember(VOLUME, volume.value);
});
volume.addEventListener("change", () => volume.blur());

for (const id of ["sound", "midi-ask", "help-open"]) {
  // A click must not take the focus, and with it the keys, away from the instrument.
  byId(id).addEventListener("pointerdown", (event) => event.preventDefault());
}
const help = byId("help");
const showHelp = () => help.showModal();
byId("help-open").addEventListener("click", showHelp);
help.addEventListener("click", ({ target }) => target === help && help.close());

const letAllGo = bindKeys({ pad, encoders, buttons, isRunning: () => running, help: showHelp });
window.addEventListener("pagehide", () => midiOut.flush());
showSound();

// ---- for tests and the curious, in the browser's console

// Render each note alone, offline; level over the first quarter second, full scale = 1.
async function renderOffline(notes, velocity = 127) {
  const levels = {};
  for (const note of notes) {
    const drum = drumOfNote.get(note);
    const buffer = await renderHits([{ drum, velocity, when: 0 }], 0.25);
    const samples = [0, 1].flatMap((channel) => [...buffer.getChannelData(channel)]);
    levels[note] = {
      drum,
      rms: Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length),
      peak: samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0),
      finite: samples.every(Number.isFinite),
    };
  }
  return levels;
}

window.groovebox = {
  seen,
  sound,
  midiOut,
  clock,
  renderOffline,
  get connected() {
    return link.connected;
  },
  get running() {
    return running;
  },
};
