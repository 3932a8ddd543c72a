// Reads a Redis URL: `redis://user:password@host:port/database`, `rediss://` for TLS.
import { TerminalError } from '../../domain/failure.ts';

const PORT_DEFAULT = 6_379;
/** Redis itself has no end to them; nobody configures more. */
const DATABASE_MAX = 999;

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly username: string | null;
  readonly password: string | null;
  readonly isTls: boolean;
}

/** Throws TerminalError that does not repeat the URL, because it may hold a password. */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  const database = /^\/?([0-9]{0,3})$/.exec(url?.pathname ?? 'none')?.[1];
  const isRedis = url?.protocol === 'redis:' || url?.protocol === 'rediss:';
  const isPlain = url !== null && url.hostname !== '' && url.search === '' && url.hash === '';
  if (!isRedis || !isPlain || database === undefined || Number(database) > DATABASE_MAX) {
    throw new TerminalError('a Redis URL is redis[s]://[user:password@]host[:port][/database]');
  }
  return {
    // A literal IPv6 address stands in brackets in a URL and nowhere else.
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? PORT_DEFAULT : Number(url.port),
    database: Number(database),
    username: url.username === '' ? null : decodeURIComponent(url.username),
    password: url.password === '' ? null : decodeURIComponent(url.password),
    isTls: url.protocol === 'rediss:',
  };
}
