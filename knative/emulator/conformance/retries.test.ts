// Attempts, waits and dead letters on a clock that nobody waits for.
import { describe, expect, it } from 'vitest';
import {
  deadLetterEvent,
  deliverEvent,
  type Answer,
  type Attempt,
  type Outcome,
  type Target,
} from '../kafka-source/deliver.ts';
import type { Clock } from '../kafka-source/clock.ts';
import { readDeliveryPolicy } from '../kafka-source/delivery-policy.ts';
import type { HttpEvent } from '../kafka-source/event.ts';

const EVENT: HttpEvent = {
  attributes: { specversion: '1.0', id: '1', source: '/s', type: 't' },
  contentType: 'application/json',
  body: Buffer.from('{}'),
};
const DELIVERY = { retry: 3, backoffPolicy: 'exponential' as const, backoffDelay: 'PT0.2S' };

function answer(status: number, headers: Record<string, string> = {}, body = ''): Answer {
  return { status, headers, body: Buffer.from(body) };
}

/** Gives these answers in turn, the last one for ever. */
function target(...answers: readonly (Answer | Error)[]): Target & { readonly got: HttpEvent[] } {
  const got: HttpEvent[] = [];
  return {
    uri: 'http://sink/events',
    got,
    send: (event) => {
      const given = answers[Math.min(got.length, answers.length - 1)];
      got.push(event);
      if (given instanceof Error) return Promise.reject(given);
      return Promise.resolve(given ?? answer(200));
    },
  };
}

interface Ran {
  readonly outcome: Outcome;
  readonly waits: readonly number[];
  readonly attempts: readonly Attempt[];
}

async function run(
  sink: Target,
  deadLetter: Target | null,
  delivery: Parameters<typeof readDeliveryPolicy>[0] = DELIVERY,
  abortAtWait = Infinity,
): Promise<Ran> {
  const stopping = new AbortController();
  const waits: number[] = [];
  const attempts: Attempt[] = [];
  let nowMs = 0;
  const clock: Clock = {
    now: () => nowMs,
    after: () => () => undefined,
    sleep: (ms) => {
      waits.push(ms);
      nowMs += ms;
      if (waits.length < abortAtWait) return Promise.resolve();
      stopping.abort();
      return Promise.reject(new Error('aborted'));
    },
  };
  const outcome = await deliverEvent(EVENT, sink, deadLetter, readDeliveryPolicy(delivery), {
    clock,
    signal: stopping.signal,
    onAttempt: (attempt) => attempts.push(attempt),
  });
  return { outcome, waits, attempts };
}

describe('a delivery', () => {
  it('[trap.no-dead-letter-sink] is lost when every attempt fails and there is no dead letter sink', async () => {
    const ran = await run(target(answer(503)), null);
    expect(ran.outcome).toBe('lost');
    expect(ran.waits).toEqual([400, 800, 1600]);
    expect(ran.attempts.map((each) => each.attempt)).toEqual([0, 1, 2, 3]);
  });

  it('[dls.retry] is lost when the dead letter sink fails as well, after the same retries', async () => {
    const ran = await run(target(answer(503)), target(new Error('no broker')));
    expect(ran.outcome).toBe('lost');
    expect(ran.waits).toEqual([400, 800, 1600, 400, 800, 1600]);
  });

  it('[dls.extensions] goes to the dead letters at once when it is refused for good', async () => {
    const letters = target(answer(202));
    const ran = await run(target(answer(422, { 'kne-code': 'X' }, 'why')), letters);
    expect(ran.outcome).toBe('dead-lettered');
    expect(ran.waits).toEqual([]);
    expect(letters.got[0]?.attributes).toMatchObject({
      id: '1',
      knativeerrordest: 'http://sink/events',
      knativeerrorcode: '422',
      knativeerrordata: Buffer.from('why').toString('base64'),
      code: 'X',
    });
  });

  it('[retry.after-ignored] ignores Retry-After, and retries a broken connection', async () => {
    const sink = target(answer(429, { 'retry-after': '60' }), new Error('reset'), answer(204));
    const ran = await run(sink, null);
    expect(ran.outcome).toBe('delivered');
    expect(ran.waits).toEqual([400, 800]);
    expect(ran.attempts.map((each) => each.status)).toEqual([429, null, 204]);
  });

  it('[dls.no-answer] carries only the destination when no answer came', async () => {
    const letters = target(answer(202));
    const ran = await run(target(new Error('reset')), letters, { retry: 0 });
    expect(ran.outcome).toBe('dead-lettered');
    const added = Object.keys(letters.got[0]?.attributes ?? {}).filter(
      (name) => !(name in EVENT.attributes),
    );
    expect(added).toEqual(['knativeerrordest']);
  });

  it('is neither delivered nor lost when the source stops while it waits', async () => {
    expect((await run(target(answer(503)), null, DELIVERY, 2)).outcome).toBe('stopped');
  });

  it('[dls.data] carries at most 1024 bytes of the refusing answer', () => {
    const letter = deadLetterEvent(EVENT, 'http://x', answer(400, {}, 'a'.repeat(5000)));
    const data = Buffer.from(letter.attributes['knativeerrordata'] ?? '', 'base64');
    expect(data.length).toBe(1024);
  });
});
