// The WebSocket to the box. It reconnects by itself, and tells its listeners what arrives.

const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 3000;

export class Link extends EventTarget {
  #socket = null;
  #retryMs = FIRST_RETRY_MS;

  constructor(url) {
    super();
    this.url = url;
    this.#connect();
  }

  get connected() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  send(message) {
    if (this.connected) this.#socket.send(JSON.stringify(message));
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
      if (data instanceof ArrayBuffer) {
        this.#tell("frame", data);
      } else {
        const message = JSON.parse(data);
        this.#tell(message.type, message);
      }
    };
    socket.onclose = () => {
      this.#tell("close");
      setTimeout(() => this.#connect(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 1.6, LONGEST_RETRY_MS);
    };
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
