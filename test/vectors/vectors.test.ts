// Every vector against the engine and against the naive book; and the vectors themselves are
// judged: their format, their names, and that a wrong expectation does not pass.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { executionEventSchema, type ExecutionEvent } from '../../shared/events/executions.ts';
import { EngineSubject } from '../oracle/engine-subject.ts';
import { NaiveSubject } from '../oracle/twin.ts';
import { expandVector, type WholeVector } from './expand-vector.ts';
import { expectedOf, playVector } from './play-vector.ts';
import { readVectors } from './read-vectors.ts';
import { vectorSchema } from './vector-format.ts';

const VECTORS_MIN = 800;

const files = readVectors();

const subjects = [
  ['the engine', () => new EngineSubject()],
  ['the naive book', () => new NaiveSubject()],
] as const;

describe.each(subjects)('%s', (_name, makeSubject) => {
  it.each(files)('$path: $vector.title', ({ whole }) => {
    expect(playVector(makeSubject(), whole)).toEqual(expectedOf(whole));
  });
});

const spec = readFileSync(new URL('../../docs/engine.md', import.meta.url), 'utf8');

describe('the vectors', () => {
  it('are many, and each has a name and a title of its own', () => {
    expect(files.length).toBeGreaterThanOrEqual(VECTORS_MIN);
    expect(new Set(files.map(({ id }) => id)).size).toBe(files.length);
    expect(new Set(files.map(({ vector }) => vector.title)).size).toBe(files.length);
    for (const { path } of files) expect(path).toMatch(/^[a-z-]+\/[a-z0-9-]+\.json$/);
  });

  it('do not set the same scene for the same commands twice', () => {
    const scenes = files.map(({ whole }) =>
      JSON.stringify([whole.given, whole.steps.map(({ command }) => command)]),
    );
    expect(new Set(scenes).size).toBe(files.length);
  });
});

