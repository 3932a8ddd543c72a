// The command line: everything that is not quite right is refused.
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../config/environment.ts';
import { readOptions, UsageError } from './options.ts';

const KAFKA = { BUS_URL: 'kafka://one:9092,two:9092' };

describe('the options', () => {
  it.each([
    [['burn'], KAFKA, 'no command burn'],
    [['check', 'orders.accepted'], KAFKA, 'check takes no orders.accepted'],
    [['apply', '--force'], KAFKA, "Unknown option '--force'"],
    [['apply'], {}, 'BUS_URL must name a Kafka cluster'],
    [['check'], { BUS_URL: 'postgres://user:geheim@db/bourse' }, 'BUS_URL must name'],
  ])('refuse %j with %j', (args, source, words) => {
    expect(() => readOptions(args, source)).toThrow(UsageError);
    expect(() => readOptions(args, source)).toThrow(words);
    expect(() => readOptions(args, source)).not.toThrow('geheim');
  });

  it.each(['0', '1025', 'two', '-1', '1.5'])('refuse %s shards', (SHARDS) => {
    expect(() => readOptions(['list'], { SHARDS })).toThrow(ConfigError);
  });

  it('are null when help is wanted, or nothing is', () => {
    expect(readOptions([], {})).toBeNull();
    expect(readOptions(['apply', '--help'], {})).toBeNull();
  });

  it('name the cluster, but for list, which asks none', () => {
    expect(readOptions(['list'], {})).toEqual({ command: 'list', shards: 1, busUrl: null });
    const four = { ...KAFKA, SHARDS: '4' };
    expect(readOptions(['check'], four)).toEqual({
      command: 'check',
      shards: 4,
      busUrl: KAFKA.BUS_URL,
    });
  });
});
