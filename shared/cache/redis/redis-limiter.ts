// The limiter in Redis: one script, one round trip, the same count for every process.
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { TerminalError } from '../../domain/failure.ts';
import {
  BAN_AFTER_REFUSED,
  BAN_MS_MAX,
  BAN_MS_MIN,
  BAN_REMEMBERED_MS,
  type Limiter,
  type LimitReading,
  type LimitWindow,
} from '../limiter.ts';
import { OutageBreaker } from './outage-breaker.ts';
import { asCacheFailure, isOutage } from './redis-failure.ts';
import { RedisLink, type RedisLinkOptions } from './redis-link.ts';

/** The library builds a key as `<prefix>:<subject>`; the script takes it apart again. */
const GUARDED = 'limits:guarded:';
const PLAIN = 'limits:plain:';
/** What the script answers instead of a count to who is banned. */
const BANNED = -1;

/**
 * The library's own script, with bans: it is given points, seconds and the allowance. The keys of
 * bans are made here, which a cluster of Redis would not allow; ours is one server. Every limiter
 * of a connection shares the script, so the prefix says whether it bans.
 */
const COUNT_AND_BAN = `
local subject = string.match(KEYS[1], '^${GUARDED}[%l_]+:(.+)$')
if subject then
  local left = redis.call('pttl', 'limits:ban:' .. subject)
  if left > 0 then return { ${BANNED}, left } end
end
redis.call('set', KEYS[1], 0, 'EX', ARGV[2], 'NX')
local consumed = redis.call('incrby', KEYS[1], ARGV[1])
local ttl = redis.call('pttl', KEYS[1])
if ttl < 0 then
  redis.call('expire', KEYS[1], ARGV[2])
  ttl = 1000 * ARGV[2]
end
if subject and consumed > ARGV[3] * ${1 + BAN_AFTER_REFUSED} then
  local counter = 'limits:strikes:' .. subject
  local strikes = redis.call('incr', counter)
  local ms = math.min(${BAN_MS_MIN} * 2 ^ (math.min(strikes, 32) - 1), ${BAN_MS_MAX})
  redis.call('pexpire', counter, string.format('%d', ms + ${BAN_REMEMBERED_MS}))
  redis.call('set', 'limits:ban:' .. subject, strikes, 'PX', string.format('%d', ms))
  redis.call('del', KEYS[1])
  return { ${BANNED}, ms }
end
return { consumed, ttl }
`;

export class RedisLimiter implements Limiter {
  readonly #link: RedisLink;
  readonly #breaker: OutageBreaker;
  readonly #counts = new Map<LimitWindow, RateLimiterRedis>();
  #isClosed = false;

  constructor(options: RedisLinkOptions) {
    this.#link = new RedisLink(options);
    this.#breaker = new OutageBreaker({
      isOutage,
      probe: () => this.#link.redis.ping(),
      onChange: (isOpen) => {
        const facts = { name: options.applicationName };
        if (isOpen) options.log.warn(facts, 'limits: Redis is away, this process counts alone');
        else options.log.info(facts, 'limits: Redis counts again');
      },
    });
  }

  async consume(window: LimitWindow, subject: string, points: number): Promise<LimitReading> {
    if (this.#isClosed) throw new TerminalError('the limiter is closed');
    const count = this.#countOf(window);
    try {
      const used = await this.#breaker.execute(() => count.penalty(subject, points));
      const resetsInMs = Math.max(1, used.msBeforeNext);
      if (used.consumedPoints !== BANNED) {
        return { consumed: used.consumedPoints, resetsInMs, bannedForMs: 0 };
      }
      return { consumed: 0, resetsInMs, bannedForMs: resetsInMs };
    } catch (error) {
      throw asCacheFailure(error);
    }
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#breaker.close();
    this.#link.close();
    return Promise.resolve();
  }

  #countOf(window: LimitWindow): RateLimiterRedis {
    const known = this.#counts.get(window);
    if (known !== undefined) return known;
    const made = new RateLimiterRedis({
      storeClient: this.#link.redis,
      keyPrefix: `${window.bans ? GUARDED : PLAIN}${window.name}`,
      points: window.points,
      duration: window.seconds,
      // Nobody waits for the first connection: what comes before it is counted by the caller.
      rejectIfRedisNotReady: true,
      customIncrTtlLuaScript: COUNT_AND_BAN,
    });
    this.#counts.set(window, made);
    return made;
  }
}
