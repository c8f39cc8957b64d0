// The OLED: raw big-endian RGB565 onto a canvas.

// Up to this many screen pixels a pixel is a whole number of them; above, a difference of one does
// not show.
const WHOLE_UP_TO = 3;

// Every RGB565 colour as the 32-bit word of canvas memory (RGBA; little-endian on all browsers).
const COLOURS = new Uint32Array(65536);
for (let colour = 0; colour < 65536; colour++) {
  const red = Math.round(((colour >> 11) * 255) / 31);
  const green = Math.round((((colour >> 5) & 63) * 255) / 63);
  const blue = Math.round(((colour & 31) * 255) / 31);
  COLOURS[colour] = (255 << 24) | (blue << 16) | (green << 8) | red;
}

export class Oled {
  #canvas;
  #context;
  #width;
  #height;
  #image;
  #words;
  #newest = null;
  #arrived = 0;
  #onDrawn;

  // onDrawn(n) is called after a picture is on the canvas: n pictures came since the last call.
  // In a hidden tab it is not called, so the box stops sending what nobody sees.
  constructor(canvas, onDrawn) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
    this.#onDrawn = onDrawn;
    this.resize(canvas.width, canvas.height);
    new ResizeObserver(() => this.#fit()).observe(canvas.parentElement);
  }

  // The display that the board has, in its own pixels.
  resize(width, height) {
    if (width === this.#width && height === this.#height) return;
    this.#width = this.#canvas.width = width;
    this.#height = this.#canvas.height = height;
    this.#image = this.#context.createImageData(width, height);
    this.#words = new Uint32Array(this.#image.data.buffer);
    this.#canvas.parentElement.style.setProperty("--ratio", width / height);
    this.dark();
    this.#fit();
  }

  show(buffer) {
    if (buffer.byteLength !== this.#words.length * 2) return;
    if (this.#newest === null) requestAnimationFrame(() => this.#draw());
    this.#newest = buffer;
    this.#arrived += 1;
  }

  // level: brightness on the screen, 0..1
  dim(level) {
    this.#canvas.style.opacity = level;
  }

  dark() {
    this.#newest = null;
    this.#arrived = 0;
    this.#words.fill(0xff000000);
    this.#context.putImageData(this.#image, 0, 0);
  }

  #draw() {
    if (this.#newest === null) return;
    const bytes = new Uint8Array(this.#newest);
    for (let i = 0; i < this.#words.length; i++) {
      this.#words[i] = COLOURS[(bytes[2 * i] << 8) | bytes[2 * i + 1]];
    }
    this.#context.putImageData(this.#image, 0, 0);
    const arrived = this.#arrived;
    this.#newest = null;
    this.#arrived = 0;
    this.#onDrawn(arrived);
  }

  #fit() {
    const { clientWidth, clientHeight } = this.#canvas.parentElement;
    const ratio = window.devicePixelRatio || 1;
    const scale = Math.min(
      Math.floor(clientWidth * ratio) / this.#width,
      Math.floor(clientHeight * ratio) / this.#height,
    );
    const whole = scale > WHOLE_UP_TO ? scale : Math.max(1, Math.floor(scale));
    this.#canvas.style.width = `${(whole * this.#width) / ratio}px`;
    this.#canvas.style.height = `${(whole * this.#height) / ratio}px`;
  }
}
