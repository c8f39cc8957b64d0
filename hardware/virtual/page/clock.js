// From the box's clock (nanoseconds) to the page's clock (performance.now(), milliseconds).
//
// A ping there and back brackets the box's reading between two of ours. The quickest of the last
// pings bracketed it most tightly, so it alone decides; the others were held up on the way.

const KEPT = 24;
const FIRST_PINGS = 8;
const FIRST_GAP_MS = 40;
const GAP_MS = 1500;

export class BoxClock {
  #link;
  #samples = [];
  #best = null;
  #timer = 0;

  constructor(link) {
    this.#link = link;
    link.addEventListener("open", () => this.#restart());
    link.addEventListener("close", () => clearTimeout(this.#timer));
    link.addEventListener("pong", ({ detail }) => this.#learn(detail));
  }

  get roundTripMs() {
    return this.#best?.roundTripMs ?? null;
  }

  // The page's time of an event of the box; null until the first ping has come back.
  toPageMs(boxNs) {
    return this.#best && boxNs / 1e6 - this.#best.boxAheadMs;
  }

  #restart() {
    // A box that was restarted may count from elsewhere.
    this.#samples = [];
    this.#best = null;
    clearTimeout(this.#timer);
    this.#ping(1);
  }

  #ping(count) {
    this.#link.send({ type: "ping", page_ms: performance.now() });
    const gap = count < FIRST_PINGS ? FIRST_GAP_MS : GAP_MS;
    this.#timer = setTimeout(() => this.#ping(count + 1), gap);
  }

  #learn({ page_ms: sentMs, server_ns: boxNs }) {
    const nowMs = performance.now();
    const roundTripMs = nowMs - sentMs;
    this.#samples.push({ roundTripMs, boxAheadMs: boxNs / 1e6 - (sentMs + nowMs) / 2 });
    if (this.#samples.length > KEPT) this.#samples.shift();
    this.#best = this.#samples.reduce((a, b) => (b.roundTripMs < a.roundTripMs ? b : a));
  }
}
