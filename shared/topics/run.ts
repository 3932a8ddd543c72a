// What each command of `npm run topics` does, in lines for an operator.
import type { TopicSpec } from '../bus/bus.ts';
import type { TopicChange, TopicPlan } from '../bus/kafka/topic-plan.ts';
import type { KafkaSettings } from '../config/kafka-config.ts';
import { TerminalError } from '../domain/failure.ts';

export const EXIT_FINE = 0;
export const EXIT_DIFFERS = 1;
export const EXIT_NOT_ASKED = 2;

export interface Outcome {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

/** A Kafka cluster, as far as topics go. */
export interface TopicKeeper {
  compareTopics(topics: readonly TopicSpec[]): Promise<TopicPlan[]>;
  applyTopics(topics: readonly TopicSpec[]): Promise<TopicPlan[]>;
}

export function listTopics(topics: readonly TopicSpec[], settings: KafkaSettings): Outcome {
  const { topicPrefix, replicationMin, inSyncMin } = settings;
  const copies = `${count(replicationMin, 'copy', 'copies')}, ${inSyncMin} in sync`;
  const lines = topics.map(({ name, partitions, retentionMs }) => {
    const what = [count(partitions, 'partition'), copies, `kept ${describeRetention(retentionMs)}`];
    return `${topicPrefix}${name}  ${what.join(', ')}`;
  });
  return { lines, exitCode: EXIT_FINE };
}

export async function checkTopics(
  keeper: TopicKeeper,
  topics: readonly TopicSpec[],
): Promise<Outcome> {
  const plans = await keeper.compareTopics(topics);
  const isFine = plans.every((plan) => isDone(plan));
  return {
    lines: plans.flatMap((plan) => describePlan(plan, FAULTS)),
    exitCode: isFine ? EXIT_FINE : EXIT_DIFFERS,
  };
}

export async function applyTopics(
  keeper: TopicKeeper,
  topics: readonly TopicSpec[],
): Promise<Outcome> {
  try {
    const plans = await keeper.applyTopics(topics);
    return { lines: plans.flatMap((plan) => describePlan(plan, DONE)), exitCode: EXIT_FINE };
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error;
    return { lines: [`refused: ${error.message}`], exitCode: EXIT_DIFFERS };
  }
}

type Words = (change: TopicChange) => string;

const FAULTS: Words = (change) => {
  if (change.kind === 'create') return 'missing';
  return change.kind === 'grow'
    ? `has ${count(change.from, 'partition')}, not ${change.to}`
    : `has ${change.setting}=${change.from}, not ${change.to}`;
};

const DONE: Words = (change) => {
  if (change.kind === 'create') return 'created';
  return change.kind === 'grow'
    ? `grown from ${count(change.from, 'partition')} to ${change.to}`
    : `${change.setting} changed from ${change.from} to ${change.to}`;
};

function isDone({ changes, refusals }: TopicPlan): boolean {
  return changes.length === 0 && refusals.length === 0;
}

function describePlan(plan: TopicPlan, words: Words): string[] {
  const { name } = plan.spec;
  if (isDone(plan)) return [`${name}  as it must be`];
  return [
    ...plan.refusals.map((refusal) => `${name}  refused: ${refusal}`),
    ...plan.changes.map((change) => `${name}  ${words(change)}`),
  ];
}

const DAY_MS = 86_400_000;

function describeRetention(retentionMs: number): string {
  return retentionMs < 0 ? 'for ever' : `for ${count(retentionMs / DAY_MS, 'day')}`;
}

function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}
