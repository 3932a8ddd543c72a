// What stands between a topic as it is and as it shall be: what may be changed, and what may not.
import type { TopicSpec } from '../bus.ts';
import { findFaults, type TopicDemands, type TopicState } from './topic-safety.ts';

/** How long and how much a topic keeps: all that is ever changed of one that is there. */
const RETENTION = 'retention.ms';
const RETENTION_BYTES = 'retention.bytes';
export const RETENTION_SETTINGS = [RETENTION, RETENTION_BYTES] as const;

export type TopicChange =
  | { readonly kind: 'create' }
  | { readonly kind: 'grow'; readonly from: number; readonly to: number }
  | {
      readonly kind: 'retain';
      readonly setting: string;
      readonly from: string;
      readonly to: string;
    };

export interface TopicPlan {
  readonly spec: TopicSpec;
  readonly changes: readonly TopicChange[];
  /** In words: what nobody but an operator may change. Nothing is done while there is one. */
  readonly refusals: readonly string[];
}

/** `state` is null for a topic that is not there. */
export function planTopic(
  spec: TopicSpec,
  state: TopicState | null,
  demands: TopicDemands,
): TopicPlan {
  if (state === null) return { spec, changes: [{ kind: 'create' }], refusals: [] };
  const { name, partitions } = state;
  const changes: TopicChange[] = [];
  const faults = findFaults(state, demands);
  const refusals = faults.length === 0 ? [] : [`unsafe topics: ${faults.join('; ')}`];
  if (partitions > spec.partitions) {
    refusals.push(
      `topic ${name} has ${partitions} partitions and cannot shrink to ${spec.partitions}`,
    );
  }
  if (partitions < spec.partitions) {
    changes.push({ kind: 'grow', from: partitions, to: spec.partitions });
  }
  for (const { name: setting, value: to } of retentionSettings(spec)) {
    const from = state.settings.get(setting) ?? '';
    if (from !== to) changes.push({ kind: 'retain', setting, from, to });
  }
  return { spec, changes, refusals };
}

/** Time alone decides: a bound of bytes would delete commands. */
export function retentionSettings({ retentionMs }: TopicSpec): { name: string; value: string }[] {
  return [
    { name: RETENTION, value: String(retentionMs) },
    { name: RETENTION_BYTES, value: '-1' },
  ];
}
