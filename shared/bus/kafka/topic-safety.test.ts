// Which topics are refused, and in which words.
import { describe, expect, it } from 'vitest';
import { findFaults, safeSettings } from './topic-safety.ts';

const PRODUCTION = { replicationMin: 3, inSyncMin: 2 };
const LAPTOP = { replicationMin: 1, inSyncMin: 1 };

function topic(replication: number, settings: Readonly<Record<string, string>> = {}) {
  const all = { 'min.insync.replicas': '2', 'cleanup.policy': 'delete', ...settings };
  return {
    name: 'orders.accepted',
    partitions: 1,
    replication,
    settings: new Map(Object.entries(all)),
  };
}

describe('a topic', () => {
  it.each([
    [topic(2), PRODUCTION, 'has 2 copies, not the 3 demanded'],
    [topic(3, { 'min.insync.replicas': '1' }), PRODUCTION, 'min.insync.replicas=1, not the 2'],
    [topic(1), LAPTOP, 'min.insync.replicas=2, more than its 1 copies'],
    [topic(3, { 'unclean.leader.election.enable': 'true' }), PRODUCTION, 'election.enable=true'],
    [topic(3, { 'cleanup.policy': 'compact' }), PRODUCTION, 'cleanup.policy=compact, not delete'],
    [topic(3, { 'cleanup.policy': 'compact,delete' }), LAPTOP, 'cleanup.policy=compact,delete'],
  ])('is refused: %#', (state, demands, words) => {
    const faults = findFaults(state, demands);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(words);
  });

  it('is refused for all its faults at once', () => {
    const worst = topic(1, { 'min.insync.replicas': '1', 'cleanup.policy': 'compact' });
    expect(findFaults(worst, PRODUCTION)).toHaveLength(3);
  });

  it('that we create ourselves is taken, and so is a safer one', () => {
    const settings = Object.fromEntries(
      safeSettings(PRODUCTION).map(({ name, value }) => [name, value]),
    );
    expect(findFaults(topic(3, settings), PRODUCTION)).toEqual([]);
    expect(findFaults(topic(5, { 'min.insync.replicas': '3' }), PRODUCTION)).toEqual([]);
    expect(findFaults(topic(1, { 'min.insync.replicas': '1' }), LAPTOP)).toEqual([]);
  });
});
