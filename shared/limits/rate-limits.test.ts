// Allowances counted in memory: bursts, steady use, who shares a count with whom, bans, headers.
import { describe, expect, it } from 'vitest';
import { BAN_MS_MAX, BAN_MS_MIN, banMsOf } from '../cache/limiter.ts';
import { MemoryLimiter } from '../cache/memory/memory-limiter.ts';
import type { Caller } from '../domain/caller.ts';
import { RetryableError } from '../domain/failure.ts';
import { sessionCaller } from '../function/testing/session-caller.ts';
import { cancels, open, reads, signsIn, trades } from '../policy/policy.ts';
import { readLimit, readPolicy } from './testing/structured-fields.ts';
import { makeWindows } from './quotas.ts';
import { RateLimits } from './rate-limits.ts';

const ORDER_POINTS = 1_200;
const PUBLIC_POINTS = 600;
const ALICE = sessionCaller(1);
const BOB = sessionCaller(2);

function keyOf(userNumber: number, credentialId: string): Caller {
  return { ...sessionCaller(userNumber), kind: 'key', credentialId };
}

function limits(nowMs: () => number = Date.now): RateLimits {
  return new RateLimits({
    windows: makeWindows(1),
    limiter: new MemoryLimiter(nowMs),
    insurance: new MemoryLimiter(nowMs),
    nowMs,
  });
}

/** Asks as often as is said; how many were let in, and the codes of the others. */
async function ask(times: number, admit: () => ReturnType<RateLimits['admitCaller']>) {
  let admitted = 0;
  const codes = new Set<string>();
  for (let at = 0; at < times; at += 1) {
    const { refused } = await admit();
    if (refused === null) admitted += 1;
    else codes.add(refused.code);
  }
  return { admitted, codes: [...codes] };
}

describe('C20 allowances', () => {
  it('a burst is let in up to the allowance, and not one more', async () => {
    const edge = limits();
    const burst = await Promise.all(
      Array.from({ length: ORDER_POINTS + 50 }, () => edge.admitCaller(trades(), ALICE)),
    );
    expect(burst.filter(({ refused }) => refused === null)).toHaveLength(ORDER_POINTS);
    const refused = burst.at(-1)?.refused;
    expect(refused).toMatchObject({ code: 'RATE_LIMITED', violatedPolicies: ['order'] });
    expect(refused?.retryAfterSeconds).toBeGreaterThan(0);
    expect(refused?.retryAfterSeconds).toBeLessThanOrEqual(10);
  });

  it('a heavy request takes its weight', async () => {
    const edge = limits();
    const heavy = await ask(121, () => edge.admitCaller(trades({ weight: 10 }), ALICE));
    expect(heavy).toEqual({ admitted: 120, codes: ['RATE_LIMITED'] });
    expect((await edge.admitCaller(trades(), ALICE)).refused?.code).toBe('RATE_LIMITED');
  });

  it('each quota and each user has a count of its own: cancels flow while orders do not', async () => {
    const edge = limits();
    await ask(ORDER_POINTS + 1, () => edge.admitCaller(trades(), ALICE));
    expect(await ask(ORDER_POINTS, () => edge.admitCaller(cancels(), ALICE))).toMatchObject({
      admitted: ORDER_POINTS,
    });
    expect((await edge.admitCaller(reads(), ALICE)).refused).toBeNull();
    expect((await edge.admitCaller(trades(), BOB)).refused).toBeNull();
  });

  it('many keys of one user share what the user has', async () => {
    const edge = limits();
    let admitted = 0;
    for (let at = 0; at < ORDER_POINTS + 100; at += 1) {
      const { refused } = await edge.admitCaller(trades(), keyOf(1, `key_${at % 7}`));
      if (refused === null) admitted += 1;
    }
    expect(admitted).toBe(ORDER_POINTS);
    expect((await edge.admitCaller(trades(), ALICE)).refused?.code).toBe('RATE_LIMITED');
  });

  it('one key leaves a quarter to the rest of its user', async () => {
    const edge = limits();
    const wild = await ask(950, () => edge.admitCaller(trades(), keyOf(1, 'key_1')));
    expect(wild.admitted).toBe(900);
    const { refused, headers } = await edge.admitCaller(trades(), keyOf(1, 'key_1'));
    expect(refused?.violatedPolicies).toEqual(['order_key']);
    expect(readPolicy(headers?.['ratelimit-policy'])).toEqual([
      { name: 'order', q: 1_200, w: 10 },
      { name: 'order_key', q: 900, w: 10 },
    ]);
    expect((await edge.admitCaller(trades(), ALICE)).refused).toBeNull();
  });

  it('staff and users of one number are not one', async () => {
    const edge = limits();
    await ask(ORDER_POINTS + 1, () => edge.admitCaller(trades(), ALICE));
    const staff: Caller = { ...ALICE, kind: 'staff' };
    expect((await edge.admitCaller(trades(), staff)).refused).toBeNull();
  });

  it('an address is limited, however many there are of it in one /64', async () => {
    const edge = limits();
    const one = await ask(PUBLIC_POINTS + 5, () => edge.admitAddress(open(), '1.2.3.4'));
    expect(one.admitted).toBe(PUBLIC_POINTS);
    expect((await edge.admitAddress(open(), '1.2.3.5')).refused).toBeNull();
    let host = 0;
    const subnet = await ask(PUBLIC_POINTS + 5, () => {
      host += 1;
      return edge.admitAddress(open(), `2001:db8:0:1:${host.toString(16)}::1`);
    });
    expect(subnet.admitted).toBe(PUBLIC_POINTS);
    expect((await edge.admitAddress(open(), '2001:db8:0:2::1')).refused).toBeNull();
  });

  it('many addresses of one user share what the user has: the address is not looked at', async () => {
    // admitCaller is not told an address at all; a session that moves about gains nothing.
    const edge = limits();
    const moving = await ask(ORDER_POINTS + 1, () =>
      edge.admitCaller(trades(), { ...ALICE, credentialId: `ses_${Math.random()}` }),
    );
    expect(moving.admitted).toBe(ORDER_POINTS);
  });

  it('refused credentials close an address before another is looked at', async () => {
    const edge = limits();
    for (let at = 0; at < 600; at += 1) expect(await edge.noteFailure('1.2.3.4')).toBeNull();
    expect(edge.refuseSuspect('1.2.3.4')).toBeNull();
    expect((await edge.noteFailure('1.2.3.4'))?.code).toBe('RATE_LIMITED');
    expect(edge.refuseSuspect('1.2.3.4')?.code).toBe('RATE_LIMITED');
    expect(edge.refuseSuspect('1.2.3.5')).toBeNull();
  });
});

