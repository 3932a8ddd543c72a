// The command line of `npm run dev`.
import { describe, expect, it } from 'vitest';
import { FlagError, parseFlags } from './flags.ts';

describe('the flags', () => {
  it.each([
    [['--prot', '1'], '--prot'],
    [['--port', '0'], 'not a port'],
    [['--port', '65534'], 'not a port'],
    [['--port', 'x'], 'not a port'],
    [['--only', 'orders,'], 'empty name'],
    [['--shards', '0'], 'not a number of engines'],
    [['--shards', '65'], 'not a number of engines'],
    [['--log-level', 'loud'], 'not one of'],
    [['--redis', 'localhost:6379'], 'redis://'],
    [['orders'], 'orders'],
    [['--kafka', 'a:1', '--reset'], '--reset-topics'],
    [['--reset', '--reset-topics'], 'is for --kafka'],
  ])('refuse %j', (args, message) => {
    expect(() => parseFlags(args)).toThrow(FlagError);
    expect(() => parseFlags(args)).toThrow(message);
  });

  it('have defaults', () => {
    expect(parseFlags([])).toEqual({
      help: false,
      only: null,
      port: 8080,
      dataDir: '.bourse',
      shards: null,
      redisUrl: null,
      reset: false,
      kafka: null,
      resetTopics: false,
      productionLimits: false,
      watch: true,
      logLevel: 'info',
    });
  });

  it('are read', () => {
    const args = ['--only', 'orders, fees', '--port', '9000', '--data-dir', 'x', '--no-watch'];
    const shards = ['--shards', '2'];
    const servers = [
      '--redis',
      'redis://localhost',
      '--kafka',
      'a:1,b:2',
      '--reset',
      '--reset-topics',
    ];
    expect(parseFlags([...args, ...shards, ...servers])).toMatchObject({
      kafka: 'a:1,b:2',
      reset: true,
      resetTopics: true,
      only: ['orders', 'fees'],
      port: 9000,
      dataDir: 'x',
      shards: 2,
      redisUrl: 'redis://localhost',
      watch: false,
    });
  });
});
