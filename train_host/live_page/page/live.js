// The training page: what the server tells, shown; see server.py for what that is.

import { LOSSES, drawCurves } from "./curves.js";
import { RhythmMap, playerOn } from "./map_player.js";

// A training of a second is shown in some more: so long is each map on the page at least.
const PICTURE_MS = 150;

const find = (name) => document.querySelector(`[data-part="${name}"]`);
const rows = [];
const film = []; // epoch and map, from the first on
let shown = -1;
let following = true;
let shownMs = 0;
let heading = null;
let ended = false;
let drawn = 0;

const player = playerOn(find, () => {
  find("where").textContent = player.clip?.name ?? "";
});
window.training = {
  player, rows, film, get shown() { return shown; }, get ended() { return ended; },
};

find("film").addEventListener("input", (event) => {
  show(Number(event.target.value));
  following = shown === film.length - 1;
});

const socket = new WebSocket(`ws://${location.host}/training`);
socket.binaryType = "arraybuffer";
socket.addEventListener("message", ({ data }) => {
  if (typeof data !== "string") {
    film.push({ epoch: heading.epoch, map: new RhythmMap(heading.header, new Uint8Array(data)) });
    find("film").max = film.length - 1;
    return;
  }
  const message = JSON.parse(data);
  if (message.type === "hello") {
    find("name").textContent = message.name;
    document.title = message.name;
  } else if (message.type === "losses") {
    rows.push(...message.rows);
  } else if (message.type === "map") {
    heading = message;
  } else if (message.type === "end") {
    ended = true;
    table(find("summary"), message.summary);
    find("summary").hidden = false;
    state();
  }
});
socket.addEventListener("close", () => {
  if (!ended) find("state").textContent = "The training has ended without a model.";
});

function show(index) {
  shown = index;
  const { epoch, map } = film[index];
  player.map = map;
  find("film").value = index;
  find("film-value").textContent = `epoch ${epoch}`;
  find("play").disabled = find("film").disabled = false;
}

function table(element, pairs, colours = []) {
  element.replaceChildren(...pairs.map(([what, value], index) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    if (colours[index]) {
      const spot = document.createElement("i");
      spot.style.background = colours[index];
      head.append(spot);
    }
    head.append(what);
    const cell = document.createElement("td");
    cell.textContent = value;
    row.append(head, cell);
    return row;
  }));
}

function state() {
  const last = rows.at(-1);
  if (last === undefined) return;
  const [epoch, epochs] = last;
  find("bar").value = ended ? 1 : epoch / epochs;
  const left = last[8] === null ? "" : `, ${Math.ceil(last[8])} s left`;
  find("state").textContent = ended ? `trained for ${epoch} epochs`
    : `epoch ${epoch} of ${epochs}${left}`;
}

function frame(nowMs) {
  if (rows.length !== drawn) {
    drawn = rows.length;
    drawCurves(find("curves"), rows);
    const colours = LOSSES.map(([, , colour]) => colour);
    table(find("losses"), LOSSES.map(([name, at]) => [name, rows.at(-1)?.[at]?.toFixed(2) ?? ""]), colours);
    state();
  }
  if (following && shown < film.length - 1 && nowMs >= shownMs + PICTURE_MS) {
    shownMs = nowMs;
    show(shown + 1);
  }
  requestAnimationFrame(frame);
}
requestAnimationFrame(frame);
window.addEventListener("resize", () => { drawn = -1; });
