// The generated pages: the same every time, complete, and made of schemas that a validator takes.
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../shared/domain/rejection.ts';
import { EVENTS, TOPICS } from '../../shared/events/catalog.ts';
import { hostable } from '../../shared/function/hostable.ts';
import { sampleDeps, sampleFunction } from '../../shared/function/testing/sample.ts';
import { buildAsyncApi } from './asyncapi.ts';
import { buildOpenApi } from '../../functions/api/document/openapi.ts';
import { buildPages } from './pages.ts';

const { facts } = hostable(sampleFunction(sampleDeps()));

/** Every value under a key of this name, wherever it stands. */
function valuesOf(key: string, at: unknown): unknown[] {
  if (typeof at !== 'object' || at === null) return [];
  return Object.entries(at).flatMap(([name, value]) => [
    ...(name === key ? [value as unknown] : []),
    ...valuesOf(key, value),
  ]);
}

function resolve(reference: string, document: unknown): unknown {
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document);
}

describe('generated pages', () => {
  it('are the same every time', async () => {
    expect(await buildPages([facts])).toEqual(await buildPages([facts]));
  });

  it('are refused when two functions answer the same route', async () => {
    await expect(buildPages([facts, facts])).rejects.toThrow('two functions answer');
  });

  it('point only at what is there', () => {
    for (const document of [buildOpenApi([facts]), buildAsyncApi()]) {
      const references = valuesOf('$ref', document) as string[];
      expect(references.length).toBeGreaterThan(0);
      for (const reference of references) expect(resolve(reference, document)).toBeDefined();
    }
  });

  it('hold schemas that a validator takes', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const openApi = buildOpenApi([facts]);
    const schemas = [...valuesOf('schema', openApi), ...valuesOf('payload', buildAsyncApi())];
    expect(schemas.length).toBeGreaterThan(10);
    for (const schema of schemas) {
      const document = { ...(schema as object), components: openApi['components'] };
      expect(() => ajv.compile(document)).not.toThrow();
    }
  });

  it('list every route with its parameters, its body, its answers and its refusals', () => {
    const { paths } = buildOpenApi([facts]) as { paths: Record<string, Record<string, unknown>> };
    for (const route of facts.routes) {
      expect(paths[route.path]?.[route.method.toLowerCase()]).toBeDefined();
    }
    expect(paths['/v1/notes/{id}']?.['get']).toMatchObject({
      operationId: 'getNotesById',
      parameters: [
        { name: 'id', in: 'path', required: true },
        { name: 'view', in: 'query', required: false },
      ],
    });
    expect(paths['/v1/notes']?.['post']).toMatchObject({
      requestBody: { content: { 'application/json': { schema: { additionalProperties: false } } } },
      responses: { 201: {}, 400: {}, 413: {}, 415: {}, 503: {} },
    });
    expect(paths['/v1/me']?.['get']).toMatchObject({
      security: [
        { bearer: ['read'] },
        { apiKey: ['read'], apiKeyTimestamp: [], apiKeySignature: [] },
        { apiKey: ['read'], apiKeyTimestamp: [], apiKeySignature: [], apiKeyWindow: [] },
      ],
      'x-quota': 'read',
      'x-weight': 1,
      'x-step-up': false,
      'x-body-bytes-max': 65_536,
      responses: {
        200: { headers: { RateLimit: {}, 'RateLimit-Policy': {} } },
        ...{ 401: {}, 418: {}, 429: {} },
      },
    });
    expect(paths['/v1/notes/{id}']?.['delete']).toMatchObject({
      responses: {
        404: { $ref: '#/components/responses/ORDER_NOT_FOUND' },
        431: { $ref: '#/components/responses/UNPARSED_431' },
      },
    });
  });

  it('list every topic and event, and who sends and receives', () => {
    const document = buildAsyncApi() as Record<string, Record<string, unknown>>;
    expect(Object.keys(document['channels'] ?? {})).toEqual(Object.keys(TOPICS));
    for (const [name, event] of Object.entries(EVENTS)) {
      expect(document['operations']).toHaveProperty([`${event.producer}.send.${name}`]);
      for (const consumer of event.consumers) {
        expect(document['operations']).toHaveProperty([`${consumer}.receive.${name}`]);
      }
    }
  });

  it('tell every code', async () => {
    const pages = await buildPages([facts]);
    const errors = pages.find((page) => page.path === 'docs/errors.md')?.text ?? '';
    for (const code of Object.keys(ERROR_CODES)) expect(errors).toContain(`\`${code}\``);
  });
});
