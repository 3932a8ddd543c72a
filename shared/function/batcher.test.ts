import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RetryableError } from '../domain/failure.ts';
import { isRejection } from '../domain/rejection.ts';
import { Batcher } from './batcher.ts';

const LIMITS = { batchMax: 3, lingerMs: 5, queueMax: 10 };

/** A batcher that notes its batches and answers ten times each number. */
function tenfold(more: Partial<ConstructorParameters<typeof Batcher<number, number>>[0]> = {}) {
  const batches: number[][] = [];
  const batcher = new Batcher<number, number>({
    ...LIMITS,
    run: (items) => {
      batches.push([...items]);
      return Promise.resolve(items.map((item) => item * 10));
    },
    ...more,
  });
  return { batches, batcher };
}

function messagesOf(results: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return results.map((result) =>
    result.status === 'fulfilled' ? result.value : (result.reason as Error).message,
  );
}

describe('batcher', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('refuses what is beyond the queue with SERVICE_BUSY', async () => {
    const { batcher } = tenfold({ queueMax: 2, batchMax: 100 });
    const accepted = [batcher.submit(1), batcher.submit(2)];
    const refused = await batcher.submit(3);
    expect(isRejection(refused) && refused.code).toBe('SERVICE_BUSY');
    await vi.advanceTimersByTimeAsync(LIMITS.lingerMs);
    expect(await Promise.all(accepted)).toEqual([10, 20]);
  });

  it('weighs items: a batch and the queue hold so much, and one too heavy is a batch of its own', async () => {
    const { batcher, batches } = tenfold({ weightOf: (item) => item, queueMax: 8 });
    const accepted = [1, 2, 9].map((item) => batcher.submit(item));
    const refused = await batcher.submit(1);
    expect(isRejection(refused) && refused.code).toBe('SERVICE_BUSY');
    await vi.advanceTimersByTimeAsync(LIMITS.lingerMs);
    expect(await Promise.all(accepted)).toEqual([10, 20, 90]);
    expect(batches).toEqual([[1, 2], [9]]);
    await Promise.all([batcher.submit(1), vi.advanceTimersByTimeAsync(LIMITS.lingerMs)]);
    expect(batches).toHaveLength(3);
  });

  it('refuses what is beyond the share of its owner, and takes what is of others', async () => {
    const share = { ownerOf: (item: number) => item % 10, max: 3 };
    const weightOf = (item: number) => (item > 10 ? 2 : 1);
    const { batcher } = tenfold({ batchMax: 100, weightOf, share });
    const accepted = [1, 11].map((item) => batcher.submit(item));
    const refused = await batcher.submit(21);
    expect(isRejection(refused) && refused.code).toBe('SERVICE_BUSY');
    accepted.push(batcher.submit(2));
    await vi.advanceTimersByTimeAsync(LIMITS.lingerMs);
    expect(await Promise.all(accepted)).toEqual([10, 110, 20]);
    // What has left the queue counts no more.
    const later = batcher.submit(21);
    await vi.advanceTimersByTimeAsync(LIMITS.lingerMs);
    expect(await later).toBe(210);
  });

  it('takes what is urgent beside a full queue and a full share, in its turn and within bounds', async () => {
    const share = { ownerOf: (item: number) => item % 10, max: 2 };
    const isUrgent = (item: number) => item >= 100;
    const { batcher, batches } = tenfold({ batchMax: 100, queueMax: 3, share, isUrgent });
    const accepted = [1, 11, 2, 101, 111, 102].map((item) => batcher.submit(item));
    const refused = await Promise.all([3, 103].map((item) => batcher.submit(item)));
    expect(refused.map((each) => isRejection(each) && each.code)).toEqual([
      'SERVICE_BUSY',
      'SERVICE_BUSY',
    ]);
    await vi.advanceTimersByTimeAsync(LIMITS.lingerMs);
    expect(await Promise.all(accepted)).toEqual([10, 110, 20, 1010, 1110, 1020]);
    expect(batches).toEqual([[1, 11, 2, 101, 111, 102]]);
    // All has left the queue: both lanes are free again.
    const later = [1, 101].map((item) => batcher.submit(item));
    await vi.advanceTimersByTimeAsync(LIMITS.lingerMs);
    expect(await Promise.all(later)).toEqual([10, 1010]);
  });

  it('throws the refusal as retryable for event handlers', async () => {
    const { batcher } = tenfold({ queueMax: 1 });
    const first = batcher.submitOrThrow(1);
    await expect(batcher.submitOrThrow(2)).rejects.toBeInstanceOf(RetryableError);
    await batcher.close();
    expect(await first).toBe(10);
  });

  it('takes all items of an event, and tells of what may yet succeed before what never can', async () => {
    const never = new Error('never');
    const later = new RetryableError('later');
    const { batcher, batches } = tenfold({
      run: (items) => {
        batches.push([...items]);
        return Promise.resolve(
          items.map((item) => (item === 1 ? never : item === 2 ? later : item)),
        );
      },
    });
    const ends = Promise.allSettled([
      batcher.submitAllOrThrow([3, 1, 4]),
      batcher.submitAllOrThrow([1, 2]),
      batcher.submitAllOrThrow([5]),
    ]);
    await batcher.close();
    expect(messagesOf(await ends)).toEqual(['never', 'later', undefined]);
    expect(batches.flat()).toEqual([3, 1, 4, 1, 2, 5]);
  });

  it('refuses after close, and answers what was queued before', async () => {
    const { batcher, batches } = tenfold();
    const before = batcher.submit(1);
    const closed = batcher.close();
    const after = await batcher.submit(2);
    expect(isRejection(after) && after.code).toBe('SERVICE_UNAVAILABLE');
    await closed;
    expect(await before).toBe(10);
    expect(batches).toEqual([[1]]);
  });

  it('waits its period for company, and no longer for a full batch', async () => {
    const { batcher, batches } = tenfold();
    const all = [1, 2, 3, 4].map((item) => batcher.submit(item));
    await vi.advanceTimersByTimeAsync(LIMITS.lingerMs - 1);
    expect(batches).toEqual([[1, 2, 3]]);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches).toEqual([[1, 2, 3], [4]]);
    expect(await Promise.all(all)).toEqual([10, 20, 30, 40]);
  });

  it('runs one batch at a time, and two where it may', async () => {
    for (const parallel of [1, 2]) {
      const open: (() => void)[] = [];
      const { batcher } = tenfold({
        parallel,
        run: async (items) => {
          await new Promise<void>((resolve) => open.push(resolve));
          return [...items];
        },
      });
      const all = Array.from({ length: 9 }, (_, item) => batcher.submit(item));
      await vi.advanceTimersByTimeAsync(100);
      expect(open).toHaveLength(parallel);
      for (let at = 0; at < 3; at += 1) {
        open[at]?.();
        await vi.advanceTimersByTimeAsync(0);
      }
      expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
  });

  it('fails only the item that run answers an Error for', async () => {
    const { batcher } = tenfold({
      run: (items) => Promise.resolve(items.map((item) => (item === 2 ? new Error('two') : item))),
    });
    const results = Promise.allSettled([1, 2, 3].map((item) => batcher.submit(item)));
    expect(messagesOf(await results)).toEqual([1, 'two', 3]);
  });

  it('fails a whole batch whose run answers too few results', async () => {
    const { batcher } = tenfold({ run: () => Promise.resolve([1]) });
    const results = await Promise.allSettled([1, 2, 3].map((item) => batcher.submit(item)));
    expect(results.every((result) => result.status === 'rejected')).toBe(true);
  });

  it('keeps one poison item from the others with retryAlone', async () => {
    const run = (items: readonly number[]): Promise<number[]> =>
      items.includes(2) ? Promise.reject(new Error('poison')) : Promise.resolve([...items]);
    const together = tenfold({ run });
    const alone = tenfold({ run, retryAlone: true });
    const send = (batcher: Batcher<number, number>) =>
      Promise.allSettled([1, 2, 3].map((item) => batcher.submit(item)));
    expect(messagesOf(await send(together.batcher))).toEqual(['poison', 'poison', 'poison']);
    expect(messagesOf(await send(alone.batcher))).toEqual([1, 'poison', 3]);
  });

  it('does not try a hundred items alone against a database that is away', async () => {
    let runs = 0;
    const run = (): Promise<number[]> => {
      runs += 1;
      return Promise.reject(new RetryableError('away'));
    };
    const { batcher } = tenfold({ run, retryAlone: true });
    const results = await Promise.allSettled([1, 2, 3].map((item) => batcher.submit(item)));
    expect(messagesOf(results)).toEqual(['away', 'away', 'away']);
    expect(runs).toBe(1);
  });
});

