// The report's hands: the map plays, places are gone to, the way between two places is drawn.

import { RhythmMap, playerOn, unpack } from "./map_player.js";
import { drawWay } from "./pattern_strip.js";

const find = (name) => document.querySelector(`[data-part="${name}"]`);
const data = JSON.parse(document.getElementById("map-data").textContent);
const map = new RhythmMap(data.header, await unpack(data.values));
const where = find("where");

const player = playerOn(find, () => {
  const z = player.head.map((part) => ((2 * part - 1) * map.extent).toFixed(2));
  where.textContent = player.clip ? player.clip.name : `z1 ${z[0]}, z2 ${z[1]}`;
}, () => draw());
player.map = map;
window.player = player;

// Buttons that say where: data-z is "z1 z2".
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-z]");
  if (button === null) return;
  player.moveTo(...map.place(button.dataset.z.split(" ").map(Number)));
  if (!player.playing) player.play();
});

const ends = [find("from"), find("to")];
function draw() {
  const places = ends.map((end) => map.place(end.value.split(" ").map(Number)));
  const names = ends.map((end) => end.selectedOptions[0].textContent);
  drawWay(find("way"), map, ...places, 6, player.threshold, names);
}
for (const end of ends) end.addEventListener("change", draw);
window.addEventListener("resize", draw);
draw();
player.onChange();
