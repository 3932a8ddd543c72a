// One stream, computed again from its first record on; stops at the first that is bad.
import { canonicalJson, type JsonValue } from './record.ts';
import { genesisHash, hashRow } from './chain.ts';
import type { Finding } from './finding.ts';
import type { StoredHead, StoredRow } from './store.ts';

export class StreamCheck {
  readonly stream: string;
  sequence = 0;
  finding: Finding | null = null;
  #hash: Buffer;
  #recordedAtMs = 0;
  /** What anchors say of this stream: the hash at a number. */
  readonly #anchored: ReadonlyMap<number, string>;

  constructor(stream: string, anchored: ReadonlyMap<number, string>) {
    this.stream = stream;
    this.#hash = genesisHash(stream);
    this.#anchored = anchored;
    this.#checkAnchor();
  }

  take(row: StoredRow): void {
    if (this.finding !== null) return;
    const next = this.sequence + 1;
    const bad = this.#faultOf(row, next);
    if (bad !== null) {
      const { fault, detail } = bad;
      // What is missing is bad, not what comes after it.
      this.finding = {
        stream: this.stream,
        sequence: fault === 'gap' ? next : row.sequence,
        fault,
        detail,
      };
      return;
    }
    this.sequence = row.sequence;
    this.#hash = row.hash;
    this.#recordedAtMs = row.recordedAtMs;
    this.#checkAnchor();
  }

  /** Compares the end of the chain with its head and with the last anchor. */
  end(head: StoredHead | undefined): void {
    if (this.finding !== null) return;
    const cut = [...this.#anchored.keys()].filter((sequence) => sequence > this.sequence);
    if (cut.length > 0) {
      const last = Math.max(...cut);
      this.#fail('anchor', this.sequence + 1, `missing: anchored up to ${last}`);
    } else if (head === undefined) {
      this.#fail('head', this.sequence, 'the stream has no head');
    } else if (head.sequence > this.sequence) {
      this.#fail('head', this.sequence + 1, `missing: the head is at ${head.sequence}`);
    } else if (head.sequence < this.sequence || !head.hash.equals(this.#hash)) {
      this.#fail('head', this.sequence, `the head is at ${head.sequence} with another hash`);
    } else if (head.recordedAtMs !== this.#recordedAtMs) {
      this.#fail('head', this.sequence, 'the head has another time');
    }
  }

  #faultOf(row: StoredRow, next: number): Pick<Finding, 'fault' | 'detail'> | null {
    if (row.sequence !== next) {
      return { fault: 'gap', detail: `missing: the next record is ${row.sequence}` };
    }
    if (!row.previousHash.equals(this.#hash)) {
      return { fault: 'link', detail: 'not chained to the record before it' };
    }
    if (!hashRow(row).equals(row.hash)) {
      return { fault: 'hash', detail: 'the content is not what was hashed' };
    }
    if (row.recordedAtMs < this.#recordedAtMs) {
      return { fault: 'time', detail: 'recorded before the record before it' };
    }
    return faultOfText(row);
  }

  #checkAnchor(): void {
    const anchored = this.#anchored.get(this.sequence);
    if (anchored === undefined || anchored === this.#hash.toString('hex')) return;
    const earlier = [...this.#anchored.keys()].filter((sequence) => sequence < this.sequence);
    const from = Math.max(0, ...earlier) + 1;
    const detail = `another hash was anchored: changed at ${from} or later`;
    this.#fail('anchor', this.sequence, detail);
  }

  #fail(fault: Finding['fault'], sequence: number, detail: string): void {
    this.finding ??= { stream: this.stream, sequence, fault, detail };
  }
}

function faultOfText(row: StoredRow): Pick<Finding, 'fault' | 'detail'> | null {
  let value: JsonValue;
  try {
    value = JSON.parse(row.record) as JsonValue;
  } catch {
    return { fault: 'record', detail: 'the text is no JSON' };
  }
  if (canonicalJson(value) !== row.record) {
    return { fault: 'record', detail: 'the text is not canonical' };
  }
  if (value === null || typeof value !== 'object') {
    return { fault: 'record', detail: 'the text is no object' };
  }
  const said = value as {
    readonly stream?: unknown;
    readonly action?: unknown;
    readonly subject?: unknown;
    readonly actor?: { readonly kind?: unknown; readonly id?: unknown };
  };
  if (said.stream !== row.stream) return { fault: 'record', detail: 'of another stream' };
  const matches =
    said.action === row.action &&
    said.subject === row.subject &&
    said.actor?.kind === row.actorKind &&
    said.actor.id === row.actorId;
  return matches ? null : { fault: 'column', detail: 'what is searched is not what was hashed' };
}
