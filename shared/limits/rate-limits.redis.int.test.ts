// Allowances in a Redis of our own: one count for all processes, a quarter each while it is gone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../cache/contract/harness.ts';
import { BAN_MS_MIN } from '../cache/limiter.ts';
import { MemoryLimiter } from '../cache/memory/memory-limiter.ts';
import { openLimiter } from '../cache/open-limiter.ts';
import { collectingLog, type CollectedLog } from '../cache/testing/collecting-log.ts';
import { sessionCaller } from '../function/testing/session-caller.ts';
import { cancels, open, reads, signsIn, trades } from '../policy/policy.ts';
import { startRedis, type RedisServer } from '../testing/services/redis-server.ts';
import { readLimit, readPolicy } from './testing/structured-fields.ts';
import { makeWindows } from './quotas.ts';
import { RateLimits, type Admission } from './rate-limits.ts';

/** Of 1,200 points, what a process grants before Redis has counted it. */
const ADVANCE = 30;

let dir: string;
let server: RedisServer;
let log: CollectedLog;
let processes: RateLimits[];
let user = 0;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bourse-limits-'));
  server = await startRedis({ dir });
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  log = collectingLog();
  processes = [makeProcess(), makeProcess()];
  user += 1;
  await untilShared();
});
afterEach(async () => {
  await Promise.all(processes.map((each) => each.close()));
  await server.start();
});

function makeProcess(): RateLimits {
  const limiter = openLimiter({
    url: server.url,
    ca: undefined,
    applicationName: 'limits',
    log,
    // The machine may be busy; what is silent on purpose stays silent.
    commandTimeoutMs: 1_900,
  });
  return new RateLimits({ windows: makeWindows(1), limiter, insurance: new MemoryLimiter() });
}

function policyOf({ headers }: Admission): number | undefined {
  return readPolicy(headers?.['ratelimit-policy'])[0]?.q;
}

/** Both are connected, and count together. */
async function untilShared(): Promise<void> {
  for (const each of processes) {
    await eventually(async () => {
      expect(policyOf(await each.admitCaller(reads(), sessionCaller(999_999)))).toBe(1_200);
    });
  }
}

/** Asks both processes in turn, many at a time; how many were let in, and the codes of others. */
async function ask(times: number, admit: (process: RateLimits) => Promise<Admission>) {
  const answers = await Promise.all(
    Array.from({ length: times }, (_, at) => admit(processes[at % 2] as RateLimits)),
  );
  const codes = new Set(answers.flatMap(({ refused }) => (refused === null ? [] : [refused.code])));
  return { admitted: answers.filter(({ refused }) => refused === null).length, codes: [...codes] };
}

