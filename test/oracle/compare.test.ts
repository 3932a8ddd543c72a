// The long comparison, done here by naive books: when it ends, and what it says of a difference.
import { expect, test } from 'vitest';
import { BatchRunner, compare, type Batch, type Progress, type Worker } from './compare.ts';
import { DOCUMENTED } from './coverage.ts';
import { NaiveSubject } from './twin.ts';

const SEED = 20_260_101;
const SAME = { commands: 10, events: 20, restores: 3, difference: null };

/** Answers at once that a batch of 10 commands was the same. */
function makeWorker(
  alter: (batch: Batch) => Batch = (batch) => batch,
): Worker & { seeds: number[] } {
  const seeds: number[] = [];
  return {
    seeds,
    do: ({ seed }) => {
      seeds.push(seed);
      return Promise.resolve(alter({ seed, ...SAME, missing: DOCUMENTED.slice(1) }));
    },
  };
}

test('ends when enough commands were compared, each batch with a seed of its own', async () => {
  const workers = [makeWorker(), makeWorker()];
  const told: Progress[] = [];
  const comparison = await compare({ commands: 95, seed: 7 }, workers, (each) => told.push(each));
  expect(comparison.failed).toBeNull();
  expect(comparison.commands).toBeGreaterThanOrEqual(95);
  expect(comparison.commands).toBe(10 * comparison.batches);
  expect(comparison.events).toBe(20 * comparison.batches);
  expect(comparison.restores).toBe(3 * comparison.batches);
  expect(comparison.missing).toEqual(DOCUMENTED.slice(1));
  const seeds = workers.flatMap((worker) => worker.seeds).sort((a, b) => a - b);
  expect(seeds).toEqual(Array.from({ length: comparison.batches }, (_, at) => 7 + at));
  expect(told.length).toBe(comparison.batches);
});

test('ends at the first difference without waiting for the others', async () => {
  const good = makeWorker();
  const never: Worker = { do: () => new Promise(() => undefined) };
  const bad = makeWorker((batch) => ({ ...batch, difference: batch.seed > 11 ? 'differs' : null }));
  const options = { commands: 1_000_000, seed: 7 };
  const { failed } = await compare(options, [good, never, bad], () => undefined);
  expect(failed?.difference).toBe('differs');
  expect(bad.seeds).toContain(failed?.seed);
});

test('fails when a worker does', async () => {
  const broken: Worker = { do: () => Promise.reject(new Error('gone')) };
  const options = { commands: 100, seed: 7 };
  await expect(compare(options, [broken], () => undefined)).rejects.toThrow('gone');
});

test('a batch says what it has done, and goes on counting what it has met', () => {
  const runner = new BatchRunner(() => new NaiveSubject(), 4);
  const first = runner.do({ seed: SEED, isComplete: false });
  expect(first).toMatchObject({ seed: SEED, difference: null });
  expect(first.commands).toBeGreaterThan(100);
  const second = runner.do({ seed: SEED + 1, isComplete: false });
  expect(second.missing.length).toBeLessThan(first.missing.length);
  expect(second.commands).not.toBe(first.commands);
});

test('a batch names its seed and a short list of commands when something differs', () => {
  const alter = (event: { readonly kind: string }): unknown =>
    event.kind === 'amended' ? { ...event, kind: 'opened' } : event;
  const { difference } = new BatchRunner(() => new NaiveSubject(alter)).do({
    seed: SEED,
    isComplete: true,
  });
  expect(difference).toMatch(`seed: ${SEED}`);
  const list = JSON.parse(
    /Counterexample: (.*)/.exec(difference ?? '')?.[1] ?? '[]',
  ) as unknown[][];
  expect(list[0]?.map((spec) => (spec as { kind: string }).kind)).toContain('amend');
  expect(list[0]?.length).toBeLessThanOrEqual(4);
});

test('a batch does not count the commands that a list is shrunk through', () => {
  const makeSubject = (): NaiveSubject => new NaiveSubject(() => 'no event');
  const batch = new BatchRunner(makeSubject).do({ seed: SEED, isComplete: false });
  expect(batch.difference).toMatch(/events differ/);
  // The first command of all is the first to differ.
  expect(batch.commands).toBe(1);
});
