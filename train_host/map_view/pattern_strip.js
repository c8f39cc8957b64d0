// Patterns as onsets with whiskers: height is velocity, slant microtiming; and the way between two
// places as a column of them (as in figures 6 and 7 of Vigliensoni and others, ICCC 2020).

const TICKS = 96;

// rows: number of patterns from a to b, both [x, y].
export function drawWay(canvas, map, a, b, rows, threshold, names) {
  const scale = Math.min(window.devicePixelRatio || 1, 2);
  const width = canvas.clientWidth;
  const rowHeight = 9 * 7 + 26;
  canvas.style.height = `${rows * rowHeight}px`;
  canvas.width = width * scale;
  canvas.height = rows * rowHeight * scale;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const ink = { text: style.color, line: style.borderTopColor };
  context.font = `11px ${style.fontFamily}`;
  for (let row = 0; row < rows; row += 1) {
    const share = row / (rows - 1);
    const at = [0, 1].map((axis) => a[axis] + share * (b[axis] - a[axis]));
    const top = row * rowHeight;
    context.fillStyle = ink.text;
    const name = row === 0 ? names[0] : row === rows - 1 ? names[1] : "";
    context.fillText(`${Math.round(100 * share)} % ${name}`, 0, top + 11);
    drawPattern(context, map, map.hits(...at, threshold), top + 16, width, ink);
  }
}

function drawPattern(context, map, hits, top, width, ink) {
  const left = 2;
  const step = (width - 4) / TICKS;
  const pitch = 7;
  context.lineWidth = 1;
  context.strokeStyle = ink.line;
  for (let tick = 0; tick <= TICKS; tick += map.ticksPerBeat) {
    context.beginPath();
    context.moveTo(left + tick * step, top);
    context.lineTo(left + tick * step, top + 9 * pitch);
    context.stroke();
  }
  for (const hit of hits) {
    const y = top + (9 - hit.drum) * pitch;
    const x = left + hit.tick * step;
    const height = 1.5 + (hit.velocity / 127) * (pitch * 1.5);
    context.strokeStyle = colourOf(map.drums[hit.drum], ink.text);
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(x + step / 2, y);
    context.lineTo(x + step / 2 + hit.microtiming * step * 1.5, y - height);
    context.stroke();
  }
}

function colourOf(drum, other) {
  if (drum === "kick") return "#e8341c";
  if (drum === "snare") return "#16a34a";
  return drum.endsWith("hat") ? "#3b6bff" : other;
}
