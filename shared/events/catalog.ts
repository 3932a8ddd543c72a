// Every event that crosses a process boundary, described once. AsyncAPI, topic provisioning and the
// check of the manifests' sources are derived from this table.
import type { z } from 'zod';
import { clockTickedSchema, commandsAcceptedSchema } from './commands.ts';
import { executedSchema } from './executions.ts';
import { mailRequestedSchema } from './mail.ts';
import { marketHandedOverSchema, marketTakenOverSchema } from './market-moves.ts';

/** CloudEvents asks for a reverse-DNS prefix of the type. */
export const EVENT_TYPE_PREFIX = 'dev.bourse.exchange.';

export interface TopicFacts {
  readonly name: string;
  /** `shard`: partition = the market's shard. `key`: partition by hash of the key. */
  readonly partitioning: 'shard' | 'key';
  readonly partitions: number;
  readonly retentionMs: number;
  readonly meaning: string;
}

const DAY_MS = 86_400_000;

/**
 * Negative retention keeps records for ever: the command log is what the books are rebuilt from.
 */
export const RETENTION_FOREVER_MS = -1;

export const TOPICS = {
  'orders.accepted': {
    name: 'orders.accepted',
    partitioning: 'shard',
    partitions: 1,
    retentionMs: RETENTION_FOREVER_MS,
    meaning: 'The command log: all that the engine is asked to do, one order per shard.',
  },
  'engine.executions': {
    name: 'engine.executions',
    partitioning: 'shard',
    partitions: 1,
    retentionMs: 30 * DAY_MS,
    meaning: 'What the engine did, one record for each input batch unless it would be too big.',
  },
  'mail.requested': {
    name: 'mail.requested',
    partitioning: 'key',
    partitions: 1,
    retentionMs: 2 * DAY_MS,
    meaning: 'Mails to be sent. Who gets them and what they hold is sealed.',
  },
  'dead-letters': {
    name: 'dead-letters',
    partitioning: 'key',
    partitions: 1,
    retentionMs: 90 * DAY_MS,
    meaning: 'Events that a consumer refused for good or could not take after all retries.',
  },
} as const satisfies Record<string, TopicFacts>;

export type TopicName = keyof typeof TOPICS;

export interface EventFacts {
  readonly type: string;
  readonly topic: TopicName;
  readonly schema: z.ZodType;
  /** What the record key is. */
  readonly key: 'market' | 'user' | 'none';
  readonly producer: string;
  readonly consumers: readonly string[];
  readonly meaning: string;
}

export const EVENTS = {
  commandsAccepted: {
    type: `${EVENT_TYPE_PREFIX}commands.accepted.v1`,
    topic: 'orders.accepted',
    schema: commandsAcceptedSchema,
    key: 'market',
    producer: 'orders',
    consumers: ['engine-daemon'],
    meaning: 'Commands for one market, accepted together.',
  },
  clockTicked: {
    type: `${EVENT_TYPE_PREFIX}clock.ticked.v1`,
    topic: 'orders.accepted',
    schema: clockTickedSchema,
    key: 'none',
    producer: 'engine-daemon',
    consumers: ['engine-daemon'],
    meaning: 'Time has passed; orders that expire do so now.',
  },
  marketHandedOver: {
    type: `${EVENT_TYPE_PREFIX}market.handed_over.v1`,
    topic: 'orders.accepted',
    schema: marketHandedOverSchema,
    key: 'market',
    producer: 'markets',
    consumers: ['engine-daemon'],
    meaning: 'A market leaves this shard: its engine publishes its state to the new one.',
  },
  marketTakenOver: {
    type: `${EVENT_TYPE_PREFIX}market.taken_over.v1`,
    topic: 'orders.accepted',
    schema: marketTakenOverSchema,
    key: 'market',
    producer: 'engine-daemon',
    consumers: ['engine-daemon'],
    meaning: 'A piece of the state of a market that has moved here; with the last one it goes on.',
  },
  executions: {
    type: `${EVENT_TYPE_PREFIX}engine.executed.v1`,
    topic: 'engine.executions',
    schema: executedSchema,
    key: 'none',
    producer: 'engine-daemon',
    consumers: ['settlement', 'orders', 'market-data'],
    meaning: 'Trades, openings, endings and amendments, in the sequence of each market.',
  },
  mailRequested: {
    type: `${EVENT_TYPE_PREFIX}mail.requested.v1`,
    topic: 'mail.requested',
    schema: mailRequestedSchema,
    key: 'user',
    producer: 'users',
    consumers: ['notifications'],
    meaning: 'A user is to be told something by mail.',
  },
} as const satisfies Record<string, EventFacts>;

export type EventName = keyof typeof EVENTS;
