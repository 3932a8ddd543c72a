// Our manifests against the real CRDs of Knative, closed against fields that they do not know. The
// CRDs are not ours to pass on: without them beside the checkout only the linter speaks.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import { parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import { listAt, textAt, valueAt } from '../manifests/document.ts';
import { loadManifests } from '../manifests/load.ts';
import { BASE_DIR } from '../testing/base-manifests.ts';

const CRDS_DIR = fileURLToPath(new URL('../../../shared/knative-crds/', import.meta.url));
const hasCrds = existsSync(CRDS_DIR);
/** Kinds of ours that a CRD describes; the others are Kubernetes', Gateway API's and Istio's. */
const DESCRIBED = ['Service', 'KafkaSource', 'KafkaSink'];

function readSchemas(): Map<string, object> {
  const schemas = new Map<string, object>();
  for (const file of readdirSync(CRDS_DIR)) {
    const text = readFileSync(CRDS_DIR + file, 'utf8');
    for (const parsed of [...parseAllDocuments(text)]) {
      const crd: unknown = parsed.toJS();
      const group = textAt(crd, ['spec', 'group']);
      const kind = textAt(crd, ['spec', 'names', 'kind']);
      for (const version of listAt(crd, ['spec', 'versions'])) {
        const schema = valueAt(version, ['schema', 'openAPIV3Schema']);
        const key = `${group ?? ''}/${textAt(version, ['name']) ?? ''} ${kind ?? ''}`;
        schemas.set(key, close(schema) as object);
      }
    }
  }
  return schemas;
}

/** The API server prunes unknown fields silently; here they are errors. */
function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== 'object' || schema === null) return schema;
  const closed = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, close(value)]),
  );
  const isOpen =
    closed['properties'] === undefined ||
    closed['additionalProperties'] !== undefined ||
    closed['x-kubernetes-preserve-unknown-fields'] === true;
  return isOpen ? closed : { ...closed, additionalProperties: false };
}

/** What every Kubernetes object has; some CRDs leave it out. */
function withObjectMeta(schema: object): object {
  const properties = valueAt(schema, ['properties']) as object;
  const head = { apiVersion: { type: 'string' }, kind: { type: 'string' } };
  return { ...schema, properties: { ...head, ...properties, metadata: { type: 'object' } } };
}

describe.skipIf(!hasCrds)('the manifests against the CRDs of Knative, where they are here', () => {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  const schemas = hasCrds ? readSchemas() : new Map<string, object>();
  const documents = loadManifests(BASE_DIR).filter(
    (document) => DESCRIBED.includes(document.kind) && document.apiVersion.includes('knative.dev/'),
  );

  function validator(key: string): ValidateFunction {
    const schema = schemas.get(key);
    if (schema === undefined) throw new Error(`no CRD for ${key}`);
    return ajv.compile(withObjectMeta(schema));
  }

  it.each(documents.map((document) => [document.kind, document.name, document] as const))(
    'accept the %s %s',
    (kind, _name, document) => {
      const validate = validator(`${document.apiVersion} ${kind}`);
      validate(document.body);
      expect(validate.errors ?? []).toEqual([]);
    },
  );

  it('refuse a field that they do not know', () => {
    const source = documents.find((document) => document.kind === 'KafkaSource');
    const validate = validator('sources.knative.dev/v1 KafkaSource');
    const body = structuredClone(source?.body) as { spec: Record<string, unknown> };
    body.spec['sinkk'] = {};
    expect(validate(body)).toBe(false);
  });
});
