import { describe, expect, it } from 'vitest';
import { randomHex } from './random-hex.ts';
import { childTrace, formatTraceparent, parseTraceparent } from './trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('traceparent', () => {
  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['a zero trace id', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a zero span id', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['more than version 00 has', `00-${TRACE}-${SPAN}-01-extra`],
    ['a short span id', `00-${TRACE}-abc-01`],
    ['an endless text', `01-${TRACE}-${SPAN}-01-${'a'.repeat(1_000)}`],
  ])('ignores %s', (_name, text) => {
    expect(parseTraceparent(text)).toBeNull();
  });

  it('keeps trace and flags, and names a span of its own', () => {
    const child = childTrace(parseTraceparent(`00-${TRACE}-${SPAN}-01`));
    expect(formatTraceparent(child)).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    expect(child.spanId).not.toBe(SPAN);
  });

  it('takes a later version with more fields', () => {
    expect(parseTraceparent(`01-${TRACE}-${SPAN}-00-more`)?.traceId).toBe(TRACE);
  });

  it('begins a trace of its own when there is none', () => {
    const [one, two] = [childTrace(null), childTrace(null)];
    expect(parseTraceparent(formatTraceparent(one))).toEqual(one);
    expect(one.traceId).not.toBe(two.traceId);
  });

  it('draws no random text twice, across refills of the pool', () => {
    const drawn = new Set(Array.from({ length: 5_000 }, () => randomHex(8)));
    expect(drawn.size).toBe(5_000);
  });
});
