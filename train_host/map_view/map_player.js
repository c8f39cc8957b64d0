// A map that pulses in time and plays under the finger. Used by the training page and the report.

import { DrumKit } from "./drums.js";

const TICKS = 96;
// Kick red, snare green, hats blue, as on the box.
const LANES = [["kick"], ["snare"], ["closed_hat", "open_hat"]];
const COLOURS = [[255, 24, 0], [0, 235, 40], [30, 70, 255]];
// What remains of a hit's light a tick later.
const DECAY = 0.72;
// Hits are scheduled so far ahead, and looked for so often, s.
const AHEAD_S = 0.12;
const LOOK_MS = 25;
const CLIP_NEAR = 0.035;

// header: see map_data.py; bytes: its values.
export class RhythmMap {
  constructor(header, bytes) {
    Object.assign(this, header);
    this.bytes = bytes;
    this.plane = this.side * this.side * this.cells.length;
  }

  // Onset, velocity (0..1) and microtiming (ticks) of each cell at x, y: 0..1 from the bottom left.
  at(x, y) {
    const { side, cells, bytes, plane } = this;
    const column = Math.min(Math.max(x, 0), 1) * (side - 1);
    const row = Math.min(Math.max(y, 0), 1) * (side - 1);
    const left = Math.min(Math.floor(column), side - 2);
    const low = Math.min(Math.floor(row), side - 2);
    const [u, v] = [column - left, row - low];
    const corners = [
      [low, left, (1 - u) * (1 - v)], [low, left + 1, u * (1 - v)],
      [low + 1, left, (1 - u) * v], [low + 1, left + 1, u * v],
    ];
    const parts = [0, 1, 2].map((part) => {
      const out = new Float32Array(cells.length);
      for (const [r, c, weight] of corners) {
        const from = part * plane + (r * side + c) * cells.length;
        for (let i = 0; i < cells.length; i += 1) out[i] += weight * bytes[from + i];
      }
      return out;
    });
    return {
      onset: parts[0].map((value) => value / 255),
      velocity: parts[1].map((value) => value / 255),
      microtiming: parts[2].map((value) => (value - 128) / 127),
    };
  }

  // The hits at x, y above a threshold, by tick: drum, velocity 1..127, microtiming.
  hits(x, y, threshold) {
    const { onset, velocity, microtiming } = this.at(x, y);
    const found = [];
    this.cells.forEach((cell, i) => {
      if (onset[i] <= threshold) return;
      const drum = Math.floor(cell / TICKS);
      const loud = 1 + Math.round(126 * velocity[i]);
      found.push({ drum, tick: cell % TICKS, velocity: loud, microtiming: microtiming[i] });
    });
    return found;
  }

  // Brightness of a lane's drums at every place and tick, (96, side * side), 0..255.
  lanes() {
    const places = this.side * this.side;
    return LANES.map((names) => {
      const lane = new Uint8Array(TICKS * places);
      const wanted = new Set(names.map((name) => this.drums.indexOf(name)));
      this.cells.forEach((cell, i) => {
        if (!wanted.has(Math.floor(cell / TICKS))) return;
        const start = (cell % TICKS) * places;
        for (let place = 0; place < places; place += 1) {
          const value = this.bytes[place * this.cells.length + i];
          if (value > lane[start + place]) lane[start + place] = value;
        }
      });
      return lane;
    });
  }

  place(z) {
    return z.map((part) => Math.min(Math.max(part / this.extent / 2 + 0.5, 0), 1));
  }
}

// The player of a page that has, by these names, a map, a play button, and a threshold with its
// value. onMove() after the head or playing has changed, onThreshold() after the threshold has.
export function playerOn(find, onMove, onThreshold = () => {}) {
  const button = find("play");
  const player = new MapPlayer(find("map"), () => {
    button.textContent = player.playing ? "Stop" : "Play";
    button.setAttribute("aria-pressed", String(player.playing));
    onMove();
  });
  button.addEventListener("click", () => (player.playing ? player.stop() : player.play()));
  find("threshold").addEventListener("input", (event) => {
    player.threshold = Number(event.target.value);
    find("threshold-value").textContent = player.threshold.toFixed(2);
    onThreshold();
  });
  return player;
}

export class MapPlayer {
  #map = null;
  #lanes = [];
  #glow = [];
  #context = null;
  #kit = null;
  #startS = 0;
  #nextTick = 0;
  #drawnTick = -1;
  #image = document.createElement("canvas");
  threshold = 0.3;
  head = [0.5, 0.5];
  playing = false;
  played = 0;

