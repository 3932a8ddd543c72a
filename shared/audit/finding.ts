// What is wrong with an audit log, as the verifier says it.

/**
 * `gap`: a record is missing before this one. `link`: it is not chained to the one before it.
 * `hash`: its content is not what was hashed. `record`: its text is not canonical, or not of its
 * stream. `column`: what is searched differs from what was hashed. `time`: before its predecessor.
 * `head`: the chain ends elsewhere than its head says. `anchor`: the chain is not the one that was
 * anchored. `signature`: an anchor that nobody with the key has signed.
 */
export type Fault =
  'gap' | 'link' | 'hash' | 'record' | 'column' | 'time' | 'head' | 'anchor' | 'signature';

export interface Finding {
  /** Null for an anchor that is none. */
  readonly stream: string | null;
  /** The first bad record of the stream. */
  readonly sequence: number | null;
  readonly fault: Fault;
  readonly detail: string;
}

export function formatFinding({ stream, sequence, fault, detail }: Finding): string {
  const where = stream === null ? 'anchors' : `${stream} ${sequence ?? ''}`.trim();
  return `${where}: ${fault}: ${detail}`;
}
