// What was revoked, as one process knows it: in order, bounded, and not believed when it is old.
import { describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../telemetry/logger.ts';
import type { Revocation } from './identity-store.ts';
import { KEPT_MS, RevocationList, STALE_MS } from './revocation-list.ts';

const SESSION = 'ses_0000000000000001';
const ALICE = { kind: 'session', credentialId: SESSION, userNumber: 1 } as const;

function world() {
  const rows: Revocation[] = [];
  const state = { nowMs: 0, fails: false, blocked: [] as number[], running: 0, runningMost: 0 };
  const revoked: string[] = [];
  const answer = async <Value>(value: () => Value): Promise<Value> => {
    state.running += 1;
    state.runningMost = Math.max(state.runningMost, state.running);
    await Promise.resolve();
    state.running -= 1;
    if (state.fails) throw new Error('the database is away');
    return value();
  };
  const list = new RevocationList({
    store: {
      revocationsAfter: (after, limit) =>
        answer(() => rows.filter((row) => row.revocationNumber > after).slice(0, limit)),
      revocationBefore: () => answer(() => 0),
      blockedUsers: () => answer(() => state.blocked),
    },
    log: silentLogger(),
    onRevoked: (credentialId) => revoked.push(credentialId),
    nowMs: () => state.nowMs,
  });
  const add = (change: Partial<Revocation>) =>
    rows.push({
      revocationNumber: rows.length + 1,
      kind: 'credential',
      credentialId: null,
      userNumber: 1,
      ...change,
    });
  /** One reading, whatever the timer does. */
  const read = async () => {
    list.start();
    await list.stop();
  };
  return { list, state, revoked, add, read };
}

describe('nobody can be told from the revoked', () => {
  it('before the first load, and while that fails', async () => {
    const { list, state, read } = world();
    expect(list.isStale()).toBe(true);
    state.fails = true;
    await read();
    expect(list.isStale()).toBe(true);
    state.fails = false;
    await read();
    expect(list.isStale()).toBe(false);
  });

  it('once nothing could be read for ten seconds, until something can', async () => {
    const { list, state, read } = world();
    await read();
    state.fails = true;
    state.nowMs = STALE_MS - 1;
    await read();
    expect(list.isStale()).toBe(false);
    state.nowMs = STALE_MS;
    expect(list.isStale()).toBe(true);
    state.fails = false;
    await read();
    expect(list.isStale()).toBe(false);
  });
});

describe('what was revoked', () => {
  it('is known after the next reading, once', async () => {
    const { list, add, read, revoked } = world();
    await read();
    expect(list.isRevoked(ALICE)).toBe(false);
    add({ credentialId: SESSION });
    await read();
    await read();
    expect(list.isRevoked(ALICE)).toBe(true);
    expect(list.isRevoked({ ...ALICE, credentialId: 'ses_0000000000000002' })).toBe(false);
    expect(revoked).toEqual([SESSION]);
  });

  it('holds for users until they are unblocked, whatever came first', async () => {
    const { list, state, add, read } = world();
    state.blocked = [1, 7];
    add({ kind: 'user_unblocked', userNumber: 1 });
    add({ kind: 'user_blocked', userNumber: 1 });
    await read();
    expect([list.isBlocked(1), list.isBlocked(7), list.isBlocked(2)]).toEqual([true, true, false]);
    add({ kind: 'user_unblocked', userNumber: 1 });
    await read();
    expect([list.isRevoked(ALICE), list.isBlocked(7)]).toEqual([false, true]);
    // Staff have numbers of their own.
    const user = { ...ALICE, userNumber: 7 };
    expect(list.isRevoked(user)).toBe(true);
    expect(list.isRevoked({ ...user, kind: 'staff' })).toBe(false);
  });

  it('is read to its end, however much it is', async () => {
    const { list, add, read } = world();
    for (let at = 1; at <= 12_000; at += 1) {
      add({ credentialId: `ses_${String(at).padStart(16, '0')}` });
    }
    await read();
    expect(list.size).toBe(12_000);
  });

  it('is forgotten when no token of it can be left, the oldest first', async () => {
    const { list, state, add, read } = world();
    add({ credentialId: SESSION });
    await read();
    state.nowMs = KEPT_MS - 1;
    add({ credentialId: 'ses_0000000000000002' });
    await read();
    expect(list.isRevoked(ALICE)).toBe(true);
    state.nowMs = KEPT_MS;
    await read();
    expect([list.isRevoked(ALICE), list.size]).toEqual([false, 1]);
  });
});

describe('reading', () => {
  it('goes on four times a second, one statement at a time, until it is stopped', async () => {
    vi.useFakeTimers();
    try {
      const { list, state, add } = world();
      list.start();
      await vi.advanceTimersByTimeAsync(1_000);
      add({ credentialId: SESSION });
      await vi.advanceTimersByTimeAsync(250);
      expect(list.isRevoked(ALICE)).toBe(true);
      expect(state.runningMost).toBe(1);
      await list.stop();
      add({ credentialId: 'ses_0000000000000002' });
      await vi.advanceTimersByTimeAsync(10_000);
      expect(list.size).toBe(1);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
