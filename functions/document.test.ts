// The OpenAPI document of all functions: its schemas compile, its examples fit them, and each route
// tells how it refuses.
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { buildOpenApi } from './api/document/openapi.ts';
import { answerOf, endpointsOf, type Document, type MediaType } from './api/page/document.ts';
import { functions } from './main.ts';

const document = buildOpenApi(functions.map(({ facts }) => facts)) as unknown as Document;
const { components } = document;
const endpoints = document.tags.flatMap(({ name }) => endpointsOf(document, name));
const ajv = new Ajv2020({ strict: false, validateFormats: false });

/** Schemas of problems are alike: one compiled for each text. */
const compiled = new Map<string, ReturnType<Ajv2020['compile']>>();

function faultsOf({ schema, examples = {} }: MediaType): unknown[] {
  const text = JSON.stringify(schema);
  const fits = compiled.get(text) ?? ajv.compile({ ...schema, components });
  compiled.set(text, fits);
  return Object.entries(examples).flatMap(([name, example]) => {
    const value = '$ref' in example ? components.examples[name]?.value : example.value;
    return fits(value) ? [] : [{ name, value, errors: fits.errors }];
  });
}

describe.each(endpoints)('$method $path', ({ operation }) => {
  const answers = Object.entries(operation.responses).map(
    ([status, answer]) => [status, answerOf(document, answer)] as const,
  );

  it('has examples that fit, of what it takes and of each answer', () => {
    const contents = [operation.requestBody, ...answers.map(([, answer]) => answer)];
    const media = contents.flatMap((each) => Object.values(each?.content ?? {}));
    expect(media.length).toBeGreaterThan(0);
    for (const each of media) {
      expect(Object.keys(each.examples ?? {}).length).toBeGreaterThan(0);
      expect(faultsOf(each)).toEqual([]);
    }
  });

  it('tells what any route may be refused with', () => {
    const statuses = answers.map(([status]) => status);
    const always = ['400', '408', '413', '415', '429', '431', '500', '503'];
    expect(statuses).toEqual(expect.arrayContaining(always));
  });
});

it('names each operation once', () => {
  const ids = endpoints.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^(get|post|put|patch|delete)[A-Za-z0-9]+$/);
});
