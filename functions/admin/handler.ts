// The admin function: what staff ask for, approve and search. On a host of its own.
import { openBus } from '../../shared/bus/open-bus.ts';
import { Outbox } from '../../shared/bus/outbox.ts';
import { createPool, SERVICE_STATEMENT_TIMEOUT_MS } from '../../shared/db/pool.ts';
import { parseApprovalId, staffId } from '../../shared/domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../shared/domain/rejection.ts';
import { defineFunction, route, type HandlerResponse } from '../../shared/function/definition.ts';
import { listPage } from '../../shared/http/list.ts';
import { readSite } from '../../shared/passkeys/site.ts';
import { approve, ask, turnDown } from './approve.ts';
import { permissionsOf } from './decide/permissions.ts';
import type { AdminDeps } from './deps.ts';
import { presentAudit, presentRequest } from './present.ts';
import * as schema from './schema.ts';
import { enrolmentRoutes } from './sign-in/enrolments.ts';
import { passkeyRoutes } from './sign-in/passkeys.ts';
import { signInRoutes } from './sign-in/sign-in.ts';
import { asFreshStaff, asStaff } from './staff-caller.ts';
import { searchAudit } from './store/audit.ts';
import { findRequest, listRequests, type StoredRequest } from './store/requests.ts';

const CONNECTIONS_MAX = 4;

