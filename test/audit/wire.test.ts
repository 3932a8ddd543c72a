// The audit's own reading of records against the schemas of the exchange: whatever is done to a
// record, both must agree on whether the engine carries it out or sets it aside.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readInputRecord } from '../../engine-daemon/input-record.ts';
import { executionsSchema } from '../../shared/events/executions.ts';
import { CommandMaker } from '../oracle/command-maker.ts';
import { specs } from '../oracle/random-specs.ts';
import { NaiveShard } from '../oracle/naive-shard.ts';
import {
  COMMANDS_TYPE,
  EXECUTIONS_TYPE,
  readCommandRecord,
  readExecutionRecord,
  TICK_TYPE,
} from './wire.ts';

const RUNS = 4_000;

/** What may be put in the place of a field; undefined takes the field away. */
const STRANGE: readonly unknown[] = [
  undefined,
  null,
  0,
  1,
  -1,
  1.5,
  60,
  61,
  86_400_000,
  86_400_001,
  5_000,
  5_001,
  9_999,
  10_000,
  1_000_001,
  4_294_967_295,
  4_294_967_296,
  2_147_483_647,
  2_147_483_648,
  2 ** 53,
  '',
  '0',
  '01',
  '-1',
  '1e3',
  '0.5',
  '9'.repeat(38),
  '9'.repeat(39),
  'BTC',
  'btc',
  'BTC-USD',
  'USD-BTC',
  'buy',
  'GTD',
  'IOC',
  'limit',
  'market',
  'none',
  'halted',
  'auction',
  'delisted',
  'quote',
  'tick',
  'cancel',
  'block_user',
  'trailing_stop',
  'same',
  'opposite',
  100,
  101,
  'stop_loss',
  'proceed',
  true,
  false,
  [],
  {},
];

/** Replaces the n-th leaf of a value, counted in depth first order. */
function replaceLeaf(value: unknown, at: { left: number }, put: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    at.left -= 1;
    return at.left === -1 ? put : value;
  }
  if (Array.isArray(value)) return value.map((each) => replaceLeaf(each, at, put));
  const entries = Object.entries(value).map(([name, each]) => [name, replaceLeaf(each, at, put)]);
  return Object.fromEntries(entries);
}

function recordOf(data: unknown, key: string | null, type: string | undefined) {
  const text = JSON.stringify(data) as string | undefined;
  const place = { topic: 'orders.accepted', partition: 0, offset: 0, timestampMs: 0 };
  const headers: Record<string, string> = type === undefined ? {} : { ce_type: type };
  return { ...place, key, headers, value: Buffer.from(text ?? '') };
}

const commandRecords = fc.array(specs, { minLength: 1, maxLength: 8 }).map((list) => {
  const shard = new NaiveShard();
  const maker = new CommandMaker(shard);
  const steps = list.map((spec) => maker.make(spec));
  const step = steps.findLast((each) => each.kind !== 'restore') ?? { kind: 'tick', timeMs: 1 };
  if (step.kind === 'tick') return recordOf(step, null, TICK_TYPE);
  return recordOf({ market: step.market, commands: [step.command] }, step.market, COMMANDS_TYPE);
});

test('the audit and the engine agree on which records can be carried out', () => {
  let poison = 0;
  const strange = fc.constantFrom(...STRANGE);
  const property = fc.property(commandRecords, fc.nat({ max: 60 }), strange, (record, at, put) => {
    const changed = replaceLeaf(JSON.parse(record.value.toString()), { left: at }, put);
    const altered = recordOf(changed, record.key, record.headers['ce_type']);
    expect(readInputRecord(record).kind).toBe(readCommandRecord(record).kind);
    expect(readCommandRecord(altered).kind).toBe(readInputRecord(altered).kind);
    if (readCommandRecord(altered).kind === 'poison') poison += 1;
  });
  fc.assert(property, { numRuns: RUNS });
  expect(poison).toBeGreaterThan(RUNS / 10);
  expect(poison).toBeLessThan(RUNS - RUNS / 10);
});

test.each([
  ['no type', recordOf({ kind: 'tick', timeMs: 1 }, null, undefined)],
  ['another type', recordOf({ kind: 'tick', timeMs: 1 }, null, EXECUTIONS_TYPE)],
  ['a tick that is a batch', recordOf({ market: 'BTC-USD', commands: [] }, null, TICK_TYPE)],
  ['an empty batch', recordOf({ market: 'BTC-USD', commands: [] }, 'BTC-USD', COMMANDS_TYPE)],
  ['no object', recordOf(null, null, COMMANDS_TYPE)],
  ['no data', recordOf(undefined, null, COMMANDS_TYPE)],
  ['no UTF-8', { ...recordOf(1, null, TICK_TYPE), value: Buffer.from([0xff, 0xfe]) }],
  ['a field too many', recordOf({ kind: 'tick', timeMs: 1, more: 1 }, null, TICK_TYPE)],
])('both set aside a record with %s', (_name, record) => {
  expect(readInputRecord(record).kind).toBe('poison');
  expect(readCommandRecord(record).kind).toBe('poison');
});

test('the audit reads an execution record as the schema does, or not at all', () => {
  const opened = {
    kind: 'opened',
    sequence: 7,
    timeMs: 1,
    orderId: 'ord_0000000000000001',
    userId: 'usr_0000000000000001',
    side: 'buy',
    priceTicks: 5,
    remainingLots: 9,
  };
  const record = {
    market: 'BTC-USD',
    base: 'BTC',
    quote: 'USD',
    feePolicy: 'received',
    epoch: 1,
    firstSequence: 7,
    lastSequence: 7,
    events: [opened],
    depth: [['buy', 5, 9]],
  };
  expect(executionsSchema.parse(record)).toEqual(record);
  const readOf = (...outputs: readonly object[]) =>
    readExecutionRecord(recordOf({ outputs }, null, EXECUTIONS_TYPE));
  expect(readOf(record)).toEqual([record]);
  expect(readOf(record, record)).toEqual([record, record]);
  expect(readOf()).toBeNull();
  for (const broken of [
    { ...record, epoch: 0 },
    { ...record, depth: [['buy', 5]] },
    { market: 'A' },
  ]) {
    expect(readOf(record, broken)).toBeNull();
  }
});