describe('C20 bans', () => {
  it('are for who goes on, get longer, and end', async () => {
    let nowMs = 1_000_000;
    const edge = limits(() => nowMs);
    const admit = () => edge.admitAddress(signsIn(), '1.2.3.4');
    const first = await ask(20 * 11, admit);
    expect(first).toEqual({ admitted: 20, codes: ['RATE_LIMITED'] });
    for (const bannedMs of [BAN_MS_MIN, 2 * BAN_MS_MIN, 4 * BAN_MS_MIN]) {
      expect((await ask(20 * 11 + 1, admit)).codes).toContain('ADDRESS_BANNED');
      const { refused, headers } = await admit();
      expect(refused).toMatchObject({
        code: 'ADDRESS_BANNED',
        retryAfterSeconds: bannedMs / 1_000,
      });
      expect(headers).toBeNull();
      nowMs += bannedMs - 1;
      expect((await admit()).refused?.code).toBe('ADDRESS_BANNED');
      nowMs += 1;
      expect((await admit()).refused).toBeNull();
    }
  });

  it('hold for all quotas but cancel, and for nobody else', async () => {
    const edge = limits();
    await ask(ORDER_POINTS * 11 + 1, () => edge.admitCaller(trades(), ALICE));
    expect((await edge.admitCaller(reads(), ALICE)).refused?.code).toBe('ADDRESS_BANNED');
    expect((await edge.admitCaller(cancels(), ALICE)).refused).toBeNull();
    expect((await edge.admitCaller(reads(), BOB)).refused).toBeNull();
  });

  it('are never for cancels', async () => {
    const edge = limits();
    const storm = await ask(2_400 * 12, () => edge.admitCaller(cancels(), ALICE));
    expect(storm).toEqual({ admitted: 2_400, codes: ['RATE_LIMITED'] });
    expect((await edge.admitCaller(trades(), ALICE)).refused).toBeNull();
  });

  it('double from two minutes to three days', () => {
    expect([1, 2, 3].map(banMsOf)).toEqual([120_000, 240_000, 480_000]);
    expect([13, 14, 1_000].map(banMsOf)).toEqual([BAN_MS_MAX, BAN_MS_MAX, BAN_MS_MAX]);
  });
});

describe('C21 what is told of an allowance', () => {
  it('r falls to 0 and not below, t is at most w', async () => {
    const edge = limits();
    for (let used = 1; used <= PUBLIC_POINTS + 30; used += 1) {
      const { headers } = await edge.admitAddress(open(), '1.2.3.4');
      expect(headers?.['ratelimit-policy']).toBe('"public";q=600;w=10');
      const [limit] = readLimit(headers?.ratelimit);
      expect(limit).toMatchObject({ name: 'public', r: Math.max(0, PUBLIC_POINTS - used) });
      expect(limit?.t).toBeGreaterThan(0);
      expect(limit?.t).toBeLessThanOrEqual(10);
    }
  });
});

describe('while nobody counts for all', () => {
  it('each process grants a quarter, and says so', async () => {
    const edge = new RateLimits({
      windows: makeWindows(1),
      limiter: {
        consume: () => Promise.reject(new RetryableError('away')),
        close: () => Promise.resolve(),
      },
      insurance: new MemoryLimiter(),
    });
    const alone = await ask(ORDER_POINTS, () => edge.admitCaller(trades(), ALICE));
    expect(alone.admitted).toBe(ORDER_POINTS / 4);
    const { headers } = await edge.admitCaller(trades(), ALICE);
    expect(readPolicy(headers?.['ratelimit-policy'])).toEqual([{ name: 'order', q: 300, w: 10 }]);
  });
});

describe('memory', () => {
  it('forgets all subjects rather than keep more than it may', async () => {
    const limiter = new MemoryLimiter(Date.now, 100);
    const window = { name: 'public', points: 1, seconds: 60, bans: true };
    for (let at = 0; at < 100; at += 1) await limiter.consume(window, `a:${at}`, 1);
    expect((await limiter.consume(window, 'a:0', 1)).consumed).toBe(1);
  });
});
