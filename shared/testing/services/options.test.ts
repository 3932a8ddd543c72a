// The command line of `npm run services`.
import { describe, expect, it } from 'vitest';
import { readFlags, UsageError } from './options.ts';

const none = { kafkaVersion: undefined, engine: undefined };

describe('the command line', () => {
  it.each([
    [['--only', 'mysql']],
    [['--only', 'kafka,kafka']],
    [['--only', '']],
    [['--kafka-version', '4']],
    [['--engine', 'docker']],
    [['--port', '1']],
    [['extra']],
  ])('refuses %s', (args) => {
    expect(() => readFlags(args, none)).toThrow(UsageError);
  });

  it('refuses what the environment has wrong', () => {
    expect(() => readFlags([], { ...none, engine: 'podman' })).toThrow(UsageError);
    expect(() => readFlags([], { ...none, kafkaVersion: 'newest' })).toThrow(UsageError);
  });

  it('starts everything by default', () => {
    expect(readFlags([], none)).toEqual({
      names: ['kafka', 'redis', 'postgres'],
      dataDir: '.bourse-services',
      kafkaVersion: '3.9.1',
      engine: 'auto',
    });
  });

  it('prefers a flag to the environment', () => {
    const defaults = { kafkaVersion: '4.1.0', engine: 'container' };
    expect(readFlags(['--only', 'redis,kafka'], defaults)).toMatchObject({
      names: ['kafka', 'redis'],
      kafkaVersion: '4.1.0',
      engine: 'container',
    });
    const flags = ['--kafka-version', '3.9.1', '--engine', 'process'];
    expect(readFlags(flags, defaults)).toMatchObject({ kafkaVersion: '3.9.1', engine: 'process' });
  });

  it('answers nothing when help is asked for', () => {
    expect(readFlags(['--help', '--engine', 'docker'], none)).toBeNull();
  });
});
