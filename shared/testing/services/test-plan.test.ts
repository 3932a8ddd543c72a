// Which servers TEST_SERVICES asks for, and which files need them.
import { describe, expect, it } from 'vitest';
import { filesLeftOut, readTestPlan } from './test-plan.ts';

describe('the plan of a test run', () => {
  it.each([
    'kafka@3.9',
    'kafka@latest',
    'kafka@',
    'kafka=',
    'kafka=host',
    'kafka@3.9.1,kafka@3.9.1',
    'redis@7.0.15',
    'redis=localhost:6379',
    'redis,redis',
    'postgres@18',
    'mysql',
    'Kafka',
  ])('refuses %s', (text) => {
    expect(() => readTestPlan(text, undefined)).toThrow(/TEST_SERVICES|not a version/);
  });

  it('needs nothing when nothing is asked for', () => {
    const plan = readTestPlan(undefined, undefined);
    expect(plan).toEqual({ kafka: [], redis: null, postgres: false });
    expect(filesLeftOut(plan)).toEqual([
      '**/*.kafka.*test.ts',
      '**/*.redis.*test.ts',
      '**/*.long.test.ts',
    ]);
    expect(filesLeftOut(readTestPlan('redis', undefined))).toEqual(['**/*.kafka.*test.ts']);
  });

  it('starts each version that is named, and leaves no file out', () => {
    const plan = readTestPlan('kafka@3.9.1, kafka@4.1.0,redis,postgres', undefined);
    expect(plan).toEqual({
      kafka: [
        { version: '3.9.1', address: null },
        { version: '4.1.0', address: null },
      ],
      redis: { url: null },
      postgres: true,
    });
    expect(filesLeftOut(plan)).toEqual([]);
  });

  it('takes the version of KAFKA_VERSION where none is named', () => {
    expect(readTestPlan('kafka', undefined).kafka[0]?.version).toBe('3.9.1');
    expect(readTestPlan('kafka', '4.1.0').kafka[0]?.version).toBe('4.1.0');
    expect(() => readTestPlan('kafka', 'new')).toThrow('not a version');
  });

  it('uses servers that run already', () => {
    expect(readTestPlan('kafka=127.0.0.1:9092,redis=redis://127.0.0.1:6379', undefined)).toEqual({
      kafka: [{ version: 'given', address: '127.0.0.1:9092' }],
      redis: { url: 'redis://127.0.0.1:6379' },
      postgres: false,
    });
  });
});
