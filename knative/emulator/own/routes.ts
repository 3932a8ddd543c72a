// The routes of the emulator's own port (api.md, "The emulator").
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import type { Emulator } from '../emulator.ts';
import { findUser } from '../seed/accounts.ts';
import type { OwnRequest, OwnRoute } from './answer.ts';
import { check } from './check.ts';
import { faultRoutes } from './fault-routes.ts';
import { inspectorPage } from './inspector-page.ts';

const DELIVERIES_LIMIT_DEFAULT = 100;
const DELIVERIES_LIMIT_MAX = 2_000;

const userField = z.string().min(1).max(64);
const tokenSchema = z.strictObject({ user: userField });
const fundSchema = z.strictObject({
  user: userField,
  asset: z.string().min(1).max(16),
  amount: z.string().max(64),
});
const mailsSchema = z.strictObject({ to: z.string().max(254).optional() });
const deliveriesSchema = z.strictObject({
  source: z.string().optional(),
  status: z
    .string()
    .regex(/^([1-5][0-9]{2}|[1-5]xx|failed)$/)
    .optional(),
  limit: z
    .string()
    .regex(/^[0-9]{1,4}$/)
    .transform(Number)
    .pipe(z.int().min(1).max(DELIVERIES_LIMIT_MAX))
    .default(DELIVERIES_LIMIT_DEFAULT),
});

export function ownRoutes(emulator: Emulator): OwnRoute[] {
  return [
    { method: 'GET', path: '/', handle: (request) => page(emulator, request) },
    {
      method: 'GET',
      path: '/.well-known/jwks.json',
      handle: () => Promise.resolve({ status: 200, json: emulator.jwks() }),
    },
    { method: 'POST', path: '/tokens', handle: (request) => makeToken(emulator, request) },
    { method: 'POST', path: '/fund', handle: (request) => fundUser(emulator, request) },
    { method: 'GET', path: '/deliveries', handle: (request) => deliveries(emulator, request) },
    { method: 'GET', path: '/mails', handle: (request) => mails(emulator, request) },
    {
      method: 'POST',
      path: '/deliveries/{id}/replay',
      handle: ({ params }) => replay(emulator, params['id'] ?? ''),
    },
    ...faultRoutes(emulator),
    {
      method: 'POST',
      path: '/reset',
      handle: async () => {
        return (await emulator.reset()) ?? { status: 204 };
      },
    },
    {
      method: 'GET',
      path: '/topology',
      handle: async () => ({ status: 200, json: await emulator.describe() }),
    },
    {
      method: 'GET',
      path: '/health',
      handle: () => {
        const health = emulator.health();
        return Promise.resolve({ status: health.ready ? 200 : 503, json: health });
      },
    },
  ];
}

async function page(emulator: Emulator, request: OwnRequest): ReturnType<OwnRoute['handle']> {
  const filter = check(deliveriesSchema, request.query, 'QUERY_INVALID');
  if ('rejected' in filter) return filter;
  const state = await emulator.describe();
  const list = emulator.deliveries.list(filter);
  return { status: 200, html: inspectorPage(state, list, request.query) };
}

async function makeToken(emulator: Emulator, request: OwnRequest): ReturnType<OwnRoute['handle']> {
  const body = check(tokenSchema, request.body, 'BODY_INVALID');
  if ('rejected' in body) return body;
  const user = findUser(body.user);
  if (user === null) return unknownUser(body.user);
  const { token, expiresInSeconds } = await emulator.sign(user);
  return { status: 201, json: { token, userId: user, expiresInSeconds } };
}

async function fundUser(emulator: Emulator, request: OwnRequest): ReturnType<OwnRoute['handle']> {
  const body = check(fundSchema, request.body, 'BODY_INVALID');
  if ('rejected' in body) return body;
  const user = findUser(body.user);
  if (user === null) return unknownUser(body.user);
  const depositId = `fund-${randomUUID()}`;
  const { asset, amount } = body;
  const refused = await emulator.fund([{ depositId, userId: user, asset, amount }]);
  return refused ?? { status: 201, json: { depositId, userId: user, asset, amount } };
}

function deliveries(emulator: Emulator, request: OwnRequest): ReturnType<OwnRoute['handle']> {
  const filter = check(deliveriesSchema, request.query, 'QUERY_INVALID');
  if ('rejected' in filter) return Promise.resolve(filter);
  return Promise.resolve({ status: 200, json: { items: emulator.deliveries.list(filter) } });
}

function mails(emulator: Emulator, request: OwnRequest): ReturnType<OwnRoute['handle']> {
  const filter = check(mailsSchema, request.query, 'QUERY_INVALID');
  if ('rejected' in filter) return Promise.resolve(filter);
  const to = filter.to?.toLowerCase() ?? null;
  return Promise.resolve({ status: 200, json: { items: emulator.mails(to) } });
}

async function replay(emulator: Emulator, id: string): ReturnType<OwnRoute['handle']> {
  const delivery = emulator.deliveries.get(id);
  if (delivery === null)
    return reject('ROUTE_NOT_FOUND', `no delivery ${id}: old ones are forgotten`);
  const replayed = await emulator.replay(delivery);
  if (replayed === null) return reject('SERVICE_UNAVAILABLE', 'its record or its sink is gone');
  return { status: 200, json: replayed };
}

function unknownUser(name: string): Rejection {
  return reject('BODY_INVALID', `no user ${name}: alice, bob, or a user id (usr_ and 16 digits)`);
}
