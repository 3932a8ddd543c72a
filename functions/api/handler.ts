// Tells how to use the exchange: the OpenAPI document, and a page made of it. Both are made when
// the process starts, of the very routes that its image has, so that they cannot be out of date.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  defineFunction,
  route,
  type FunctionDefinition,
  type HandlerResponse,
} from '../../shared/function/definition.ts';
import type { FunctionFacts } from '../../shared/function/hostable.ts';
import { buildOpenApi } from './document/openapi.ts';
import { buildPage } from './page/page.ts';
import { pagePolicy } from './page/style.ts';
import { documentAnswer, noQuery, pageAnswer } from './schema.ts';

const HTML = 'text/html; charset=utf-8';

/** A deployment changes it; until it is asked for again nothing breaks. */
const KEPT_SECONDS = 300;

export interface ApiDeps {
  readonly document: Served;
  readonly page: Served;
}

interface Served {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

const ABOUT = {
  method: 'GET',
  query: noQuery,
  headers: ['If-None-Match'],
  refusals: [],
} as const;

const routes = [
  route({
    ...ABOUT,
    path: '/v1/openapi.json',
    summary: 'This document: OpenAPI 3.1.',
    answers: { 200: documentAnswer, 304: z.undefined() },
    handle: ({ headers }, { document }: ApiDeps) => Promise.resolve(serve(document, headers)),
  }),
  route({
    ...ABOUT,
    path: '/docs',
    summary: 'This document as a page to read.',
    contentType: 'text/html',
    answers: { 200: pageAnswer, 304: z.undefined() },
    handle: ({ headers }, { page }: ApiDeps) => Promise.resolve(serve(page, headers)),
  }),
];

/** `all` functions, this one among them: asked for when the process starts. */
export function defineApi(all: () => readonly FunctionFacts[]): FunctionDefinition<ApiDeps> {
  return defineFunction<ApiDeps>({
    name: 'api',
    routes,
    events: [],
    connect: () => Promise.resolve(makeServed(all())),
    close: () => Promise.resolve(),
    isReady: () => Promise.resolve(true),
  });
}

/** For `connect`, and for tests. */
export function makeServed(functions: readonly FunctionFacts[]): ApiDeps {
  const document = buildOpenApi(functions);
  const page = buildPage(document);
  return {
    document: served(JSON.stringify(document), { 'content-type': 'application/json' }),
    page: served(page, { 'content-type': HTML, 'content-security-policy': pagePolicy() }),
  };
}

function served(text: string, own: Readonly<Record<string, string>>): Served {
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  const headers = { ...own, etag, 'cache-control': `public, max-age=${KEPT_SECONDS}` };
  return { text, headers };
}

/** 304 has the headers that 200 would have, but those of a body (RFC 9110). */
function serve(what: Served, asked: Readonly<Record<string, string>>): HandlerResponse {
  const etag = what.headers['etag'] ?? '';
  const has = asked['if-none-match']?.split(',').map((each) => each.trim().replace(/^W\//, ''));
  if (has === undefined || !(has.includes(etag) || has.includes('*'))) {
    return { status: 200, headers: what.headers, text: what.text };
  }
  const headers = Object.entries(what.headers).filter(([name]) => name !== 'content-type');
  return { status: 304, headers: Object.fromEntries(headers) };
}
