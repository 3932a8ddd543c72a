// A function that shows every behaviour of the host: what its routes do, the tests decide.
import { z } from 'zod';
import { RetryableError, TerminalError } from '../../domain/failure.ts';
import { reject } from '../../domain/rejection.ts';
import type { Executed } from '../../events/executions.ts';
import { open, reads } from '../../policy/policy.ts';
import { defineFunction, onEvent, route, type DeliveredEvent } from '../definition.ts';

export interface SampleDeps {
  ready: boolean;
  closed: boolean;
  /** Opening waits here. */
  connected: Promise<void>;
  /** Requests to /v1/held wait here; tests put in a promise of theirs. */
  held: Promise<void>;
  /** Called when a request has reached /v1/held. */
  onHeld: () => void;
  onEvent: (event: DeliveredEvent<Executed>) => Promise<void>;
  readonly events: DeliveredEvent<Executed>[];
}

export function sampleDeps(): SampleDeps {
  return {
    ready: true,
    closed: false,
    connected: Promise.resolve(),
    held: Promise.resolve(),
    onHeld: () => undefined,
    onEvent: () => Promise.resolve(),
    events: [],
  };
}

export const SAMPLE_BODY_BYTES_MAX = 1_024;

const noteSchema = z.strictObject({
  text: z.string().max(100),
  count: z.int().optional(),
  side: z.enum(['buy', 'sell']).optional(),
  parts: z.array(z.strictObject({ price: z.string().regex(/^[0-9]+$/) })).optional(),
});

/** A fresh definition for deps that the test keeps in its hands. */
export function sampleFunction(deps: SampleDeps) {
  return defineFunction<SampleDeps>({
    name: 'sample',
    routes: [
      route({
        method: 'POST',
        path: '/v1/notes',
        policy: open({ bodyBytesMax: SAMPLE_BODY_BYTES_MAX }),
        summary: 'Echoes a note.',
        body: noteSchema,
        answers: { 201: noteSchema },
        refusals: [],
        handle: (request) => Promise.resolve({ status: 201, body: request.body }),
      }),
      route({
        method: 'GET',
        path: '/v1/notes/{id}',
        policy: open(),
        summary: 'Says how it was asked.',
        params: z.strictObject({ id: z.string().regex(/^[a-z/ ]+$/) }),
        query: z.strictObject({ view: z.string().optional() }),
        answers: { 200: z.unknown() },
        refusals: [],
        handle: ({ params, query, requestId, traceparent }) =>
          Promise.resolve({
            status: 200,
            headers: { 'x-seen': 'yes' },
            body: { id: params.id, view: query.view ?? null, requestId, traceparent },
          }),
      }),
      route({
        method: 'DELETE',
        path: '/v1/notes/{id}',
        policy: open(),
        summary: 'Refuses.',
        answers: {},
        refusals: ['ORDER_NOT_FOUND'],
        handle: () => Promise.resolve(reject('ORDER_NOT_FOUND')),
      }),
      route({
        method: 'POST',
        path: '/v1/raw',
        policy: open(),
        summary: 'Takes any bytes.',
        answers: { 200: z.unknown() },
        refusals: [],
        handle: ({ rawBody }) =>
          Promise.resolve({ status: 200, body: { bytes: rawBody.toString('hex') } }),
      }),
      route({
        method: 'GET',
        path: '/v1/me',
        policy: reads(),
        summary: 'Says who is asking.',
        answers: { 200: z.strictObject({ userId: z.string() }) },
        refusals: [],
        handle: ({ caller }) =>
          Promise.resolve({ status: 200, body: { userId: caller?.userId ?? '' } }),
      }),
      route({
        method: 'POST',
        path: '/v1/held',
        policy: open(),
        summary: 'Waits for the test.',
        answers: { 200: z.unknown() },
        refusals: [],
        handle: async () => {
          deps.onHeld();
          await deps.held;
          return { status: 200, body: { held: true } };
        },
      }),
      ...failingRoutes(),
    ],
    events: [
      onEvent('executions', async (event) => {
        await deps.onEvent(event);
        deps.events.push(event);
      }),
    ],
    connect: async () => {
      await deps.connected;
      return deps;
    },
    close: () => {
      deps.closed = true;
      return Promise.resolve();
    },
    isReady: () => Promise.resolve(deps.ready),
  });
}

function failingRoutes() {
  const failing = (path: string, error: () => unknown) =>
    route<SampleDeps>({
      method: 'GET',
      path,
      policy: open(),
      summary: 'Fails.',
      answers: { 200: z.unknown() },
      refusals: [],
      handle: () =>
        Promise.resolve().then(() => {
          throw error();
        }),
    });
  return [
    failing('/v1/fail/retryable', () => new RetryableError('the database is away')),
    failing('/v1/fail/terminal', () => new TerminalError('never')),
    failing('/v1/fail/other', () => new Error('password=hunter2')),
    route<SampleDeps>({
      method: 'GET',
      path: '/v1/fail/later',
      policy: open(),
      summary: 'Leaves a rejection that nobody handles.',
      answers: { 200: z.unknown() },
      refusals: [],
      handle: () => {
        setImmediate(() => void Promise.reject(new Error('nobody is listening')));
        return Promise.resolve({ status: 200, body: {} });
      },
    }),
    route<SampleDeps>({
      method: 'GET',
      path: '/v1/fail/bigint',
      policy: open(),
      summary: 'Answers what JSON cannot say.',
      answers: { 200: z.unknown() },
      refusals: [],
      handle: () => Promise.resolve({ status: 200, body: { amount: 1n } }),
    }),
  ];
}

/** Data of a valid `executions` event. */
export const SAMPLE_EXECUTIONS = {
  outputs: [
    {
      market: 'BTC-USD',
      base: 'BTC',
      quote: 'USD',
      feePolicy: 'received',
      epoch: 1,
      firstSequence: 1,
      lastSequence: 1,
      events: [{ kind: 'configured', sequence: 1, timeMs: 0, version: 1, status: 'trading' }],
      depth: [],
    },
  ],
};
