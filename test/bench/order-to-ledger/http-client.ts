// A small HTTP/1.1 client for the load: answers with a length, one request at a time a connection.
// The load shares two cores with what it measures, and a client for everything takes twice as much.
import { connect, type Socket } from 'node:net';

export interface Answer {
  /** 0 when the connection broke before the whole answer was there. */
  readonly status: number;
  readonly body: string;
}

const BROKEN: Answer = { status: 0, body: '' };
const HEAD_END = Buffer.from('\r\n\r\n');
/** `HTTP/1.1 201`: where the status begins and ends. */
const STATUS_FROM = 9;
const STATUS_TO = 12;
const LENGTH = /\r\ncontent-length: (\d+)/i;
/** A server closes what rests for 5 s: what has rested nearly so long is not trusted with more. */
const REST_MS_MAX = 3_000;

export class HttpClient {
  readonly #host: string;
  readonly #port: number;
  readonly #connectionsMax: number;
  readonly #resting: Connection[] = [];
  readonly #waiting: ((connection: Connection) => void)[] = [];
  readonly #open = new Set<Connection>();

  constructor(url: string, connectionsMax: number) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
    this.#connectionsMax = connectionsMax;
  }

  /** `lines`: the headers, each with its end; those of host and length are added. */
  async request(method: string, path: string, lines: string, body: string | null): Promise<Answer> {
    const length = body === null ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`;
    const head = `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}:${this.#port}\r\n`;
    const connection = this.#take() ?? (await this.#turn());
    const answer = await connection.ask(`${head}${lines}${length}\r\n${body ?? ''}`);
    this.#giveBack(connection);
    return answer;
  }

  close(): void {
    for (const connection of this.#open) connection.close();
  }

  /** The one that was used last, so that few are kept busy. */
  #take(): Connection | null {
    for (;;) {
      const resting = this.#resting.pop();
      if (resting === undefined) break;
      if (resting.isUsable) return resting;
      this.#forget(resting);
    }
    if (this.#open.size >= this.#connectionsMax) return null;
    return this.#connect();
  }

  #turn(): Promise<Connection> {
    return new Promise((done) => this.#waiting.push(done));
  }

  #giveBack(connection: Connection): void {
    const usable = connection.isUsable ? connection : null;
    if (usable === null) this.#forget(connection);
    const next = this.#waiting.shift();
    if (next !== undefined) next(usable ?? this.#connect());
    else if (usable !== null) this.#resting.push(usable);
  }

  #connect(): Connection {
    const connection = new Connection(connect({ host: this.#host, port: this.#port }));
    this.#open.add(connection);
    return connection;
  }

  #forget(connection: Connection): void {
    connection.close();
    this.#open.delete(connection);
  }
}

class Connection {
  readonly #socket: Socket;
  #received: Buffer | null = null;
  #answered: ((answer: Answer) => void) | null = null;
  #isBroken = false;
  #usedAtMs = performance.now();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => this.#break());
    socket.on('close', () => this.#break());
  }

  get isUsable(): boolean {
    return !this.#isBroken && performance.now() - this.#usedAtMs < REST_MS_MAX;
  }

  ask(request: string): Promise<Answer> {
    return new Promise((done) => {
      this.#answered = done;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const received = this.#received === null ? chunk : Buffer.concat([this.#received, chunk]);
    this.#received = received;
    const headEnd = received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = received.toString('latin1', 0, headEnd);
    const status = Number(head.slice(STATUS_FROM, STATUS_TO));
    const length = LENGTH.exec(head)?.[1];
    if (length === undefined && status !== 204) throw new Error(`${status} without a length`);
    const bodyFrom = headEnd + HEAD_END.length;
    const bodyTo = bodyFrom + Number(length ?? 0);
    if (received.length < bodyTo) return;
    this.#received = null;
    this.#end({
      status,
      body: received.toString('utf8', bodyFrom, bodyTo),
    });
  }

  #break(): void {
    this.#isBroken = true;
    this.#end(BROKEN);
  }

  #end(answer: Answer): void {
    const answered = this.#answered;
    this.#answered = null;
    this.#usedAtMs = performance.now();
    answered?.(answer);
  }
}
