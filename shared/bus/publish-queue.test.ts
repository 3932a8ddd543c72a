// How concurrent publishes become requests.
import { describe, expect, it } from 'vitest';
import { RetryableError, TerminalError } from '../domain/failure.ts';
import type { OutgoingRecord } from './bus.ts';
import { PublishQueue } from './publish-queue.ts';

function record(text: string, bytes = 0): OutgoingRecord {
  const value = Buffer.alloc(bytes);
  return { topic: 't', partition: 0, key: text, headers: {}, value };
}

/** Requests are answered by hand, in order. */
function manualQueue() {
  const requests: string[][] = [];
  const answers: { done: () => void; fail: (error: unknown) => void }[] = [];
  const queue = new PublishQueue(async (records) => {
    requests.push(records.map(({ key }) => key ?? ''));
    await new Promise<void>((done, fail) => answers.push({ done, fail }));
  });
  return { queue, requests, answers };
}

async function settle(): Promise<void> {
  await new Promise((done) => setImmediate(done));
}

describe('the publish queue', () => {
  it('refuses a record that can never be sent before anything else is done with the call', async () => {
    const { queue, requests } = manualQueue();
    await expect(queue.add([record('a'), record('b', 1_000_001)])).rejects.toThrow(TerminalError);
    await settle();
    expect(requests).toEqual([]);
  });

  it('asks to come back later when too much is waiting', async () => {
    const { queue, answers } = manualQueue();
    const sent = Array.from({ length: 70 }, () => queue.add([record('a', 990_000)]));
    const last = sent.at(-1);
    await expect(last).rejects.toThrow(RetryableError);
    const settled = Promise.allSettled(sent);
    for (let n = 0; n < 70; n++) {
      answers[n]?.done();
      await settle();
    }
    const refused = (await settled).filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(10);
  });

  it('gathers what arrives while a request is on its way', async () => {
    const { queue, requests, answers } = manualQueue();
    const first = queue.add([record('a')]);
    await settle();
    const rest = [queue.add([record('b')]), queue.add([record('c'), record('d')])];
    await settle();
    expect(requests).toEqual([['a']]);
    answers[0]?.done();
    await first;
    await settle();
    expect(requests).toEqual([['a'], ['b', 'c', 'd']]);
    answers[1]?.done();
    await Promise.all(rest);
  });

  it('does not send the rest of a call after a part of it failed, but what others sent', async () => {
    const { queue, requests, answers } = manualQueue();
    const big = queue.add([record('a1', 900_000), record('a2', 900_000), record('a3', 900_000)]);
    const other = queue.add([record('b')]);
    await settle();
    expect(requests).toEqual([['a1']]);
    const failure = new RetryableError('lost');
    answers[0]?.fail(failure);
    await expect(big).rejects.toBe(failure);
    await settle();
    expect(requests).toEqual([['a1'], ['b']]);
    answers[1]?.done();
    await other;
  });

  it('sends what it accepted when it is closed, and nothing after', async () => {
    const { queue, requests, answers } = manualQueue();
    const sent = queue.add([record('a')]);
    const closing = queue.close();
    await expect(queue.add([record('b')])).rejects.toThrow('closed');
    await settle();
    answers[0]?.done();
    await Promise.all([sent, closing]);
    expect(requests).toEqual([['a']]);
  });
});