export const definition = defineFunction<AdminDeps>({
  name: 'admin',
  addressesVariable: 'ADMIN_ADDRESSES',
  routes: [
    ...enrolmentRoutes,
    ...signInRoutes,
    ...passkeyRoutes,
    route({
      method: 'GET',
      path: '/v1/admin/me',
      summary: 'Who is signed in, with roles and permissions.',
      query: schema.noQuery,
      answers: { 200: schema.meAnswer },
      refusals: ['ACCESS_DENIED'],
      handle: (request, deps: AdminDeps) =>
        asStaff(request, deps, null, (staff) => {
          const { staffNumber, name, isBreakGlass, grants } = staff;
          const roles = grants.map(({ role }) => role);
          const permissions = permissionsOf(staff);
          const body = { staffId: staffId(staffNumber), name, isBreakGlass, roles, permissions };
          return Promise.resolve({ status: 200, body });
        }),
    }),
    route({
      method: 'POST',
      path: '/v1/admin/requests',
      summary: 'Asks for something that a second person must approve.',
      body: schema.requestBody,
      answers: { 201: schema.requestAnswer },
      refusals: ['ACCESS_DENIED', 'APPROVAL_OWN'],
      handle: (request, deps: AdminDeps) =>
        asStaff(request, deps, null, async (staff) =>
          answer(201, await ask(deps, staff, request.body, request.requestId), deps),
        ),
    }),
    route({
      method: 'GET',
      path: '/v1/admin/requests',
      summary: 'What was asked for, newest first.',
      query: schema.requestsQuery,
      answers: { 200: schema.requestsAnswer },
      refusals: ['ACCESS_DENIED'],
      handle: (request, deps: AdminDeps) =>
        asStaff(request, deps, 'requests.read', async () => {
          const { limit, cursor, status } = request.query;
          const [before = null] = cursor ?? [];
          if (typeof before === 'string') return reject('QUERY_INVALID');
          const rows = await listRequests(deps.pool, status ?? null, before, limit + 1);
          const show = (row: StoredRequest) => presentRequest(row, deps.now());
          return { status: 200, body: listPage(rows, limit, show, (row) => [row.requestNumber]) };
        }),
    }),
    route({
      method: 'GET',
      path: '/v1/admin/requests/{id}',
      summary: 'One request of staff.',
      params: schema.requestParams,
      query: schema.noQuery,
      answers: { 200: schema.requestAnswer },
      refusals: ['ACCESS_DENIED', 'APPROVAL_NOT_FOUND'],
      handle: (request, deps: AdminDeps) =>
        asStaff(request, deps, 'requests.read', async () => {
          const found = await findRequest(deps.pool, numberOf(request.params.id));
          return answer(200, found ?? reject('APPROVAL_NOT_FOUND'), deps);
        }),
    }),
    route({
      method: 'POST',
      path: '/v1/admin/requests/{id}/approve',
      summary: 'Approves what another has asked for, which carries it out.',
      params: schema.requestParams,
      body: schema.approveBody,
      answers: { 200: schema.requestAnswer },
      refusals: [
        'ACCESS_DENIED',
        'STAFF_SIGN_IN_STALE',
        'APPROVAL_NOT_FOUND',
        'APPROVAL_DONE',
        'APPROVAL_EXPIRED',
        'APPROVAL_PAYLOAD_DIFFERS',
        'APPROVAL_OWN',
        'APPROVAL_MAKER_NOT_ALLOWED',
        'APPROVAL_SUBJECT_UNFIT',
        'APPROVAL_LAST_HOLDER',
      ],
      handle: (request, deps: AdminDeps) =>
        asFreshStaff(request, deps, async (staff) => {
          const asked = {
            number: numberOf(request.params.id),
            seenSha256: request.body.payloadSha256,
            requestId: request.requestId,
          };
          return answer(200, await approve(deps, staff.staffNumber, asked), deps);
        }),
    }),
    route({
      method: 'POST',
      path: '/v1/admin/requests/{id}/reject',
      summary: 'Turns down what was asked for.',
      params: schema.requestParams,
      body: schema.rejectBody,
      answers: { 200: schema.requestAnswer },
      refusals: ['ACCESS_DENIED', 'APPROVAL_NOT_FOUND', 'APPROVAL_DONE'],
      handle: (request, deps: AdminDeps) =>
        asStaff(request, deps, null, async (staff) => {
          const asked = {
            number: numberOf(request.params.id),
            reason: request.body.reason,
            requestId: request.requestId,
          };
          return answer(200, await turnDown(deps, staff.staffNumber, asked), deps);
        }),
    }),
    route({
      method: 'GET',
      path: '/v1/admin/audit',
      summary: 'Searches the audit log, newest first.',
      query: schema.auditQuery,
      answers: { 200: schema.auditAnswer },
      refusals: ['ACCESS_DENIED'],
      handle: (request, deps: AdminDeps) =>
        asStaff(request, deps, 'audit.read', async () => {
          const { limit, cursor, stream, subject, actor, from, to } = request.query;
          const [time, name, sequence] = cursor ?? [];
          const isPlace =
            typeof time === 'number' && typeof name === 'string' && typeof sequence === 'number';
          if (cursor !== undefined && !isPlace) return reject('QUERY_INVALID');
          const search = {
            stream: stream ?? null,
            subject: subject ?? null,
            actor: actor ?? null,
            fromMs: from === undefined ? null : Date.parse(from),
            toMs: to === undefined ? null : Date.parse(to),
            after: isPlace ? ([time, name, sequence] as const) : null,
          };
          const rows = await searchAudit(deps.pool, search, limit + 1);
          const body = listPage(rows, limit, presentAudit, (row) => [
            row.recordedAtMs,
            row.stream,
            row.sequence,
          ]);
          return { status: 200, body };
        }),
    }),
  ],
  events: [],
  connect: (environment) => {
    const site = readSite(environment, 'ADMIN_');
    const { log } = environment;
    const pool = createPool({
      url: environment.get('DATABASE_URL'),
      applicationName: 'admin',
      connectionsMax: CONNECTIONS_MAX,
      statementTimeoutMs: SERVICE_STATEMENT_TIMEOUT_MS,
      onError: (error) => log.warn({ err: error }, 'idle connection lost'),
    });
    const help = 'Requests of accounts that are for emergencies.';
    const uses = environment.metrics.counter('bourse_break_glass_uses_total', help);
    const bus = openBus({ url: environment.get('BUS_URL'), applicationName: 'admin', log });
    const outbox = new Outbox({ pool, schema: 'reference', bus, log });
    outbox.startSweeper();
    const breakGlassUses = uses.with();
    return Promise.resolve({ pool, bus, outbox, site, log, now: Date.now, breakGlassUses });
  },
  close: async ({ pool, bus, outbox }) => {
    await outbox.stop();
    await bus.close();
    await pool.end();
  },
  isReady: async (deps) => {
    await deps.pool.query('SELECT 1');
    return true;
  },
});

function numberOf(id: string): number {
  return parseApprovalId(id) ?? 0;
}

function answer(
  status: number,
  outcome: StoredRequest | Rejection,
  deps: AdminDeps,
): HandlerResponse | Rejection {
  return isRejection(outcome) ? outcome : { status, body: presentRequest(outcome, deps.now()) };
}
