// docs/api-keys.md, tried: what it says to type is typed, with openssl, curl and Node, against a
// real host.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { parsePublicKey } from '../../functions/auth/keys/public-key.ts';
import { processEnvironment } from '../../shared/config/environment.ts';
import { reject } from '../../shared/domain/rejection.ts';
import { createIdentity } from '../../shared/function/auth/identity.ts';
import { openKey, placeOfKey } from '../../shared/function/auth/known-key.ts';
import { keyId } from '../../shared/domain/ids.ts';
import { defineFunction, route, type Method } from '../../shared/function/definition.ts';
import { hostFunction, type HostedFunction } from '../../shared/function/host.ts';
import { makeTestKey, testRing } from '../../shared/function/testing/request-signer.ts';
import { reads, trades, type Policy } from '../../shared/policy/policy.ts';
import { drawSecret } from '../../shared/secrets/token.ts';
import { seal } from '../../shared/secrets/seal.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';

const run = promisify(execFile);
const PAGE = readFileSync(
  fileURLToPath(new URL('../../docs/api-keys.md', import.meta.url)),
  'utf8',
);
const [MAKE = '', CURL = ''] = blocksOf('sh');
const [NODE = ''] = blocksOf('js');
const SECRET = drawSecret('bks');

let directory: string;
let hosted: HostedFunction;
let variables: Record<string, string | undefined>;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bourse-page-'));
  const { stdout } = await run('sh', ['-c', MAKE], { cwd: directory });
  const publicKey = parsePublicKey(stdout);
  const ring = testRing();
  const sealedSecret = seal(ring, placeOfKey(keyId(2)), SECRET);
  const stored = [
    { ...makeTestKey('ed25519', ring).stored, publicKey },
    { ...makeTestKey('hmac', ring, { keyNumber: 2 }).stored, sealedSecret },
  ];
  const identity = createIdentity({
    store: {
      findKeys: (numbers) =>
        Promise.resolve(stored.filter(({ keyNumber }) => numbers.includes(keyNumber))),
      revocationsAfter: () => Promise.resolve([]),
      revocationBefore: () => Promise.resolve(0),
      blockedUsers: () => Promise.resolve([]),
      markKeysUsed: () => Promise.resolve(),
    },
    authenticateToken: () => reject('TOKEN_MISSING'),
    openKey: (each) => openKey(each, ring),
    replays: () => Promise.resolve(null),
    log: silentLogger(),
  });
  identity.revocations.start();
  await identity.revocations.stop();
  hosted = await hostFunction(echo(), {
    log: silentLogger(),
    port: 0,
    hostname: '127.0.0.1',
    authenticate: identity.authenticate,
  });
  variables = {
    PATH: processEnvironment()['PATH'],
    BOURSE: `http://127.0.0.1:${hosted.port}`,
    KEY: keyId(1),
    SECRET,
  };
});
afterAll(async () => {
  await hosted.stop(1_000);
  rmSync(directory, { recursive: true });
});

function blocksOf(language: string): string[] {
  const fence = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g');
  return [...PAGE.matchAll(fence)].map(([, block = '']) => block);
}

function echo() {
  const thing = (method: Method, path: string, policy: Policy) =>
    route({
      method,
      path,
      policy,
      summary: 'Says whose request it took.',
      query: z.looseObject({}),
      answers: { 200: z.unknown() },
      refusals: [],
      handle: ({ caller }) => Promise.resolve({ status: 200, body: { by: caller?.credentialId } }),
    });
  return defineFunction<null>({
    name: 'echo',
    routes: [thing('POST', '/v1/orders', trades()), thing('GET', '/v1/balances', reads())],
    events: [],
    connect: () => Promise.resolve(null),
    close: () => Promise.resolve(),
    isReady: () => Promise.resolve(true),
  });
}

async function type(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(command, args, { cwd: directory, env: variables });
  return stdout.trim();
}

it('curl sends what openssl has signed with Ed25519', async () => {
  expect(CURL).toContain(keyId(1));
  expect(JSON.parse(await type('sh', ['-c', CURL]))).toEqual({ by: keyId(1) });
});

it('curl sends what openssl has signed with a secret', async () => {
  const command = CURL.replace('# SIGNATURE=', 'SIGNATURE=').replace(keyId(1), keyId(2));
  expect(JSON.parse(await type('sh', ['-c', command]))).toEqual({ by: keyId(2) });
});

it('Node sends what it has signed, with a body and without', async () => {
  const tries = `for (const args of [['POST', '/v1/orders', '{}'], ['GET', '/v1/balances?a=1']])
    console.log(await (await call(...args)).text());`;
  writeFileSync(join(directory, 'bot.mjs'), `${NODE}\n${tries}`);
  const taken = JSON.stringify({ by: keyId(1) });
  expect(await type('node', ['bot.mjs'])).toBe(`${taken}\n${taken}`);
});
