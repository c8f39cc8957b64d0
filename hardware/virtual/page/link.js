// The WebSocket to the box. It reconnects by itself, and tells its listeners what arrives.
//
// A connection that has died on the way (a phone that left the radio's range) may not say so for
// minutes. The page asks for the box's clock all the time: who does not answer is gone.

const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 3000;
const ANSWER_MS = 6000;
const LOOK_MS = 1000;

export class Link extends EventTarget {
  #socket = null;
  #retryMs = FIRST_RETRY_MS;
  #askedMs = null; // when we last spoke first and nothing has come back since

  constructor(url) {
    super();
    this.url = url;
    this.#connect();
    setInterval(() => this.#look(), LOOK_MS);
  }

  get connected() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  send(message) {
    if (!this.connected) return;
    this.#socket.send(JSON.stringify(message));
    this.#askedMs ??= performance.now();
  }

  #connect() {
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onopen = () => {
      this.#retryMs = FIRST_RETRY_MS;
      this.#tell("open");
    };
    socket.onmessage = ({ data }) => {
      this.#askedMs = null;
      if (data instanceof ArrayBuffer) {
        this.#tell("frame", data);
      } else {
        const message = JSON.parse(data);
        this.#tell(message.type, message);
      }
    };
    socket.onclose = () => this.#lost();
  }

  #look() {
    if (this.#askedMs === null || performance.now() - this.#askedMs < ANSWER_MS) return;
    const socket = this.#socket;
    socket.onmessage = socket.onclose = null;
    socket.close();
    this.#lost();
  }

  #lost() {
    this.#socket = null;
    this.#askedMs = null;
    this.#tell("close");
    setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 1.6, LONGEST_RETRY_MS);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
