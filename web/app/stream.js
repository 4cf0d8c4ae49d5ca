// The live stream: connects, subscribes, and after a break resumes where it was. Never gives up by itself.

const SILENCE_MS = 25_000; // a heartbeat comes every 15 s
const FIRST_MS = 500;
const LONGEST_MS = 10_000;
const POLICY = 1008; // the sign-in has ended, or the topics are not ours

export class Stream {
  /** `hear(message)` gets snapshot, event and heartbeat; `tell(status)` gets connecting, live, offline, over. */
  constructor(topics, ticket, hear, tell) {
    Object.assign(this, { topics, ticket, hear, tell, cursor: null, tries: 0, ended: false });
    this.online = () => this.socket || this.soon(0);
    addEventListener("online", this.online);
  }

  async connect() {
    if (this.ended || this.socket) return;
    this.tell(this.tries ? "offline" : "connecting");
    let issued;
    try {
      issued = await this.ticket();
    } catch (problem) {
      if (problem.status === 401 || problem.status === 403) this.end(problem.status === 401 ? "over" : "forbidden");
      else this.later();
      return;
    }
    if (!this.ended && !this.socket) this.open(issued.ticket);
  }

  open(ticket) {
    const url = new URL("/v1/stream", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = (this.socket = new WebSocket(url));
    socket.onopen = () => {
      this.send({ type: "hello", ticket });
      this.ask();
    };
    socket.onmessage = ({ data }) => socket === this.socket && this.take(JSON.parse(data));
    socket.onclose = ({ code }) => socket === this.socket && this.lost(code);
    this.watch();
  }

  /** Go on where we were, else from a snapshot. */
  ask() {
    const { topics, cursor } = this;
    this.send(cursor ? { type: "resume", topics, cursor } : { type: "subscribe", topics });
  }

  take(message) {
    this.watch();
    this.tries = 0;
    if (message.cursor) this.cursor = message.cursor;
    if (message.type === "resync") {
      this.cursor = null;
      this.ask();
      return;
    }
    this.tell("live");
    this.hear(message);
  }

  /** Whoever is silent for too long is gone, whatever the socket says. */
  watch() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lost(0), SILENCE_MS);
  }

  lost(code) {
    clearTimeout(this.silence);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    if (this.ended) return;
    if (code === POLICY) this.cursor = null;
    this.later();
  }

  later() {
    this.tell("offline");
    const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.tries++);
    this.soon(longest * (0.5 + Math.random() / 2));
  }

  soon(ms) {
    clearTimeout(this.again);
    this.again = setTimeout(() => this.connect(), ms);
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  end(status) {
    this.ended = true;
    removeEventListener("online", this.online);
    clearTimeout(this.again);
    this.lost(0);
    if (status) this.tell(status);
  }
}