  // canvas: where it is drawn and touched. onChange() after the head or playing has changed.
  constructor(canvas, onChange = () => {}) {
    this.canvas = canvas;
    this.onChange = onChange;
    canvas.tabIndex = 0;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#touch(event);
    });
    canvas.addEventListener("pointermove", (event) => event.buttons && this.#touch(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    setInterval(() => this.#schedule(), LOOK_MS);
    const frame = () => {
      this.#draw();
      requestAnimationFrame(frame);
    };
    frame();
  }

  get map() {
    return this.#map;
  }

  set map(map) {
    this.#map = map;
    this.#lanes = map.lanes();
    const places = map.side * map.side;
    if (this.#glow[0]?.length !== places) {
      this.#glow = LANES.map(() => new Float32Array(places));
    }
    this.#drawnTick = -1;
  }

  get tickS() {
    return 60 / this.#map.tempo / this.#map.ticksPerBeat;
  }

  async play() {
    if (this.#context === null) {
      this.#context = new AudioContext({ latencyHint: "interactive" });
      const volume = new GainNode(this.#context, { gain: 0.6 });
      volume.connect(this.#context.destination);
      this.#kit = new DrumKit(this.#context, volume);
    }
    await this.#context.resume();
    this.#startS = this.#context.currentTime + 0.06;
    this.#nextTick = 0;
    this.playing = true;
    this.onChange();
  }

  stop() {
    this.playing = false;
    this.#kit?.cancel();
    this.onChange();
  }

  moveTo(x, y) {
    this.head = [x, y].map((part) => Math.min(Math.max(part, 0), 1));
    this.onChange();
  }

  // The clip under the head, if there is one.
  get clip() {
    return this.#map?.clips.find((clip) => {
      const [x, y] = this.#map.place(clip.z);
      return Math.hypot(x - this.head[0], y - this.head[1]) < CLIP_NEAR;
    });
  }

  #touch(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width;
    this.moveTo(x, 1 - (event.clientY - box.top) / box.height);
  }

  #key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const [right, up] = step[event.key] ?? [];
    if (right === undefined) return;
    event.preventDefault();
    this.moveTo(this.head[0] + right / 40, this.head[1] + up / 40);
  }

  #schedule() {
    if (!this.playing || this.#map === null) return;
    const now = this.#context.currentTime;
    const ahead = Math.floor((now + AHEAD_S - this.#startS) / this.tickS);
    // A page in the background is woken once a second: what was missed is not made up for.
    this.#nextTick = Math.max(this.#nextTick, Math.ceil((now - this.#startS) / this.tickS));
    if (ahead < this.#nextTick) return;
    const hits = this.#map.hits(...this.head, this.threshold);
    for (; this.#nextTick <= ahead; this.#nextTick += 1) {
      for (const hit of hits) {
        if (hit.tick !== this.#nextTick % TICKS) continue;
        const when = this.#startS + (this.#nextTick + hit.microtiming) * this.tickS;
        this.#kit.play(this.#map.drums[hit.drum], hit.velocity, Math.max(when, now));
        this.played += 1;
      }
    }
  }

  #tick() {
    const seconds = this.playing ? this.#context.currentTime - this.#startS
      : performance.now() / 1000;
    return Math.max(Math.floor(seconds / this.tickS), 0);
  }

  #draw() {
    if (this.#map === null) return;
    const { side } = this.#map;
    const places = side * side;
    const tick = this.#tick();
    const passed = this.#drawnTick < 0 ? 1 : Math.min(Math.max(tick - this.#drawnTick, 0), 24);
    for (let step = passed - 1; step >= 0; step -= 1) {
      const start = ((tick - step) % TICKS) * places;
      this.#glow.forEach((glow, lane) => {
        for (let i = 0; i < places; i += 1) {
          const lit = this.#lanes[lane][start + i];
          glow[i] = Math.max(glow[i] * DECAY, lit > 255 * this.threshold ? lit : 0.35 * lit);
        }
      });
    }
    this.#drawnTick = tick;
    this.#image.width = this.#image.height = side;
    const pixels = new ImageData(side, side);
    for (let i = 0; i < places; i += 1) {
      // The first row of the map is the lowest.
      const at = ((side - 1 - Math.floor(i / side)) * side + (i % side)) * 4;
      for (let channel = 0; channel < 3; channel += 1) {
        let sum = 0;
        for (let lane = 0; lane < 3; lane += 1) {
          sum += this.#glow[lane][i] * COLOURS[lane][channel];
        }
        pixels.data[at + channel] = Math.min(sum / 255, 255);
      }
      pixels.data[at + 3] = 255;
    }
    this.#image.getContext("2d").putImageData(pixels, 0, 0);
    const { canvas } = this;
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    const size = Math.round(canvas.clientWidth * scale);
    if (canvas.width !== size) canvas.width = canvas.height = size;
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#image, 0, 0, size, size);
    this.#drawMarks(context, size, scale);
  }

  #drawMarks(context, size, scale) {
    for (const clip of this.#map.clips) {
      const [x, y] = this.#map.place(clip.z);
      dot(context, x * size, (1 - y) * size, 2.2 * scale, "#fff", "#000", 1.2 * scale);
    }
    const [x, y] = [this.head[0] * size, (1 - this.head[1]) * size];
    for (const [colour, width] of [["#000", 6], ["#fff", 3]]) {
      context.strokeStyle = colour;
      context.lineWidth = width * scale;
      context.beginPath();
      context.arc(x, y, 9 * scale, 0, 7);
      context.stroke();
    }
  }
}

function dot(context, x, y, radius, fill, edge, width) {
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.fillStyle = fill;
  context.strokeStyle = edge;
  context.lineWidth = width;
  context.stroke();
  context.fill();
}

// What a page has between its lines: deflated bytes in base64.
export async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
