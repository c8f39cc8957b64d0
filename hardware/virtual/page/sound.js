// The drums in time: the box's time stamps become times of the audio clock.
//
// Everything sounds LATENCY_MS after its stamp. The box stamps up to some 30 ms ahead, and the
// network and this page's own thread are late by a few ms now and then: as long as a note is here
// before it is due, none of that reaches the ear.

import { DrumKit } from "./drums.js";

export const LATENCY_MS = 50;
// A note later than this would sound wrong; dropping it is the smaller harm.
const TOO_LATE_MS = 30;
// The audio clock advances in blocks, so a reading is old by up to a block. The freshest reading
// of the last two seconds is right.
const READINGS_KEPT_MS = 2000;
const READING_GAP_MS = 20;

export class Sound {
  #context = null;
  #kit = null;
  #volume = null;
  #level = 0.8;
  #readings = [];
  #aheadMs = 0;
  counts = { scheduled: 0, late: 0, dropped: 0 };

  // onChange() is called when the sound goes on or off, also when the browser decides it.
  constructor(onChange) {
    this.onChange = onChange;
  }

  get on() {
    return this.#context?.state === "running";
  }

  // Hits scheduled and not begun.
  get waiting() {
    return this.#kit?.waiting.length ?? 0;
  }

  async turnOn() {
    if (this.#context === null) {
      this.#context = new AudioContext({ latencyHint: "interactive" });
      this.#volume = new GainNode(this.#context, { gain: this.#level });
      this.#volume.connect(this.#context.destination);
      this.#kit = new DrumKit(this.#context, this.#volume);
      this.#context.onstatechange = () => this.onChange();
      setInterval(() => this.on && this.#readClocks(), 5 * READING_GAP_MS);
    }
    this.#readings = [];
    await this.#context.resume();
    this.onChange();
  }

  async turnOff() {
    this.#kit?.cancel();
    await this.#context?.suspend();
    this.onChange();
  }

  set volume(level) {
    // Loudness is heard as a power of the level: a square makes the slider even.
    this.#level = level ** 2;
    this.#volume?.gain.setTargetAtTime(this.#level, this.#context.currentTime, 0.01);
  }

  // dueMs: the stamp, as performance.now(). Returns when it will sound (audio clock), or null.
  play(drum, velocity, dueMs) {
    if (!this.on) return null;
    const now = this.#context.currentTime;
    let when = (dueMs + LATENCY_MS + this.#readClocks()) / 1000;
    if (when < now - TOO_LATE_MS / 1000) {
      this.counts.dropped += 1;
      return null;
    }
    if (when < now) {
      this.counts.late += 1;
      when = now;
    }
    this.#kit.play(drum, velocity, when);
    this.counts.scheduled += 1;
    return when;
  }

  // Drop what has not sounded.
  cancel() {
    this.#kit?.cancel();
  }

  // How far the audio clock is ahead of performance.now(), ms. Notes of one moment share a reading.
  #readClocks() {
    const nowMs = performance.now();
    const last = this.#readings.at(-1);
    if (last && nowMs - last.atMs < READING_GAP_MS) return this.#aheadMs;
    const aheadMs = this.#context.currentTime * 1000 - nowMs;
    this.#readings = this.#readings.filter((r) => nowMs - r.atMs < READINGS_KEPT_MS);
    this.#readings.push({ atMs: nowMs, aheadMs });
    this.#aheadMs = Math.max(...this.#readings.map((r) => r.aheadMs));
    return this.#aheadMs;
  }
}
