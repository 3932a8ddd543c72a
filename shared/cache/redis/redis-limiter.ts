// The limiter in Redis: one script, the same count for every process. Who is far from the end of
// an allowance is let in at once, and Redis told a little later; others wait until it has counted.
// What is counted within a moment travels together: a command of its own costs a busy process more
// than what it is about.
import type { Redis } from 'ioredis';
import { RetryableError, TerminalError } from '../../domain/failure.ts';
import {
  BAN_AFTER_REFUSED,
  BAN_MS_MAX,
  BAN_MS_MIN,
  BAN_REMEMBERED_MS,
  type Limiter,
  type LimitReading,
  type LimitWindow,
} from '../limiter.ts';
import { Batcher } from '../../function/batcher.ts';
import { LimitAdvances, type Count } from './limit-advances.ts';
import { OutageBreaker } from './outage-breaker.ts';
import { asCacheFailure, isOutage } from './redis-failure.ts';
import { RedisLink, type RedisLinkOptions } from './redis-link.ts';

/** Keys are `<prefix>:<window>:<subject>`; the script takes them apart again. */
const GUARDED = 'limits:guarded:';
const PLAIN = 'limits:plain:';
/** What the script answers instead of a count to who is banned. */
const BANNED = -1;

/** How long a count that is waited for waits for others. */
const GATHER_MS = 2;
/** How long Redis does not know of what was granted in advance. */
const TELL_MS = 50;
/** Counts that travel at once, and as many that were granted. */
const COUNTS_MAX = 200;

/**
 * For each key come points, seconds and the allowance; each answers two numbers. The keys of bans
 * are made here, which a cluster of Redis would not allow; ours is one server.
 */
const COUNT_AND_BAN = `
local function count(key, points, seconds, allowance)
  local subject = string.match(key, '^${GUARDED}[%l_]+:(.+)$')
  if subject then
    local left = redis.call('pttl', 'limits:ban:' .. subject)
    if left > 0 then return ${BANNED}, left end
  end
  redis.call('set', key, 0, 'EX', seconds, 'NX')
  local consumed = redis.call('incrby', key, points)
  local ttl = redis.call('pttl', key)
  if ttl < 0 then
    redis.call('expire', key, seconds)
    ttl = 1000 * seconds
  end
  if subject and consumed > allowance * ${1 + BAN_AFTER_REFUSED} then
    local counter = 'limits:strikes:' .. subject
    local strikes = redis.call('incr', counter)
    local ms = math.min(${BAN_MS_MIN} * 2 ^ (math.min(strikes, 32) - 1), ${BAN_MS_MAX})
    redis.call('pexpire', counter, string.format('%d', ms + ${BAN_REMEMBERED_MS}))
    redis.call('set', 'limits:ban:' .. subject, strikes, 'PX', string.format('%d', ms))
    redis.call('del', key)
    return ${BANNED}, ms
  end
  return consumed, ttl
end
local answers = {}
for at, key in ipairs(KEYS) do
  local argument = 3 * (at - 1)
  answers[2 * at - 1], answers[2 * at] =
    count(key, ARGV[argument + 1], ARGV[argument + 2], ARGV[argument + 3])
end
return answers
`;

/** `defineCommand` adds it to the client: sent by its hash, and whole to a server that forgot it. */
type CountAndBan = (keys: number, ...rest: (string | number)[]) => Promise<readonly number[]>;

export class RedisLimiter implements Limiter {
  readonly #link: RedisLink;
  readonly #breaker: OutageBreaker;
  readonly #counts: Batcher<Count, LimitReading>;
  readonly #advances = new LimitAdvances();
  #telling: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: RedisLinkOptions) {
    this.#link = new RedisLink(options);
    this.#link.redis.defineCommand('countAndBan', { lua: COUNT_AND_BAN });
    this.#breaker = new OutageBreaker({
      isOutage,
      probe: () => this.#link.redis.ping(),
      onChange: (isOpen) => {
        const facts = { name: options.applicationName };
        if (isOpen) options.log.warn(facts, 'limits: Redis is away, this process counts alone');
        else options.log.info(facts, 'limits: Redis counts again');
      },
    });
    this.#counts = new Batcher({
      batchMax: COUNTS_MAX,
      lingerMs: GATHER_MS,
      // What is under way in a process is bounded by its slots.
      queueMax: Infinity,
      parallel: Infinity,
      run: (counts) => this.#send(counts),
    });
  }

  consume(window: LimitWindow, subject: string, points: number): Promise<LimitReading> {
    if (this.#isClosed) return Promise.reject(new TerminalError('the limiter is closed'));
    if (this.#breaker.isOpen) return Promise.reject(new RetryableError('the cache is away'));
    const key = `${window.bans ? GUARDED : PLAIN}${window.name}:${subject}`;
    const count = { key, window, points };
    const granted = this.#advances.grant(count);
    if (granted === null) return this.#counts.submitOrThrow(count);
    this.#telling ??= setTimeout(() => void this.#tell(), TELL_MS);
    return Promise.resolve(granted);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const sent = Promise.all([this.#counts.close(), this.#tell()]);
    this.#breaker.close();
    this.#link.close();
    await sent;
  }

  /** A failure is told to whoever asks next: what was granted and not counted leaves no advance. */
  async #tell(): Promise<void> {
    if (this.#telling !== null) clearTimeout(this.#telling);
    this.#telling = null;
    try {
      while (this.#advances.isOwing) await this.#send([]);
    } catch {
      // The breaker has seen it.
    }
  }

  /** What was granted goes first, so that who asks hears of it. */
  async #send(asked: readonly Count[]): Promise<readonly LimitReading[]> {
    const owed = this.#advances.takeOwed(COUNTS_MAX);
    const counts = [...owed, ...asked];
    const keys = counts.map(({ key }) => key);
    const rest = counts.flatMap(({ points, window }) => [points, window.seconds, window.points]);
    const redis = this.#link.redis as Redis & { countAndBan: CountAndBan };
    try {
      const answers = await this.#breaker.execute(() =>
        redis.countAndBan(keys.length, ...keys, ...rest),
      );
      const readings = counts.map((_, at) =>
        readingOf(answers[2 * at] ?? 0, answers[2 * at + 1] ?? 0),
      );
      owed.forEach((each, at) => this.#advances.learnOwed(each, readings[at] as LimitReading));
      const heard = readings.slice(owed.length);
      asked.forEach((each, at) => this.#advances.learn(each, heard[at] as LimitReading));
      return heard;
    } catch (error) {
      throw asCacheFailure(error);
    }
  }
}

function readingOf(consumed: number, ms: number): LimitReading {
  const resetsInMs = Math.max(1, ms);
  return consumed === BANNED
    ? { consumed: 0, resetsInMs, bannedForMs: resetsInMs }
    : { consumed, resetsInMs, bannedForMs: 0 };
}
