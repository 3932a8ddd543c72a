// The OpenAPI document as the page reads it: typed as far as that goes, with references resolved.
import type { JsonSchema } from '../document/json-schema.ts';

export interface Example {
  readonly summary?: string;
  readonly value?: unknown;
}

export interface MediaType {
  readonly schema: JsonSchema;
  readonly examples?: Readonly<Record<string, Example | Reference>>;
}

export interface Answer {
  readonly description: string;
  readonly content?: Readonly<Record<string, MediaType>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, MediaType>> };
  readonly responses: Readonly<Record<string, Answer | Reference>>;
  readonly 'x-body-bytes-max': number;
}

export interface Reference {
  readonly $ref: string;
}

export interface Scheme {
  readonly description: string;
  readonly name?: string;
}

export interface Document {
  readonly info: { readonly title: string; readonly summary: string; readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, Scheme>>;
    readonly examples: Readonly<Record<string, Example>>;
    readonly responses: Readonly<Record<string, Answer>>;
  };
}

export interface Endpoint {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function endpointsOf({ paths }: Document, tag: string): readonly Endpoint[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, operation]) => operation.tags.includes(tag))
      .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

export function answerOf({ components }: Document, answer: Answer | Reference): Answer {
  if (!('$ref' in answer)) return answer;
  const name = answer.$ref.slice(answer.$ref.lastIndexOf('/') + 1);
  const found = components.responses[name];
  if (found === undefined) throw new Error(`${answer.$ref} leads nowhere`);
  return found;
}