describe('C20 allowances of several processes', () => {
  it('a burst on both is one burst', async () => {
    const burst = await ask(1_300, (each) => each.admitCaller(trades(), sessionCaller(user)));
    expect(burst).toEqual({ admitted: 1_200, codes: ['RATE_LIMITED'] });
    const cancelled = await ask(1_200, (each) => each.admitCaller(cancels(), sessionCaller(user)));
    expect(cancelled.admitted).toBe(1_200);
  });

  it('what is asked within a moment travels together, and each hears of its own', async () => {
    const redis = new Redis(server.url);
    const scriptsRun = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1]);
    const before = await scriptsRun();
    const [one, other] = [sessionCaller(user * 1_000), sessionCaller(user * 1_000 + 1)];
    const admissions = await Promise.all(
      Array.from({ length: 100 }, (_, at) => {
        return (processes[0] as RateLimits).admitCaller(trades(), at % 4 === 0 ? one : other);
      }),
    );
    expect((await scriptsRun()) - before).toBeLessThanOrEqual(2);
    redis.disconnect();
    const left = admissions.map(({ headers }) => readLimit(headers?.ratelimit)[0]?.r);
    const ofOne = left.filter((_, at) => at % 4 === 0);
    expect(ofOne).toEqual(ofOne.map((_, at) => 1_199 - at));
    const ofOther = left.filter((_, at) => at % 4 !== 0);
    expect(ofOther).toEqual(ofOther.map((_, at) => 1_199 - at));
  });

  it('what is granted in advance is counted for all a moment later', async () => {
    const redis = new Redis(server.url);
    const caller = sessionCaller(user);
    const counted = () => redis.get(`limits:guarded:order:u:${user}`);
    await ask(2, (each) => each.admitCaller(trades(), caller));
    const used = Number(await counted());
    const atOnce = await ask(40, (each) => each.admitCaller(trades(), caller));
    expect(atOnce.admitted).toBe(40);
    await eventually(async () => expect(Number(await counted())).toBe(used + 40));
    redis.disconnect();
  });

  it('nobody gets more by it, however it is spread', async () => {
    const caller = sessionCaller(user);
    let admitted = 0;
    for (let burst = 0; burst < 70; burst += 1) {
      admitted += (await ask(20, (each) => each.admitCaller(trades(), caller))).admitted;
    }
    expect(admitted).toBe(1_200);
  });

  it('what is granted is counted before the process ends', async () => {
    const redis = new Redis(server.url);
    const caller = sessionCaller(user);
    await ask(2, (each) => each.admitCaller(trades(), caller));
    await ask(40, (each) => each.admitCaller(trades(), caller));
    await Promise.all(processes.map((each) => each.close()));
    expect(Number(await redis.get(`limits:guarded:order:u:${user}`))).toBe(42);
    redis.disconnect();
  });

  it('a /64 is one address for both', async () => {
    let host = 0;
    const burst = await ask(700, (each) => {
      host += 1;
      return each.admitAddress(open(), `2001:db8:0:${user.toString(16)}::${host.toString(16)}`);
    });
    expect(burst.admitted).toBe(600);
  });

  it('a ban by one is a ban by both, of all quotas but cancel', async () => {
    const address = `10.0.0.${user}`;
    const going = await ask(20 * 11 + 2, (each) => each.admitAddress(signsIn(), address));
    expect(going.admitted).toBe(20);
    expect(going.codes.sort()).toEqual(['ADDRESS_BANNED', 'RATE_LIMITED']);
    for (const each of processes) {
      const { refused } = await each.admitAddress(open(), address);
      expect(refused?.code).toBe('ADDRESS_BANNED');
      expect(refused?.retryAfterSeconds).toBeLessThanOrEqual(BAN_MS_MIN / 1_000);
      expect(refused?.retryAfterSeconds).toBeGreaterThan(60);
    }
    const caller = sessionCaller(user);
    await ask(1_200 * 11 + 2, (each) => each.admitCaller(trades(), caller));
    expect((await ask(2, (each) => each.admitCaller(reads(), caller))).codes).toEqual([
      'ADDRESS_BANNED',
    ]);
    expect((await ask(2, (each) => each.admitCaller(cancels(), caller))).admitted).toBe(2);
  });

  it('a storm of cancels is refused and never banned', async () => {
    const caller = sessionCaller(user);
    const storm = await ask(2_400 * 12, (each) => each.admitCaller(cancels(), caller));
    expect(storm.codes).toEqual(['RATE_LIMITED']);
    expect((await ask(2, (each) => each.admitCaller(trades(), caller))).admitted).toBe(2);
  });
});

describe('C20 a Redis that is gone', () => {
  it.each(['kill', 'SIGSTOP'] as const)('%s: each counts alone, and less', async (how) => {
    const caller = sessionCaller(user);
    expect((await ask(2, (each) => each.admitCaller(trades(), caller))).admitted).toBe(2);
    if (how === 'kill') await server.kill();
    else await server.signal(how);
    const alone = await ask(1_300, (each) => each.admitCaller(trades(), caller));
    // A quarter each, and what each grants in advance before it knows.
    expect(alone).toEqual({ admitted: 2 * (300 + ADVANCE), codes: ['RATE_LIMITED'] });
    expect((await ask(600, (each) => each.admitCaller(cancels(), caller))).admitted).toBe(600);
    if (how === 'kill') await server.start();
    else await server.signal('SIGCONT');
    await untilShared();
    expect(log.lines.every(({ level }) => level === 'warn' || level === 'info')).toBe(true);
  });
});