it('docs/conformance-vectors.md shows a vector as it is', () => {
  const page = readFileSync(new URL('../../docs/conformance-vectors.md', import.meta.url), 'utf8');
  const [, path, json = ''] =
    /`test\/vectors\/([a-z/-]+\.json)`[^`]*```json\n(.*?)```/s.exec(page) ?? [];
  const file = files.find((each) => each.path === path);
  expect(vectorSchema.parse(JSON.parse(json))).toEqual(file?.vector);
});

describe('the vectors and docs/engine.md', () => {
  it('agree on the names of its sections', () => {
    const headings = [...spec.matchAll(/^##+ (.*)$/gm)].map(([, text = '']) => text.toLowerCase());
    const sources = files.flatMap(({ vector }) => vector.source);
    const sections = sources
      .filter((source) => source.startsWith('docs/engine.md'))
      .map((source) => /^docs\/engine\.md, ([a-z_ ]+?)( \(|,|$)/.exec(source)?.[1] ?? source);
    const isKnown = (name: string): boolean =>
      headings.some((heading) => heading === name || heading.startsWith(`${name},`));
    expect(sections.length).toBeGreaterThanOrEqual(VECTORS_MIN);
    expect(sections.filter((name) => !isKnown(name))).toEqual([]);
  });

  it('show every reason that it names', () => {
    const named = new Set(spec.match(/\b(ACCOUNT|COMMAND|DEADMAN|MARKET|ORDERS?)(_[A-Z]+)+\b/g));
    named.delete('COMMAND_WINDOW');
    const shown = new Set(
      files.flatMap(({ whole }) =>
        whole.steps.flatMap(({ events }) =>
          events.map((event) => ('reason' in event ? event.reason : null)),
        ),
      ),
    );
    expect([...named].filter((reason) => !shown.has(reason))).toEqual([]);
  });

  it('show every kind of event', () => {
    const kinds = files.flatMap(({ whole }) => whole.steps.flatMap(({ events }) => events));
    const shown = new Set<string>(kinds.map(({ kind }) => kind));
    const all = executionEventSchema.options.map(({ shape }) => shape.kind.value);
    expect(all.filter((kind) => !shown.has(kind))).toEqual([]);
  });
});

describe('the format', () => {
  const sample = {
    title: 'A tick of a market without orders does nothing.',
    feature: 'Determinism',
    source: ['docs/engine.md, each command'],
    given: { eventKinds: ['configured'] },
    steps: [{ when: { kind: 'tick', timeMs: 5 }, then: [] }],
  };

  it('takes a vector that says only what it must', () => {
    expect(expandVector(vectorSchema.parse(sample)).given).toHaveLength(1);
  });

  it.each([
    ['an unknown key', { ...sample, extra: 1 }],
    ['an unknown key in given', { ...sample, given: { ...sample.given, extra: 1 } }],
    ['an unknown key in a step', { ...sample, steps: [{ ...sample.steps[0], extra: 1 }] }],
    ['an unknown feature', { ...sample, feature: 'Teleportation' }],
    ['no source', { ...sample, source: [] }],
    ['a command without a kind', { ...sample, steps: [{ when: {}, then: [] }] }],
  ])('refuses %s', (_what, broken) => {
    expect(vectorSchema.safeParse(broken).success).toBe(false);
  });

  it.each([
    ['a command with an unknown key', { kind: 'tick', timeMs: 5, extra: 1 }, []],
    ['a command of an unknown kind', { kind: 'teleport', number: 2 }, []],
    ['a command without its number', { kind: 'cancel', userNumber: 1, orderNumber: 2 }, []],
    ['an event with an unknown key', { kind: 'tick', timeMs: 5 }, [{ kind: 'ended', extra: 1 }]],
    ['an event with a missing key', { kind: 'tick', timeMs: 5 }, [{ kind: 'opened' }]],
  ])('refuses %s', (_what, when, then) => {
    const vector = vectorSchema.parse({ ...sample, steps: [{ when, then }] });
    expect(() => expandVector(vector)).toThrow();
  });
});

describe('a wrong expectation', () => {
  const subject = (): EngineSubject => new EngineSubject();

  it('does not pass, whichever field of whichever event is wrong', () => {
    let corrupted = 0;
    for (const { path, whole } of files) {
      const outcome = playVector(subject(), whole);
      for (const wrong of corruptionsOf(whole)) {
        corrupted += 1;
        expect(outcome, path).not.toEqual(expectedOf(wrong));
      }
    }
    expect(corrupted).toBeGreaterThan(files.length);
  });

  it('does not pass when an event is missing, too many or in another place', () => {
    for (const { path, whole } of files) {
      const outcome = playVector(subject(), whole);
      for (const [at, { events }] of whole.steps.entries()) {
        const [first] = events;
        if (first === undefined) continue;
        expect(outcome, path).not.toEqual(expectedOf(withEvents(whole, at, events.slice(1))));
        expect(outcome, path).not.toEqual(expectedOf(withEvents(whole, at, [first, ...events])));
        if (events.length === 1) continue;
        const moved = [...events.slice(1), first];
        expect(outcome, path).not.toEqual(expectedOf(withEvents(whole, at, moved)));
      }
    }
  });

  it('does not pass when the book before, the depth or the book after is wrong', () => {
    for (const { path, whole } of files) {
      const outcome = playVector(subject(), whole);
      const given = { ...whole, givenKinds: [...whole.givenKinds, 'opened'] };
      expect(outcome, path).not.toEqual(expectedOf(given));
      const line = ['buy', 7, 7] as const;
      const steps = whole.steps.map((step) => ({ ...step, depth: [...(step.depth ?? []), line] }));
      expect(outcome, path).not.toEqual(expectedOf({ ...whole, steps }));
      const order = { orderId: 777, priceTicks: 7, remainingLots: 7 };
      const book = whole.book ?? { buys: [], sells: [], waiting: [] };
      const after = { ...whole, book: { ...book, sells: [...book.sells, order] } };
      expect(outcome, path).not.toEqual(expectedOf(after));
    }
  });
});

function withEvents(
  whole: WholeVector,
  at: number,
  events: readonly ExecutionEvent[],
): WholeVector {
  const steps = whole.steps.map((step, index) => (index === at ? { ...step, events } : step));
  return { ...whole, steps };
}

/** The vector with one field of one event altered, for each field of each event. */
function* corruptionsOf(whole: WholeVector): Generator<WholeVector> {
  for (const [at, { events }] of whole.steps.entries()) {
    for (const [index, event] of events.entries()) {
      for (const [key, value] of Object.entries(event)) {
        const wrong = { ...event, [key]: alter(value) };
        yield withEvents(whole, at, events.with(index, wrong));
      }
    }
  }
}

function alter(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return `${value}1`;
  if (typeof value !== 'object' || value === null) return 'ORDER_EXPIRED';
  const [[key, first] = ['', null]] = Object.entries(value);
  return { ...value, [key]: alter(first) };
}
