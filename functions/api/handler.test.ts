// What is served: the document and the page, kept by who has them, with a policy that lets the page
// load and run nothing.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { callFunction } from '../../shared/function/call.ts';
import { hostable } from '../../shared/function/hostable.ts';
import { sampleDeps, sampleFunction } from '../../shared/function/testing/sample.ts';
import { defineApi, makeServed } from './handler.ts';

const sample = hostable(sampleFunction(sampleDeps())).facts;
const definition = defineApi(() => [sample]);
const deps = makeServed([sample, definition]);

function get(path: string, headers: Readonly<Record<string, string>> = {}) {
  return callFunction(definition, deps, { method: 'GET', path, headers });
}

describe.each(['/v1/openapi.json', '/docs'])('GET %s', (path) => {
  it('takes no query and no body', async () => {
    expect(await get(`${path}?a=1`)).toMatchObject({ body: { code: 'QUERY_INVALID' } });
    const call = { method: 'GET', path, body: {} };
    expect(await callFunction(definition, deps, call)).toMatchObject({
      body: { code: 'BODY_INVALID' },
    });
  });

  it('answers 304 to who has it already, and to nobody else', async () => {
    const { status, headers } = await get(path);
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('public, max-age=300');
    const etag = headers['etag'] ?? '';
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await get(path, { 'if-none-match': known });
      expect(again).toMatchObject({ status: 304, body: undefined, headers: { etag } });
      expect(again.headers).not.toHaveProperty('content-type');
    }
    expect((await get(path, { 'if-none-match': '"other"' })).status).toBe(200);
  });
});

describe('the document', () => {
  it('has the routes of all functions, its own too', async () => {
    const { body } = await get('/v1/openapi.json');
    expect(body).toMatchObject({
      openapi: '3.1.0',
      paths: { '/v1/notes': { post: {} }, '/v1/openapi.json': { get: {} }, '/docs': { get: {} } },
    });
  });
});

describe('the page', () => {
  it('is HTML with no script, whose one style is the one that its policy names', async () => {
    const { headers, body } = await get('/docs');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    const page = String(body);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\son[a-z]+=|\sstyle=|javascript:/i);
    const styles = [...page.matchAll(/<style>([^]*?)<\/style>/g)].map((match) => match[1] ?? '');
    expect(styles).toHaveLength(1);
    const hash = createHash('sha256')
      .update(styles[0] ?? '')
      .digest('base64');
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toContain(`style-src 'sha256-${hash}'`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|script-src/);
  });

  it('leads to every route and every error, and nowhere else', async () => {
    const page = String((await get('/docs')).body);
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]);
    expect(targets.length).toBeGreaterThan(20);
    expect([...new Set(targets)].filter((target) => !ids.includes(target))).toEqual([]);
    for (const each of ['postNotes', 'getNotesById', 'getDocs', 'BODY_INVALID', 'RATE_LIMITED']) {
      expect(ids).toContain(each);
    }
    expect([...page.matchAll(/href="([^#"]+)"/g)].map((match) => match[1])).toEqual([
      '/v1/openapi.json',
    ]);
  });
});
