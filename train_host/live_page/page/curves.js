// The losses over the epochs, on a logarithmic scale.

export const LOSSES = [
  ["onset", 2, "#ff7a5c"], ["velocity", 3, "#42d977"], ["microtiming", 4, "#5b93ff"],
  ["divergence of z", 5, "#96928a"], ["training", 6, "#d9d5cc"], ["validation", 7, "#ffc069"],
];
const LEAST = 1e-3;
const LEFT = 44;
const BELOW = 22;

// rows: as the server sends them, from the first epoch on.
export function drawCurves(canvas, rows) {
  const scale = Math.min(window.devicePixelRatio || 1, 2);
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  if (rows.length === 0) return;
  const values = rows.flatMap((row) => LOSSES.map(([, at]) => Math.max(row[at] ?? LEAST, LEAST)));
  const low = Math.floor(Math.log10(values.reduce((a, b) => Math.min(a, b))));
  const high = Math.ceil(Math.log10(values.reduce((a, b) => Math.max(a, b), LEAST * 10)));
  const [inner, tall] = [width - LEFT - 6, height - BELOW - 6];
  const y = (value) => 6 + tall * (1 - (Math.log10(Math.max(value, LEAST)) - low) / (high - low));
  const epochs = rows.at(-1)[1];
  const x = (epoch) => LEFT + (inner * epoch) / epochs;
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = "#96928a";
  context.strokeStyle = "#2c2d31";
  for (let power = low; power <= high; power += 1) {
    context.textAlign = "right";
    context.fillText(`${10 ** power >= 1 ? 10 ** power : (10 ** power).toFixed(-power)}`, LEFT - 6, y(10 ** power) + 4);
    context.beginPath();
    context.moveTo(LEFT, y(10 ** power));
    context.lineTo(width - 6, y(10 ** power));
    context.stroke();
  }
  context.textAlign = "left";
  context.fillText("nats a loop; epoch", LEFT, height - 6);
  context.textAlign = "right";
  context.fillText(String(epochs), width - 6, height - 6);
  // No more points than pixels.
  const step = Math.max(Math.floor(rows.length / inner), 1);
  for (const [, at, colour] of LOSSES) {
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.beginPath();
    rows.forEach((row, index) => {
      if (index % step === 0 && row[at] !== null) context.lineTo(x(row[0]), y(row[at]));
    });
    context.stroke();
  }
}