describe('batcher, any load', () => {
  it('answers each item once, in order within batches, and keeps its limits', async () => {
    const load = fc.record({
      batchMax: fc.integer({ min: 1, max: 5 }),
      queueMax: fc.integer({ min: 1, max: 20 }),
      parallel: fc.integer({ min: 1, max: 3 }),
      lingerMs: fc.constantFrom(0, 1),
      retryAlone: fc.boolean(),
      waves: fc.array(fc.array(fc.constantFrom('good', 'bad', 'poison'), { maxLength: 12 }), {
        maxLength: 5,
      }),
    });
    await fc.assert(fc.asyncProperty(load, checkLoad), { numRuns: 150 });
  });
});

interface Load {
  readonly batchMax: number;
  readonly queueMax: number;
  readonly parallel: number;
  readonly lingerMs: number;
  readonly retryAlone: boolean;
  readonly waves: readonly (readonly string[])[];
}

interface Item {
  readonly number: number;
  readonly kind: string;
}

async function checkLoad(load: Load): Promise<void> {
  let running = 0;
  const done: number[] = [];
  const batcher = new Batcher<Item, number>({
    ...load,
    run: async (items) => {
      running += 1;
      expect(running).toBeLessThanOrEqual(load.parallel);
      expect(items.length).toBeLessThanOrEqual(load.batchMax);
      const numbers = items.map((item) => item.number);
      expect(numbers).toEqual([...numbers].sort((one, two) => one - two));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      if (items.some((item) => item.kind === 'poison')) throw new Error('poison');
      done.push(...items.filter((item) => item.kind === 'good').map((item) => item.number));
      return items.map((item) => (item.kind === 'bad' ? new Error('bad') : item.number));
    },
  });
  let number = 0;
  const outcomes: Promise<{ item: Item; outcome: unknown }>[] = [];
  for (const wave of load.waves) {
    for (const kind of wave) {
      number += 1;
      const item = { number, kind };
      const outcome = batcher.submit(item).catch((error: unknown) => error);
      outcomes.push(outcome.then((value) => ({ item, outcome: value })));
      expect(batcher.queued).toBeLessThanOrEqual(load.queueMax);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await batcher.close();
  const answered: number[] = [];
  for (const { item, outcome } of await Promise.all(outcomes)) {
    if (isRejection(outcome)) expect(outcome.code).toBe('SERVICE_BUSY');
    else if (outcome instanceof Error) expectFailure(item, outcome, load.retryAlone);
    else {
      expect(outcome).toBe(item.number);
      answered.push(item.number);
    }
  }
  expect([...done].sort((one, two) => one - two)).toEqual(answered);
}

/** Alone, a good item never fails; together, it may fall with a poisoned neighbour. */
function expectFailure(item: Item, error: Error, retryAlone: boolean): void {
  if (retryAlone) expect(item.kind).toBe(error.message);
  else expect(['bad', 'poison']).toContain(error.message);
}
