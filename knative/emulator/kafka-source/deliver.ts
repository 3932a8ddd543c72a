// One event to one destination: attempts, waits, dead letter. Time and transport come in, so that
// the waits can be tested to the millisecond without waiting.
import type { Clock } from './clock.ts';
import { backoffMs, judgeStatus, type DeliveryPolicy, type Verdict } from './delivery-policy.ts';
import type { HttpEvent } from './event.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Sends once. Rejects on a transport error, and soon after the signal says that time is over. */
export interface Target {
  readonly uri: string;
  send(event: HttpEvent, signal: AbortSignal): Promise<Answer>;
}

export interface Attempt {
  /** 0 is the first. */
  readonly attempt: number;
  readonly target: 'sink' | 'dead-letter';
  /** Null when no answer came. */
  readonly status: number | null;
  readonly error: string | null;
  readonly latencyMs: number;
}

export interface DeliveryDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onAttempt: (attempt: Attempt) => void;
}

/** `stopped`: the source ended before it was decided; the record will come again. */
export type Outcome = 'delivered' | 'dead-lettered' | 'lost' | 'stopped';

interface Sent {
  readonly verdict: Verdict | 'stopped';
  readonly answer: Answer | null;
}

/** Bytes of a refusing answer that go along to the dead letters. */
const ERROR_DATA_BYTES_MAX = 1024;

export async function deliverEvent(
  event: HttpEvent,
  sink: Target,
  deadLetter: Target | null,
  policy: DeliveryPolicy,
  deps: DeliveryDeps,
): Promise<Outcome> {
  const sent = await sendWithRetries(event, sink, 'sink', policy, deps);
  if (sent.verdict === 'delivered' || sent.verdict === 'stopped') return sent.verdict;
  // Trap 3: without a dead letter sink, or when it fails as well, the event is gone.
  if (deadLetter === null) return 'lost';
  const letter = deadLetterEvent(event, sink.uri, sent.answer);
  const buried = await sendWithRetries(letter, deadLetter, 'dead-letter', policy, deps);
  if (buried.verdict === 'stopped') return 'stopped';
  return buried.verdict === 'delivered' ? 'dead-lettered' : 'lost';
}

async function sendWithRetries(
  event: HttpEvent,
  target: Target,
  kind: Attempt['target'],
  policy: DeliveryPolicy,
  deps: DeliveryDeps,
): Promise<Sent> {
  for (let attempt = 0; ; attempt += 1) {
    const sent = await sendOnce(event, target, kind, attempt, policy, deps);
    // An answer that came while we stop counts; a broken connection then means nothing.
    if (sent.verdict === 'retry' && deps.signal.aborted) return { ...sent, verdict: 'stopped' };
    if (sent.verdict !== 'retry' || attempt >= policy.retryMax) return sent;
    try {
      await deps.clock.sleep(backoffMs(policy, attempt + 1), deps.signal);
    } catch (error) {
      if (!deps.signal.aborted) throw error;
      return { verdict: 'stopped', answer: null };
    }
  }
}

async function sendOnce(
  event: HttpEvent,
  target: Target,
  kind: Attempt['target'],
  attempt: number,
  policy: DeliveryPolicy,
  deps: DeliveryDeps,
): Promise<Sent> {
  const startedAt = deps.clock.now();
  const note = (status: number | null, error: string | null): void =>
    deps.onAttempt({
      attempt,
      target: kind,
      status,
      error,
      latencyMs: deps.clock.now() - startedAt,
    });
  const limit = new AbortController();
  const endTimer = deps.clock.after(policy.timeoutMs, () => {
    limit.abort(new Error(`no answer within ${policy.timeoutMs} ms`));
  });
  try {
    const answer = await target.send(event, limit.signal);
    note(answer.status, answer.status < 300 ? null : answer.body.toString('utf8', 0, 300));
    return { verdict: judgeStatus(answer.status), answer };
  } catch (error) {
    // Whatever a cancelled request says of itself: what happened is that time was over.
    const reason: unknown = limit.signal.aborted ? limit.signal.reason : error;
    note(null, reason instanceof Error ? reason.message : String(reason));
    return { verdict: 'retry', answer: null };
  } finally {
    endTimer();
  }
}

/** The event with what went wrong, as the Knative data plane specification says. */
export function deadLetterEvent(event: HttpEvent, uri: string, answer: Answer | null): HttpEvent {
  const attributes: Record<string, string> = { ...event.attributes, knativeerrordest: uri };
  if (answer !== null) {
    attributes['knativeerrorcode'] = String(answer.status);
    if (answer.body.length > 0) {
      attributes['knativeerrordata'] = answer.body
        .subarray(0, ERROR_DATA_BYTES_MAX)
        .toString('base64');
    }
    for (const [name, value] of Object.entries(answer.headers)) {
      if (name.startsWith('kne-')) attributes[name.slice(4).replace(/[^a-z0-9]/g, '')] = value;
    }
  }
  return { ...event, attributes };
}
